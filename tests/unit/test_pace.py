from inventory_domain.use_cases.pace import Pace


def test_it_slows_down_by_halves_and_never_stops() -> None:
    pace = Pace(500)

    counts = []
    for _ in range(8):
        pace.slow_down()
        counts.append(pace.count)

    assert counts == [250, 125, 62, 31, 15, 8, 8, 8]


def test_it_speeds_up_to_where_it_began() -> None:
    pace = Pace(500)
    for _ in range(8):
        pace.slow_down()

    for _ in range(6):
        pace.speed_up()

    assert pace.count == 500


def test_a_small_bound_is_the_least_as_well() -> None:
    pace = Pace(3)

    pace.slow_down()

    assert pace.count == 3

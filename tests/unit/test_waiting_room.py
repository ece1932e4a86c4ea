"""The waiting room by itself."""

from datetime import timedelta

from inventory_domain.records import Record
from inventory_domain.testing import NOW
from inventory_domain.use_cases.waiting_room import Delivery, WaitingRoom

SECOND = timedelta(seconds=1)


def a_delivery(offset: int, key: bytes | None = None) -> Delivery:
    return Delivery(Record("work", 0, offset, key, b"", (), NOW))


def test_a_clock_that_is_set_back_lets_nobody_wait_for_it_to_catch_up() -> None:
    room = WaitingRoom()
    waiting = a_delivery(0, b"o1")
    room.put(waiting, NOW + SECOND, NOW)

    assert room.take_due(NOW, 10) == []
    assert room.take_due(NOW - 3600 * SECOND, 10) == [waiting]


def test_records_without_a_key_wait_each_for_themselves() -> None:
    room = WaitingRoom()
    first, second = a_delivery(0), a_delivery(1)
    room.put(first, NOW, NOW)
    room.put(second, NOW, NOW)

    room.leave(first.record, NOW)

    assert room.head(None) is None
    assert room.take_due(NOW, 10) == [second]


def test_what_waits_already_has_one_place_wherever_it_is_put() -> None:
    room = WaitingRoom()
    reserve, release = a_delivery(0, b"o1"), a_delivery(1, b"o1")
    room.put(reserve, NOW + SECOND, NOW)
    room.put(release, NOW, NOW)

    room.put_behind(reserve)
    assert list(room.records()) == [release.record, reserve.record]
    room.put(reserve, NOW, NOW)
    assert list(room.records()) == [reserve.record, release.record]


def test_what_ends_behind_another_leaves_and_wakes_nobody() -> None:
    room = WaitingRoom()
    reserve, release = a_delivery(0, b"o1"), a_delivery(1, b"o1")
    room.put(reserve, NOW, NOW)
    room.put(release, NOW + SECOND, NOW)

    room.leave(reserve.record, NOW)

    assert list(room.records()) == [release.record]
    assert room.take_due(NOW, 10) == []

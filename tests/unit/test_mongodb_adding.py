"""New orders that go out many at once end as if each had been added in turn."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from adapters.mongodb.adding import Adding, conditions_of_rivals
from inventory_domain.orders import Order
from inventory_domain.testing.builders import a_token, an_order, an_order_number
from inventory_domain.testing.fakes import MemoryOrderStore
from inventory_domain.writes import Added, AddResult, OrderWrite

NUMBERS = [an_order_number(name) for name in "abc"]
KEYS = [None, "x", "y"]


class Table:
    """Inserts what is free, each by itself, and loses answers as it is told."""

    def __init__(self) -> None:
        self.orders: list[Order] = []

    def insert(self, order: Order) -> bool:
        free = not any(
            order.order_number == stored.order_number
            or order.order_id == stored.order_id
            or (order.idempotency is not None and order.idempotency == stored.idempotency)
            for stored in self.orders
        )
        if free:
            self.orders.append(order)
        return free


def add(table: Table, writes: Sequence[OrderWrite]) -> list[AddResult]:
    adding = Adding(writes)
    for _ in range(len(writes) + 1):
        places = adding.next_round()
        adding.inserted([place for place in places if table.insert(writes[place].order)])
        if not adding.open:
            break
        adding.look_up(table.orders)
    return adding.results()


def order(place: int, number: str, key: str | None) -> Order:
    token = None if key is None else a_token(key)
    return an_order(f"order-{place}", order_number=number, idempotency=token)


@given(
    st.lists(st.tuples(st.sampled_from(NUMBERS), st.sampled_from(KEYS)), max_size=8),
    st.integers(0, 8),
)
async def test_the_results_are_those_of_adding_in_turn(
    claims: list[tuple[str, str | None]], stored_before: int
) -> None:
    orders = [order(place, *claim) for place, claim in enumerate(claims)]
    writes = [OrderWrite(one) for one in orders]
    model = MemoryOrderStore()
    expected = [*await model.add(writes[:stored_before]), *await model.add(writes[stored_before:])]
    table = Table()

    results = [*add(table, writes[:stored_before]), *add(table, writes[stored_before:])]

    assert results == expected
    assert {one.order_id for one in table.orders} == set(model.disk.orders)


def test_an_order_whose_first_try_arrived_without_an_answer_is_added() -> None:
    writes = [OrderWrite(order(0, NUMBERS[0], "x")), OrderWrite(order(1, NUMBERS[1], None))]
    table = Table()
    add(table, writes)

    assert add(table, writes) == [Added(), Added()]
    assert len(table.orders) == 2


def test_rivals_are_looked_for_by_id_number_and_key() -> None:
    writes = [OrderWrite(order(0, NUMBERS[0], "x")), OrderWrite(order(1, NUMBERS[1], None))]

    assert conditions_of_rivals(writes) == [
        {"_id": {"$in": ["order-0", "order-1"]}},
        {"orderNumber": {"$in": NUMBERS[:2]}},
        {"idempotency.subject": "anna", "idempotency.key": "x"},
    ]

"""What every order store promises about finding orders."""

from typing import Any

import attrs
import pytest

from inventory_domain.ids import UserId
from inventory_domain.money import Money
from inventory_domain.orders import Order, OrderStatus, StockState
from inventory_domain.ports import OrderStore
from inventory_domain.queries import ORDER_SORTS, OrderQuery, Page, order_matches
from inventory_domain.testing.builders import an_order, an_order_line, later
from inventory_domain.writes import OrderWrite

__all__ = ["OrderQueriesContract"]

_STATUSES = tuple(OrderStatus)
_STATES = tuple(StockState)
_NAMES = ("Oak lamp", "100% wool_rug", "Größe (XL) [a-z]*", "O'Neil's \"desk\"", r"back\slash.+$")


def _order(number: int) -> Order:
    line = an_order_line(quantity=1 + number % 4, product_name=_NAMES[number % len(_NAMES)])
    order = an_order(
        f"order-{number:02d}",
        lines=(line,),
        user_id=UserId(("anna", "ben", "Cara")[number % 3]),
        created_at=later(number // 2 * 60),
    )
    return attrs.evolve(
        order,
        status=_STATUSES[number % len(_STATUSES)],
        stock_state=_STATES[number % len(_STATES)],
        updated_at=later(10_000 - number // 3),
    )


ORDERS = tuple(_order(number) for number in range(24))

FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"status": OrderStatus.PENDING},
    {"stock_state": StockState.REJECTED},
    {"user_id": UserId("anna")},
    {"user_id": UserId("nobody")},
    {"user_id": UserId("cara")},
    {"created_from": later(120)},
    {"created_to": later(120)},
    {"created_from": later(120), "created_to": later(300)},
    {"created_from": later(300), "created_to": later(120)},
    {"status": OrderStatus.SHIPPED, "user_id": UserId("Cara"), "created_to": later(600)},
)

SEARCHES = (
    "",
    "OAK LAMP",
    "oak",
    "order-0",
    ORDERS[3].order_number,
    ORDERS[3].order_number[-4:].lower(),
    "ANNA",
    "%",
    "_",
    "100% wool_",
    ".*",
    "(xl) [a-z]*",
    "größe",
    "'",
    '"desk"',
    "\\",
    "$",
    "not in any of them",
)

_SORT_KEYS = {
    "createdAt": lambda order: order.created_at,
    "updatedAt": lambda order: order.updated_at,
    "totalAmount": lambda order: order.total,
    "status": lambda order: order.status,
    "orderNumber": lambda order: order.order_number,
}


def _expected(query: OrderQuery) -> Page[Order]:
    matching = sorted(
        (order for order in ORDERS if order_matches(order, query)),
        key=lambda order: order.order_id,
    )
    matching.sort(key=_SORT_KEYS[query.sort.lstrip("-")], reverse=query.sort.startswith("-"))
    start = (query.page - 1) * query.limit
    return Page(tuple(matching[start : start + query.limit]), len(matching))


class OrderQueriesContract:
    """Finding orders; mixed into the suite of the order store."""

    @pytest.fixture
    async def stocked(self, store: OrderStore) -> OrderStore:
        """A store with orders of every kind."""
        await store.add([OrderWrite(order) for order in ORDERS])
        return store

    async def test_an_empty_store_finds_nothing(self, store: OrderStore) -> None:
        """No orders, no pages."""
        assert await store.find(OrderQuery()) == Page((), 0)

    @pytest.mark.parametrize("filters", FILTERS, ids=lambda filters: ",".join(filters) or "all")
    async def test_orders_are_found_that_pass_every_filter(
        self, stocked: OrderStore, filters: dict[str, Any]
    ) -> None:
        """Each filter alone and several together; a range includes its begin, not its end."""
        query = OrderQuery(**filters, limit=100)

        assert await stocked.find(query) == _expected(query)

    async def test_search_is_plain_text_whatever_its_case(self, stocked: OrderStore) -> None:
        """In number, id, user and product names; signs of pattern languages mean themselves."""
        for text in SEARCHES:
            query = OrderQuery(search=text, limit=100)

            assert await stocked.find(query) == _expected(query), f"searching {text!r}"

    @pytest.mark.parametrize("sort", [*ORDER_SORTS, *(f"-{name}" for name in ORDER_SORTS)])
    async def test_orders_are_sorted_and_equal_ones_by_id(
        self, stocked: OrderStore, sort: str
    ) -> None:
        """Both directions of every sort, on every page."""
        for query in (
            OrderQuery(sort=sort, limit=100),
            *(OrderQuery(sort=sort, limit=5, page=number) for number in range(1, 7)),
        ):
            assert await stocked.find(query) == _expected(query), query

    async def test_pages_together_give_everything_once(self, stocked: OrderStore) -> None:
        """Every page says how many match in all; one past the last is empty."""
        pages = [await stocked.find(OrderQuery(page=number, limit=7)) for number in range(1, 6)]

        assert [len(page.items) for page in pages] == [7, 7, 7, 3, 0]
        assert {page.total for page in pages} == {len(ORDERS)}
        together = tuple(order for page in pages for order in page.items)
        assert together == _expected(OrderQuery(limit=100)).items

    async def test_a_saved_order_is_found_as_it_is_now(self, stocked: OrderStore) -> None:
        """A filter sees the new state, and no longer the old one."""
        order = ORDERS[0]
        changed = attrs.evolve(order, version=2, status=OrderStatus.CANCELLED, total=Money(1))
        await stocked.save([OrderWrite(changed)])

        found = await stocked.find(OrderQuery(status=OrderStatus.CANCELLED, limit=100))
        pending = await stocked.find(OrderQuery(status=order.status, limit=100))

        assert changed in found.items
        assert order.order_id not in {kept.order_id for kept in pending.items}

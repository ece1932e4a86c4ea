"""What every order store promises."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager

import attrs
import pytest

from inventory_domain.ids import OrderId, ProductId, UserId
from inventory_domain.money import Money
from inventory_domain.orders import (
    Address,
    HistoryEntry,
    Order,
    OrderLine,
    OrderStatus,
    PaymentMethod,
    PaymentStatus,
    StockState,
)
from inventory_domain.ports import OrderStore
from inventory_domain.records import OutgoingRecord
from inventory_domain.testing.builders import (
    NOW,
    a_refused_line,
    a_token,
    a_write,
    an_order,
    an_order_number,
    later,
)
from inventory_domain.testing.contracts.order_queries import OrderQueriesContract
from inventory_domain.testing.contracts.order_writes import OrderWritesContract, ids, next_version
from inventory_domain.testing.contracts.outbox import (
    OutboxContract,
    StoreEvents,
    pending_records,
)
from inventory_domain.writes import Added, KeyKnown, NumberTaken, OrderWrite, Saved

__all__ = ["OpenOrderStore", "OrderStoreContract"]

OpenOrderStore = Callable[[], AbstractAsyncContextManager[OrderStore]]

FULL_ORDER = Order(
    order_id=OrderId("order-full"),
    order_number=an_order_number("order-full"),
    user_id=UserId("anna@example.org"),
    lines=(
        OrderLine(
            product_id=ProductId("LAMP-OAK"),
            quantity=1_000_000,
            price=Money(1),
            product_name='Oak "Größe" lamp \N{GLOWING STAR} $set.a',
        ),
        OrderLine(product_id=ProductId("DESK-PINE"), quantity=1, price=Money(10**12)),
    ),
    total=Money(10**12 + 1_000_000),
    status=OrderStatus.CANCELLED,
    stock_state=StockState.REJECTED,
    refused_lines=(
        a_refused_line("LAMP-OAK"),
        a_refused_line("DESK-PINE", reason="price_changed", price=Money(1999)),
        a_refused_line("RUG-WOOL", reason="inactive_product", available=0, stock=5),
    ),
    shipping_address=Address(
        street="Am Markt 1", city="Jena", state="TH", zip_code="07743", country="DE"
    ),
    payment_method=PaymentMethod.WALLET,
    payment_status=PaymentStatus.REFUNDED,
    tracking_number="TRACK-1",
    version=7,
    inventory_sequence=3,
    created_at=later(0.001),
    updated_at=later(5.999),
    cancelled_at=later(4),
    shipped_at=later(3),
    delivered_at=later(2),
    history=(
        HistoryEntry(at=NOW, actor="anna", change="placed"),
        HistoryEntry(at=later(4), actor="boss", change="cancelled", reason="she said so"),
    ),
    idempotency=a_token("key/with strange:signs"),
)


class OrderStoreContract(OrderWritesContract, OrderQueriesContract, OutboxContract):
    """Proves ``ports.OrderStore``.

    Fixture ``open_store``: a function that opens a store on the test's own data, empty at
    first, as an asynchronous context; the suite never has two open at once.
    """

    @pytest.fixture
    async def store(self, open_store: OpenOrderStore) -> AsyncIterator[OrderStore]:
        """An open store."""
        async with open_store() as store:
            yield store

    @pytest.fixture
    def store_events(self, store: OrderStore) -> StoreEvents:
        """Add the order the first time, and save its next version every other time."""
        versions: dict[str, int] = {}

        async def store_one(order_id: str, records: Sequence[OutgoingRecord]) -> None:
            version = versions[order_id] = versions.get(order_id, 0) + 1
            seconds = sum(versions.values())
            order = an_order(order_id, version=version, updated_at=later(seconds))
            write = OrderWrite(order, tuple(records))
            if version == 1:
                assert list(await store.add([write])) == [Added()]
            else:
                assert list(await store.save([write])) == [Saved()]

        return store_one

    @pytest.mark.parametrize("order", [FULL_ORDER, an_order()], ids=["full", "plain"])
    async def test_an_order_comes_back_exactly_as_it_was_stored(
        self, store: OrderStore, order: Order
    ) -> None:
        """Every field, to the last millisecond and sign."""
        await store.add([a_write(order)])

        assert await store.get([order.order_id]) == {order.order_id: order}

    async def test_a_saved_order_comes_back_exactly_as_it_was_stored(
        self, store: OrderStore
    ) -> None:
        """A change replaces every field, also back to nothing."""
        plain = attrs.evolve(an_order("order-full"), order_number=FULL_ORDER.order_number)
        await store.add([a_write(attrs.evolve(FULL_ORDER, version=1))])
        await store.save([a_write(attrs.evolve(plain, version=2, idempotency=a_token()))])

        found = await store.get([plain.order_id])

        assert found == {plain.order_id: attrs.evolve(plain, version=2, idempotency=a_token())}

    async def test_get_returns_those_that_are_there(self, store: OrderStore) -> None:
        """None wanted, none there, some there, one named twice."""
        orders = {order.order_id: order for order in (an_order("order-1"), an_order("order-2"))}
        await store.add([OrderWrite(order) for order in orders.values()])

        assert await store.get([]) == {}
        assert await store.get(ids("missing")) == {}
        assert await store.get(set(ids("order-2", "missing", "order-1"))) == orders
        assert await store.get(ids("order-1", "order-1")) == {"order-1": orders[OrderId("order-1")]}

    async def test_a_key_finds_its_order_as_it_is_now(self, store: OrderStore) -> None:
        """By this subject and this key alone, as long as the order is there."""
        order = an_order(idempotency=a_token("key-1", subject="anna"))
        await store.add([OrderWrite(order), OrderWrite(an_order("order-2"))])
        changed = next_version(order, status=OrderStatus.CANCELLED)
        await store.save([OrderWrite(changed)])

        assert await store.by_idempotency_key(UserId("anna"), "key-1") == changed
        assert await store.by_idempotency_key(UserId("anna"), "key-2") is None
        assert await store.by_idempotency_key(UserId("ben"), "key-1") is None
        assert await store.by_idempotency_key(UserId("anna"), "") is None

    async def test_a_large_batch_is_stored_whole(self, store: OrderStore) -> None:
        """More than a page and more than a hundred at once."""
        orders = {order.order_id: order for order in map(an_order, map("o-{}".format, range(250)))}

        results = await store.add([a_write(order) for order in orders.values()])

        assert list(results) == [Added()] * len(orders)
        assert await store.get(list(orders)) == orders
        assert len(await pending_records(store)) == len(orders)

    async def test_what_was_stored_is_there_for_the_next_who_opens(
        self, open_store: OpenOrderStore
    ) -> None:
        """Orders, keys, numbers, waiting records and the lease are durable."""
        order = an_order(idempotency=a_token())
        changed = a_write(next_version(order))
        async with open_store() as store:
            await store.add([OrderWrite(order)])
            await store.save([changed])
            await store.acquire_relay("relay-a", now=NOW, until=later(30))

        async with open_store() as store:
            assert await store.get([order.order_id]) == {order.order_id: changed.order}
            assert await pending_records(store) == list(changed.events)
            assert not await store.acquire_relay("relay-b", now=later(1), until=later(31))
            again = [an_order("order-2", idempotency=a_token())]
            again.append(an_order("order-3", order_number=order.order_number))
            results = await store.add([OrderWrite(order) for order in again])
            assert list(results) == [KeyKnown(changed.order), NumberTaken()]

"""What every stock store promises."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager

import attrs
import pytest

from inventory_domain.audit import Auditor
from inventory_domain.errors import RefusedLine
from inventory_domain.ids import EventId, OrderId, ProductId
from inventory_domain.money import Money
from inventory_domain.ports import StockStore
from inventory_domain.records import OutgoingRecord
from inventory_domain.stock import (
    HeldLine,
    Product,
    ProductWrite,
    Reservation,
    ReservationState,
    ReservationWrite,
    StockChange,
    StockView,
)
from inventory_domain.testing.builders import (
    DESK,
    LAMP,
    NOW,
    RUG,
    a_consume,
    a_product,
    a_release,
    a_reservation,
    a_reserve,
    an_adjust,
    an_outgoing_record,
    later,
    stocking,
)
from inventory_domain.testing.contracts.outbox import (
    OutboxContract,
    StoreEvents,
    pending_records,
)
from inventory_domain.testing.contracts.stock_commits import StockCommitsContract
from inventory_domain.testing.contracts.stock_queries import StockQueriesContract
from inventory_domain.testing.contracts.stock_races import StockRacesContract, decide_and_commit

__all__ = ["OpenStockStore", "StockStoreContract"]

OpenStockStore = Callable[[], AbstractAsyncContextManager[StockStore]]

ORDER = OrderId("order-1")
MANY = 250

FULL_PRODUCT = Product(
    product_id=ProductId("p:1|a+b~c@d.e-f"),
    name='Oak "Größe" lamp \N{GLOWING STAR} $set.a',
    price=Money(10**12 + 1),
    description="Two\nlines",
    category="Lamps & more",
    brand="O'Neil",
    sku="SKU-1",
    tags=("oak", "warm white", ""),
    image_url="https://example.org/lamp.png?size=2&x=1",
    is_active=False,
    stock=1,
    reserved=2,
    received=10,
    sold=3,
    written_off=4,
    version=9,
    created_at=later(0.001),
    updated_at=later(5.999),
)

FULL_RESERVATION = Reservation(
    order_id=ORDER,
    state=ReservationState.REJECTED,
    lines=(
        HeldLine(product_id=LAMP, quantity=1_000_000),
        HeldLine(product_id=ProductId("unknown"), quantity=1),
    ),
    order_number="ORD-1732095234567-K3F9",
    event_id=EventId("order-1.1.reserve"),
    redrives=2,
    sequence=5,
    outcome=OutgoingRecord(
        "inventory.rejected", b"order-1", b'{"x":"\xc3\xa9"}', (("event-id", b"\xff"), ("a", b""))
    ),
    refused=(
        RefusedLine(product_id=LAMP, wanted=5, available=2, reason="insufficient_stock"),
        RefusedLine(
            product_id=DESK, wanted=1, available=9, reason="price_changed", price=Money(1999)
        ),
        RefusedLine(product_id=RUG, wanted=1, available=0, stock=5, reason="inactive_product"),
    ),
    version=4,
    updated_at=later(5.999),
)


class StockStoreContract(
    StockCommitsContract, StockRacesContract, StockQueriesContract, OutboxContract
):
    """Proves ``ports.StockStore``.

    Fixture ``open_store``: a function that opens a store on the test's own data, empty at
    first, as an asynchronous context; the suite never has two open at once.
    """

    @pytest.fixture
    async def store(self, open_store: OpenStockStore) -> AsyncIterator[StockStore]:
        """An open store."""
        async with open_store() as store:
            yield store

    @pytest.fixture
    def store_events(self, store: StockStore) -> StoreEvents:
        """Commit the order's reservation, new or in its next version, with the records."""
        versions: dict[str, int] = {}

        async def store_one(order_id: str, records: Sequence[OutgoingRecord]) -> None:
            before = versions.get(order_id)
            version = versions[order_id] = (before or 0) + 1
            reservation = a_reservation(order_id, version=version)
            await store.commit(
                StockChange(
                    reservations=(ReservationWrite(reservation, before),), events=tuple(records)
                )
            )

        return store_one

    async def test_an_empty_store_gives_an_empty_view(self, store: StockStore) -> None:
        """What is not there is not in the view."""
        assert await store.load([ORDER], [LAMP]) == StockView({}, {})
        assert await store.load([], []) == StockView({}, {})

    async def test_a_product_comes_back_exactly_as_it_was_stored(self, store: StockStore) -> None:
        """Every field, to the last millisecond and sign."""
        plain = attrs.evolve(a_product(LAMP, stock=0), version=1)
        await store.commit(
            StockChange(products=(ProductWrite(FULL_PRODUCT, None), ProductWrite(plain, None)))
        )

        view = await store.load([], [FULL_PRODUCT.product_id, LAMP])

        assert view.products == {FULL_PRODUCT.product_id: FULL_PRODUCT, LAMP: plain}

    async def test_a_reservation_comes_back_exactly_as_it_was_stored(
        self, store: StockStore
    ) -> None:
        """With its outcome byte for byte, since it is published again for a duplicate."""
        plain = a_reservation("order-2", lines=(), outcome=None)
        await store.commit(
            StockChange(
                reservations=(
                    ReservationWrite(FULL_RESERVATION, None),
                    ReservationWrite(plain, None),
                )
            )
        )

        view = await store.load([ORDER, plain.order_id], [])

        assert view.reservations == {ORDER: FULL_RESERVATION, plain.order_id: plain}

    async def test_a_view_holds_what_was_asked_for_and_nothing_else(
        self, store: StockStore
    ) -> None:
        """Missing ones are passed over, and those named twice are there once."""
        lamp, desk = a_product(LAMP), a_product(DESK)
        await store.commit(stocking(lamp, desk, a_product(RUG)))
        await store.commit(
            StockChange(reservations=(ReservationWrite(a_reservation("order-2", lines=()), None),))
        )

        view = await store.load([ORDER], [LAMP, DESK, LAMP, ProductId("missing")])

        assert view == StockView({}, {LAMP: lamp, DESK: desk})

    @pytest.mark.parametrize("state", ReservationState)
    async def test_a_view_holds_the_products_of_its_reservations(
        self, store: StockStore, state: ReservationState
    ) -> None:
        """A release names no products: those that its order holds are loaded with it."""
        lamp, desk = a_product(LAMP), a_product(DESK)
        held = a_reservation(
            state=state,
            lines=(
                HeldLine(product_id=DESK, quantity=1),
                HeldLine(product_id=LAMP, quantity=2),
                HeldLine(product_id=ProductId("missing"), quantity=3),
            ),
        )
        await store.commit(stocking(lamp, desk, a_product(RUG)))
        await store.commit(StockChange(reservations=(ReservationWrite(held, None),)))

        view = await store.load([ORDER], [])

        assert view == StockView({ORDER: held}, {LAMP: lamp, DESK: desk})

    async def test_a_large_view_is_whole(self, store: StockStore) -> None:
        """More than a page, and more than a hundred of each."""
        products = [a_product(f"product-{number}") for number in range(MANY)]
        held = [a_reservation(f"order-{number}", lines=()) for number in range(MANY)]
        await store.commit(stocking(*products))
        await store.commit(
            StockChange(reservations=tuple(ReservationWrite(one, None) for one in held))
        )

        view = await store.load([one.order_id for one in held], [p.product_id for p in products])

        assert view.products == {product.product_id: product for product in products}
        assert view.reservations == {one.order_id: one for one in held}

    async def test_an_empty_store_passes_the_audit(self, store: StockStore) -> None:
        """Nothing adds up to nothing."""
        auditor = Auditor()
        async for part in store.audit_parts():
            auditor.add(part)

        report = auditor.report()

        assert report.holds
        assert report.products == ()

    async def test_the_audit_sees_every_product_reservation_and_movement(
        self, store: StockStore
    ) -> None:
        """More than a page of each, after a life of every kind of change."""
        products = [a_product(f"product-{number}") for number in range(MANY)]
        await store.commit(stocking(*products))
        reserves = [a_reserve(f"order-{n}", {f"product-{n}": 2, LAMP: 1}) for n in range(MANY)]
        await store.commit(stocking(a_product(LAMP, stock=MANY)))
        await decide_and_commit(store, *reserves)
        await decide_and_commit(store, *(a_release(f"order-{n}") for n in range(100)))
        await decide_and_commit(store, *(a_consume(f"order-{n}") for n in range(100, 150)))
        await decide_and_commit(store, an_adjust(LAMP, -3), an_adjust(LAMP, 7))

        auditor = Auditor()
        async for part in store.audit_parts():
            auditor.add(part)
        report = auditor.report()

        assert report.differences == ()
        assert len(report.products) == MANY + 1
        assert report.orders_reserved == MANY - 150
        assert report.movements == MANY + 1 + 2 * (MANY + 100 + 50) + 2

    async def test_the_audit_looks_at_one_moment(self, store: StockStore) -> None:
        """What is committed while the parts are read is not in them, nor half of it."""
        await store.commit(stocking(*(a_product(f"product-{n}") for n in range(MANY))))
        auditor = Auditor()
        parts = store.audit_parts()
        auditor.add(await anext(parts))

        await decide_and_commit(
            store, *(a_reserve(f"order-{n}", {f"product-{n}": 2}) for n in range(MANY))
        )
        async for part in parts:
            auditor.add(part)
        report = auditor.report()

        assert report.differences == ()
        assert report.orders_reserved in (0, MANY)

    async def test_what_was_committed_is_there_for_the_next_who_opens(
        self, open_store: OpenStockStore
    ) -> None:
        """Products, reservations, movements, waiting records and the lease are durable."""
        told = an_outgoing_record("inventory.adjusted", key=b"LAMP-OAK")
        async with open_store() as store:
            await store.commit(attrs.evolve(stocking(a_product(LAMP)), events=(told,)))
            decided = await decide_and_commit(store, a_reserve(wanted={LAMP: 2}))
            before = await store.load([ORDER], [LAMP])
            await store.acquire_relay("relay-a", now=NOW, until=later(30))

        async with open_store() as store:
            assert await store.load([ORDER], [LAMP]) == before
            assert await pending_records(store) == [told, *decided.change.events]
            assert not await store.acquire_relay("relay-b", now=later(1), until=later(31))
            auditor = Auditor()
            async for part in store.audit_parts():
                auditor.add(part)
            assert auditor.report().holds

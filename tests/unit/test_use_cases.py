"""Single use cases over the fakes: races, idempotency, relays and direct calls."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import attrs
import pytest

from inventory_domain.errors import (
    DependencyUnavailable,
    IdempotencyKeyReused,
    OrderChanged,
    OrderNotFound,
    OrderNumberTaken,
    PriceChanged,
    ProductExists,
    ProductNotFound,
    ReservationEnded,
    ReservationHeld,
    Shortage,
    StaleVersion,
    StockBelowZero,
)
from inventory_domain.ids import OrderId, ProductId, UserId
from inventory_domain.money import Money
from inventory_domain.order_requests import Actor, Details, Draft
from inventory_domain.orders import Address, IdempotencyKey, Order, OrderStatus, StockState
from inventory_domain.testing.builders import a_draft, a_line
from inventory_domain.testing.shop import ADMIN, MemoryShop
from inventory_domain.use_cases.keep_catalogue import ProductDraft, ProductEdit
from inventory_domain.writes import OrderWrite, SaveResult
from tests.support.waiting import until_true

ANNA = Actor(subject=UserId("anna"))
LAMP = ProductId("lamp")


@pytest.fixture
def shop() -> MemoryShop:
    return MemoryShop()


def keyed(fingerprint: str = "f1") -> Draft:
    key = IdempotencyKey(subject=ANNA.subject, key="k1", fingerprint=fingerprint)
    return a_draft(idempotency=key)


async def test_one_key_twenty_times_at_once_is_one_order(shop: MemoryShop) -> None:
    placed = await asyncio.gather(*(shop.place_order(keyed(), actor=ANNA) for _ in range(20)))

    assert len({one.order for one in placed}) == 1
    assert sum(not one.repeated for one in placed) == 1
    assert shop.notifier.events() == ["order:created"]


async def test_a_repeated_key_answers_the_order_as_it_was_placed(shop: MemoryShop) -> None:
    first = await shop.place_order(keyed(), actor=ANNA)
    await shop.change_order.cancel(first.order.order_id, actor=ANNA)

    again = await shop.place_order(keyed(), actor=ANNA)

    assert again.order == first.order


async def test_a_key_with_another_body_is_refused(shop: MemoryShop) -> None:
    await shop.place_order(keyed(), actor=ANNA)

    with pytest.raises(IdempotencyKeyReused):
        await shop.place_order(keyed("f2"), actor=ANNA)


async def test_a_taken_order_number_is_refused(shop: MemoryShop) -> None:
    draft = a_draft(order_number="ORD-1732095234567-K3F9")
    await shop.place_order(draft, actor=ANNA)

    with pytest.raises(OrderNumberTaken):
        await shop.place_order(draft, actor=ANNA)


async def test_an_order_is_stored_before_anybody_is_told(shop: MemoryShop) -> None:
    shop.orders.faults.fail_next("add")

    with pytest.raises(DependencyUnavailable):
        await shop.place({"lamp": 1})

    assert not shop.notifier.pushes
    assert not await shop.orders.pending(10)


class Interleaved:
    """A store in whose ``save`` somebody else comes first, once."""

    def __init__(self, shop: MemoryShop, somebody_else: Callable[[], Awaitable[object]]) -> None:
        self._orders = shop.orders
        self._somebody_else = [somebody_else]

    async def save(self, writes: Sequence[OrderWrite]) -> Sequence[SaveResult]:
        if self._somebody_else:
            await self._somebody_else.pop()()
        return await self._orders.save(writes)

    async def get(self, order_ids: Sequence[OrderId]) -> Mapping[OrderId, Order]:
        return await self._orders.get(order_ids)


async def test_the_loser_of_two_status_changes_is_told_the_state_as_it_is(
    shop: MemoryShop,
) -> None:
    order = await shop.place({"lamp": 1})
    store = Interleaved(
        shop,
        lambda: shop.change_order.details(
            order.order_id, Details(tracking_number="T1"), actor=ADMIN
        ),
    )
    change = attrs.evolve(shop.change_order, store=store)  # type: ignore[arg-type]

    with pytest.raises(OrderChanged) as refused:
        await change.status(order.order_id, OrderStatus.CANCELLED, actor=ADMIN)

    assert refused.value.version == 2
    assert (await shop.order(order.order_id)).status is OrderStatus.PENDING


async def test_who_wants_what_somebody_else_did_meanwhile_has_it(shop: MemoryShop) -> None:
    order = await shop.place({"lamp": 1})
    store = Interleaved(shop, lambda: shop.change_order.cancel(order.order_id, actor=ADMIN))
    change = attrs.evolve(shop.change_order, store=store)  # type: ignore[arg-type]

    done = await change.cancel(order.order_id, actor=ANNA)

    assert done.is_noop
    assert done.order.status is OrderStatus.CANCELLED
    assert [entry.change for entry in done.order.history] == ["placed", "cancelled"]


async def test_news_of_the_stock_in_between_does_not_make_a_loser(shop: MemoryShop) -> None:
    await shop.add_products({"lamp": 5})
    order = await shop.place({"lamp": 1})
    store = Interleaved(shop, shop.settle)
    change = attrs.evolve(shop.change_order, store=store)  # type: ignore[arg-type]

    done = await change.cancel(order.order_id, actor=ANNA)
    await shop.settle()

    assert done.order.status is OrderStatus.CANCELLED
    assert (await shop.product("lamp")).stock == 5


async def test_a_stale_version_is_refused_before_anything_is_decided(shop: MemoryShop) -> None:
    order = await shop.place({"lamp": 1})

    with pytest.raises(StaleVersion):
        await shop.change_order.cancel(order.order_id, actor=ANNA, expected_version=7)


async def test_an_unknown_order_cannot_be_changed(shop: MemoryShop) -> None:
    with pytest.raises(OrderNotFound):
        await shop.change_order.cancel(OrderId("none"), actor=ADMIN)


async def test_the_same_status_again_changes_and_tells_nothing(shop: MemoryShop) -> None:
    order = await shop.place({"lamp": 1})
    told = len(shop.notifier.pushes)

    change = await shop.change_order.status(order.order_id, OrderStatus.PENDING, actor=ADMIN)

    assert change.is_noop
    assert len(shop.notifier.pushes) == told


async def test_details_are_changed_and_told(shop: MemoryShop) -> None:
    order = await shop.place({"lamp": 1})

    await shop.change_order.details(
        order.order_id, Details(shipping_address=Address(city="Bern")), actor=ANNA
    )

    assert (await shop.order(order.order_id)).shipping_address.city == "Bern"
    assert shop.notifier.events()[-1] == "order:updated"


async def test_a_relay_publishes_again_what_it_could_not_mark(shop: MemoryShop) -> None:
    await shop.place({"lamp": 1})
    shop.orders.faults.fail_next("mark_published")

    with pytest.raises(DependencyUnavailable):
        await shop.orders_relay.flush()
    await shop.orders_relay.flush()

    reserve = [
        record
        for at in shop.broker.partitions_of("inventory.reserve")
        for record in shop.broker.read(at, 0, 10)
    ]
    assert len(reserve) == 2
    assert reserve[0].value == reserve[1].value


async def test_a_running_relay_waits_out_an_outage_and_shows_it(shop: MemoryShop) -> None:
    shop.log.faults.available = False
    await shop.place({"lamp": 1})
    running = asyncio.create_task(shop.orders_relay.run())

    await until_true(lambda: shop.orders_relay.outage is not None)
    shop.log.faults.available = True
    await until_true(lambda: shop.orders_relay.outage is None)
    await until_true(lambda: not shop.orders.disk.outbox.entries)
    running.cancel()

    published = [
        record
        for at in shop.broker.partitions_of("order.created")
        for record in shop.broker.read(at, 0, 10)
    ]
    assert len(published) == 1


async def test_a_call_that_falls_short_names_every_short_line_and_tells_the_log(
    shop: MemoryShop,
) -> None:
    await shop.add_products({"lamp": 1, "desk": 1})

    with pytest.raises(Shortage) as refused:
        await shop.serve.reserve(OrderId("o1"), (a_line("lamp", 2), a_line("desk", 3)))

    assert [line.wanted for line in refused.value.lines] == [2, 3]
    entries = await shop.stock.pending(10)
    assert entries[-1].records[0].topic == "inventory.rejected"


async def test_calls_for_one_order_are_idempotent_and_end_for_good(shop: MemoryShop) -> None:
    await shop.add_products({"lamp": 10})
    first = await shop.serve.reserve(OrderId("o1"), (a_line("lamp", 2),))
    again = await shop.serve.reserve(OrderId("o1"), (a_line("lamp", 2),))
    assert (first.repeated, again.repeated) == (False, True)

    with pytest.raises(ReservationHeld):
        await shop.serve.reserve(OrderId("o1"), (a_line("lamp", 3),))
    await shop.serve.release(OrderId("o1"), reason="by hand")
    await shop.serve.release(OrderId("o1"), reason="by hand")
    with pytest.raises(ReservationEnded):
        await shop.serve.reserve(OrderId("o1"), (a_line("lamp", 2),))

    assert (await shop.product("lamp")).stock == 10


async def test_a_call_with_an_old_price_is_refused(shop: MemoryShop) -> None:
    await shop.add_products({"lamp": 10}, price=500)

    with pytest.raises(PriceChanged):
        await shop.serve.reserve(OrderId("o1"), (a_line("lamp", 1, price=400),))


async def test_a_write_off_never_goes_below_zero(shop: MemoryShop) -> None:
    await shop.add_products({"lamp": 3})

    with pytest.raises(StockBelowZero):
        await shop.serve.adjust(LAMP, -4, reason="broken", actor="admin")
    product = await shop.serve.adjust(LAMP, -3, reason="broken", actor="admin")

    assert (product.stock, product.written_off) == (0, 3)


async def test_an_edit_leaves_the_stock_alone_and_unknown_products_are_refused(
    shop: MemoryShop,
) -> None:
    await shop.add_products({"lamp": 3})

    edited = await shop.catalogue.edit(LAMP, ProductEdit(name="Lamp, oak"))
    assert (edited.name, edited.stock) == ("Lamp, oak", 3)
    assert not (await shop.catalogue.deactivate(LAMP)).is_active

    with pytest.raises(ProductNotFound):
        await shop.catalogue.edit(ProductId("none"), ProductEdit(name="x"))
    with pytest.raises(ProductExists):
        await shop.catalogue.add(
            ProductDraft(product_id=LAMP, name="again", price=edited.price), actor="admin"
        )
    assert (await shop.audit()).holds


async def test_products_of_one_id_are_not_added_together(shop: MemoryShop) -> None:
    draft = ProductDraft(product_id=LAMP, name="Lamp", price=Money(100), stock=1)

    with pytest.raises(ProductExists):
        await shop.catalogue.add_all([draft, draft], actor="admin")

    assert not shop.stock.disk.products


async def test_an_inactive_product_is_not_sold_but_open_orders_keep_it(shop: MemoryShop) -> None:
    await shop.add_products({"lamp": 3})
    kept = await shop.place({"lamp": 1})
    await shop.settle()
    await shop.catalogue.deactivate(LAMP)
    late = await shop.place({"lamp": 1})
    await shop.settle()

    assert (await shop.order(kept.order_id)).stock_state is StockState.RESERVED
    rejected = await shop.order(late.order_id)
    [line] = rejected.refused_lines
    assert (line.reason, line.available, line.stock) == ("inactive_product", 0, 2)


async def test_availability_says_for_each_line_why_not(shop: MemoryShop) -> None:
    await shop.add_products({"lamp": 1})

    answer = await shop.serve.availability((a_line("lamp", 1), a_line("lamp", 2), a_line("x", 1)))

    reasons = [line.refused and line.refused.reason for line in answer]
    assert reasons == [
        None,
        "insufficient_stock",
        "unknown_product",
    ]

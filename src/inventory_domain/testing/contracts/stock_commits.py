"""What every stock store promises about commits: all or nothing, and guarded."""

from collections.abc import Sequence

import attrs
import pytest

from inventory_domain.codec import Codec
from inventory_domain.errors import StockConflict
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.ports import StockStore
from inventory_domain.queries import MovementQuery
from inventory_domain.stock import (
    Movement,
    MovementKind,
    ProductWrite,
    ReservationState,
    ReservationWrite,
    StockChange,
    StockView,
)
from inventory_domain.stock_decisions import StockPolicy, Verdict, decide
from inventory_domain.testing.builders import (
    DESK,
    LAMP,
    NOW,
    a_consume,
    a_movement,
    a_product,
    a_release,
    a_reservation,
    a_reserve,
    an_adjust,
    an_outgoing_record,
    stocking,
)
from inventory_domain.testing.contracts.outbox import pending_records
from inventory_domain.testing.contracts.stock_races import decide_and_commit

__all__ = ["StockCommitsContract"]

ORDER = OrderId("order-1")


async def _ledger(store: StockStore, product_id: ProductId = LAMP) -> Sequence[Movement]:
    page = await store.find_movements(MovementQuery(product_id=product_id, limit=100))
    return page.items


NEW_PRODUCT = ProductWrite(a_product(DESK), None)
NEW_RESERVATION = ReservationWrite(a_reservation(), None)
NEW_MOVEMENT = a_movement(DESK)
TOLD = an_outgoing_record(key=b"order-1")

STORED_PRODUCT = a_product(LAMP, version=5)
STORED_RESERVATION = a_reservation("order-9", version=3, lines=())
STORED_MOVEMENT = a_movement(LAMP, number=5)

NEXT_PRODUCT = attrs.evolve(STORED_PRODUCT, version=6)
NEXT_RESERVATION = attrs.evolve(STORED_RESERVATION, version=4)

BROKEN_GUARDS = {
    "a product that is there already": StockChange(products=(ProductWrite(NEXT_PRODUCT, None),)),
    "an older version of a product": StockChange(products=(ProductWrite(NEXT_PRODUCT, 4),)),
    "a version ahead of a product": StockChange(products=(ProductWrite(NEXT_PRODUCT, 6),)),
    "a product that is not there": StockChange(
        products=(ProductWrite(a_product("missing", version=3), 2),)
    ),
    "a reservation that is there already": StockChange(
        reservations=(ReservationWrite(NEXT_RESERVATION, None),)
    ),
    "an older version of a reservation": StockChange(
        reservations=(ReservationWrite(NEXT_RESERVATION, 2),)
    ),
    "a version ahead of a reservation": StockChange(
        reservations=(ReservationWrite(NEXT_RESERVATION, 4),)
    ),
    "a reservation that is not there": StockChange(
        reservations=(ReservationWrite(a_reservation("missing", version=2), 1),)
    ),
    "a movement whose number is taken": StockChange(
        movements=(a_movement(LAMP, number=5, quantity=7),)
    ),
}


class StockCommitsContract:
    """Committing changes; mixed into the suite of the stock store."""

    async def test_a_change_is_durable_as_a_whole(self, store: StockStore) -> None:
        """Products, reservations, movements and the records that tell of them."""
        change = StockChange(
            products=(NEW_PRODUCT,),
            reservations=(NEW_RESERVATION,),
            movements=(NEW_MOVEMENT,),
            events=(TOLD,),
        )

        await store.commit(change)

        expected = StockView({ORDER: NEW_RESERVATION.reservation}, {DESK: NEW_PRODUCT.product})
        assert await store.load([ORDER], [DESK]) == expected
        assert list(await _ledger(store, DESK)) == [NEW_MOVEMENT]
        assert await pending_records(store) == [TOLD]

    async def test_an_empty_change_changes_nothing(self, store: StockStore) -> None:
        """A batch in which nothing was to be done is an ordinary one."""
        await store.commit(StockChange())

        assert await pending_records(store) == []

    async def test_records_alone_are_a_change(self, store: StockStore) -> None:
        """The outcome of a duplicate is told again, though no stock moves."""
        await store.commit(StockChange(events=(TOLD,)))
        await store.commit(StockChange(events=(TOLD,)))

        assert await pending_records(store) == [TOLD, TOLD]

    async def test_stored_ones_are_replaced_by_their_next_version(self, store: StockStore) -> None:
        """A write that names the stored version goes through, and every field is replaced."""
        await self._store_some(store)
        product = attrs.evolve(NEXT_PRODUCT, name="Renamed", stock=3, brand=None, tags=("a",))
        held = attrs.evolve(NEXT_RESERVATION, state=ReservationState.RELEASED, outcome=None)

        await store.commit(
            StockChange(
                products=(ProductWrite(product, 5),), reservations=(ReservationWrite(held, 3),)
            )
        )

        view = await store.load([held.order_id], [LAMP])
        assert view == StockView({held.order_id: held}, {LAMP: product})

    @pytest.mark.parametrize("change", BROKEN_GUARDS.values(), ids=BROKEN_GUARDS.keys())
    async def test_a_guard_that_does_not_hold_is_a_conflict(
        self, store: StockStore, change: StockChange
    ) -> None:
        """The caller looked at something that is no longer so, and decides anew."""
        await self._store_some(store)

        with pytest.raises(StockConflict):
            await store.commit(change)

        await self._check_unchanged(store)

    @pytest.mark.parametrize("change", BROKEN_GUARDS.values(), ids=BROKEN_GUARDS.keys())
    async def test_a_change_that_conflicts_in_its_last_part_leaves_nothing(
        self, store: StockStore, change: StockChange
    ) -> None:
        """Whatever part of a change conflicts, no part of it is there."""
        await self._store_some(store)
        whole = StockChange(
            products=(NEW_PRODUCT, *change.products),
            reservations=(NEW_RESERVATION, *change.reservations),
            movements=(NEW_MOVEMENT, *change.movements),
            events=(TOLD,),
        )

        with pytest.raises(StockConflict):
            await store.commit(whole)

        await self._check_unchanged(store)

    async def test_after_a_conflict_a_fresh_decision_goes_through(self, store: StockStore) -> None:
        """A conflict leaves no trace in the store or in its client."""
        await store.commit(stocking(a_product(LAMP)))
        stale = await store.load([ORDER], [LAMP])
        await decide_and_commit(store, a_reserve("order-2", {LAMP: 3}))
        late = decide([a_reserve()], stale, now=NOW, policy=StockPolicy(), codec=Codec())

        with pytest.raises(StockConflict):
            await store.commit(late.change)
        decided = await decide_and_commit(store, a_reserve())

        assert decided.outcomes[0].verdict is Verdict.RESERVED
        lamp = (await store.load([], [LAMP])).products[LAMP]
        assert (lamp.stock, lamp.reserved) == (5, 5)

    async def test_a_batch_over_one_product_is_summed(self, store: StockStore) -> None:
        """Many orders of one product in one change: one level, and a movement for each."""
        await store.commit(stocking(a_product(LAMP, stock=30)))

        await decide_and_commit(store, *(a_reserve(f"order-{n}", {LAMP: 1}) for n in range(20)))

        lamp = (await store.load([], [LAMP])).products[LAMP]
        assert (lamp.stock, lamp.reserved, lamp.version) == (10, 20, 22)
        ledger = await _ledger(store)
        assert [movement.number for movement in ledger] == list(range(22, 1, -1))
        assert [movement.order_id for movement in ledger[:-1]] == [
            f"order-{n}" for n in reversed(range(20))
        ]

    async def test_an_order_lives_through_all_its_changes(self, store: StockStore) -> None:
        """Reserve and release, reserve and consume, receive and write off, step by step."""
        await store.commit(stocking(a_product(LAMP)))
        await decide_and_commit(store, a_reserve("order-1", {LAMP: 4}))
        await decide_and_commit(store, a_reserve("order-2", {LAMP: 3}), an_adjust(LAMP, 5))
        await decide_and_commit(store, a_release("order-1"))
        await decide_and_commit(store, a_consume("order-2"), an_adjust(LAMP, -2))

        lamp = (await store.load([], [LAMP])).products[LAMP]

        assert (lamp.stock, lamp.reserved, lamp.sold, lamp.written_off) == (10, 0, 3, 2)
        assert [movement.kind for movement in await _ledger(store)] == [
            MovementKind.WRITTEN_OFF,
            MovementKind.CONSUMED,
            MovementKind.RELEASED,
            MovementKind.RECEIVED,
            MovementKind.RESERVED,
            MovementKind.RESERVED,
            MovementKind.RECEIVED,
        ]

    async def _store_some(self, store: StockStore) -> None:
        await store.commit(
            StockChange(
                products=(ProductWrite(STORED_PRODUCT, None),),
                reservations=(ReservationWrite(STORED_RESERVATION, None),),
                movements=(STORED_MOVEMENT,),
            )
        )

    async def _check_unchanged(self, store: StockStore) -> None:
        orders = [ORDER, STORED_RESERVATION.order_id, OrderId("missing")]
        view = await store.load(orders, [LAMP, DESK, ProductId("missing")])
        expected = StockView(
            {STORED_RESERVATION.order_id: STORED_RESERVATION}, {LAMP: STORED_PRODUCT}
        )
        assert view == expected
        assert list(await _ledger(store)) == [STORED_MOVEMENT]
        assert list(await _ledger(store, DESK)) == []
        assert await pending_records(store) == []

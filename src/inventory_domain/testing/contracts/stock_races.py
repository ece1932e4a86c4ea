"""What every stock store promises about commits that race, and about readers beside them."""
# ruff: noqa: PLR2004 - the numbers are the story that each test tells

import asyncio

from inventory_domain.codec import Codec
from inventory_domain.errors import StockConflict
from inventory_domain.ids import OrderId
from inventory_domain.ports import StockStore
from inventory_domain.stock import Command, StockView
from inventory_domain.stock_decisions import Decision, StockPolicy, Verdict, decide, touched
from inventory_domain.testing.builders import DESK, LAMP, NOW, a_product, a_reserve, stocking
from inventory_domain.testing.contracts.outbox import pending_records

__all__ = ["StockRacesContract", "decide_and_commit"]

ORDER = OrderId("order-1")
RACER_COUNT = 10
TRIES_MAX = 200


async def decide_and_commit(store: StockStore, *commands: Command) -> Decision:
    """Decide *commands* over what the store holds, and commit; a conflict is the caller's."""
    view = await store.load(*touched(commands))
    decision = decide(commands, view, now=NOW, policy=StockPolicy(), codec=Codec())
    await store.commit(decision.change)
    return decision


async def _commit_in_the_end(store: StockStore, *commands: Command) -> Decision:
    for _ in range(TRIES_MAX):
        try:
            return await decide_and_commit(store, *commands)
        except StockConflict:
            continue
    raise AssertionError(f"somebody else won every one of {TRIES_MAX} tries")


class StockRacesContract:
    """Commits at once; mixed into the suite of the stock store."""

    async def test_of_commits_that_race_for_a_product_one_goes_through(
        self, store: StockStore
    ) -> None:
        """The others conflict, and nothing of theirs is there."""
        await store.commit(stocking(a_product(LAMP)))
        view = await store.load([], [LAMP])
        rivals = [
            decide([command], view, now=NOW, policy=StockPolicy(), codec=Codec()).change
            for command in (a_reserve(f"order-{n}", {LAMP: 1}) for n in range(RACER_COUNT))
        ]

        results = await asyncio.gather(*map(store.commit, rivals), return_exceptions=True)

        (winner,) = (rival for rival, result in zip(rivals, results, strict=True) if result is None)
        lost = [result for result in results if result is not None]
        assert [type(result) for result in lost] == [StockConflict] * (RACER_COUNT - 1)
        held = winner.reservations[0].reservation
        after = await store.load([OrderId(f"order-{n}") for n in range(RACER_COUNT)], [LAMP])
        assert after == StockView({held.order_id: held}, {LAMP: winner.products[0].product})
        assert await pending_records(store) == list(winner.events)

    async def test_of_commits_that_race_for_an_order_one_goes_through(
        self, store: StockStore
    ) -> None:
        """Two instances that got the same request take its stock once."""
        await store.commit(stocking(a_product(LAMP)))
        view = await store.load([ORDER], [LAMP])
        decided = decide([a_reserve()], view, now=NOW, policy=StockPolicy(), codec=Codec())

        results = await asyncio.gather(
            *(store.commit(decided.change) for _ in range(RACER_COUNT)), return_exceptions=True
        )

        assert [result for result in results if result is None] == [None]
        assert sum(isinstance(result, StockConflict) for result in results) == RACER_COUNT - 1
        lamp = (await store.load([], [LAMP])).products[LAMP]
        assert (lamp.stock, lamp.reserved) == (8, 2)

    async def test_buyers_that_race_never_get_more_than_there_is(self, store: StockStore) -> None:
        """Everybody tries again until it is decided: ten of fifteen get one of ten."""
        await store.commit(stocking(a_product(LAMP, stock=10)))
        commands = [a_reserve(f"order-{n}", {LAMP: 1}, final=True) for n in range(15)]

        decided = await asyncio.gather(
            *(_commit_in_the_end(store, command) for command in commands)
        )

        verdicts = [decision.outcomes[0].verdict for decision in decided]
        assert verdicts.count(Verdict.RESERVED) == 10
        assert verdicts.count(Verdict.REJECTED) == 5
        lamp = (await store.load([], [LAMP])).products[LAMP]
        assert (lamp.stock, lamp.reserved) == (0, 10)

    async def test_a_reader_sees_all_of_a_commit_or_nothing(self, store: StockStore) -> None:
        """Two products and a reservation move together under every reader's eyes."""
        await store.commit(stocking(a_product(LAMP), a_product(DESK)))
        before = await store.load([ORDER], [LAMP, DESK])

        *views, _ = await asyncio.gather(
            *(store.load([ORDER], [LAMP, DESK]) for _ in range(RACER_COUNT)),
            decide_and_commit(store, a_reserve(wanted={LAMP: 1, DESK: 2})),
        )

        after = await store.load([ORDER], [LAMP, DESK])
        assert all(view in (before, after) for view in views)
        assert after.products[LAMP].reserved == 1

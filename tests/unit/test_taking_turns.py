"""When an instance waits for its turn at the stock: after it lost a race, and for a while."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest

from inventory_domain.errors import StockConflict
from inventory_domain.ids import ProductId
from inventory_domain.stock_decisions import Verdict
from inventory_domain.testing.builders import a_reserve
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.use_cases.keep_catalogue import ProductEdit
from inventory_domain.use_cases.stock_ledger import StockLedger
from inventory_domain.use_cases.taking_turns import TakingTurns


class CountedTurns:
    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        self.begun += 1
        try:
            yield
        finally:
            self.ended += 1


@pytest.fixture
async def shop() -> MemoryShop:
    shop = MemoryShop()
    await shop.add_products({"lamp": 100})
    return shop


@pytest.fixture
def turns() -> CountedTurns:
    return CountedTurns()


def taking(shop: MemoryShop, turns: CountedTurns) -> TakingTurns:
    return TakingTurns(turns, clock=shop.clock, ids=shop.ids, seconds=10.0)


@pytest.fixture
def ledger(shop: MemoryShop, turns: CountedTurns) -> StockLedger:
    return attrs.evolve(shop.ledger, turns=taking(shop, turns))


async def reserve(ledger: StockLedger, order_id: str) -> Verdict:
    [outcome] = await ledger.apply([a_reserve(order_id, {"lamp": 1})])
    return outcome.verdict


async def test_who_never_lost_a_race_waits_for_no_turn(
    ledger: StockLedger, turns: CountedTurns
) -> None:
    assert await reserve(ledger, "order-1") is Verdict.RESERVED

    assert turns.begun == 0


async def test_after_a_lost_race_each_try_is_made_in_a_turn(
    shop: MemoryShop, ledger: StockLedger, turns: CountedTurns
) -> None:
    shop.stock.faults.fail_next("commit", StockConflict(), times=2)

    assert await reserve(ledger, "order-1") is Verdict.RESERVED
    assert await reserve(ledger, "order-2") is Verdict.RESERVED

    # Two more tries of the first, and the only one of the second.
    assert (turns.begun, turns.ended) == (3, 3)


async def test_when_no_race_was_lost_for_a_while_nobody_waits_any_more(
    shop: MemoryShop, ledger: StockLedger, turns: CountedTurns
) -> None:
    shop.stock.faults.fail_next("commit", StockConflict())
    await reserve(ledger, "order-1")
    begun = turns.begun

    await shop.clock.sleep(10.5)
    await reserve(ledger, "order-2")

    assert turns.begun == begun


async def test_who_edits_a_product_that_sells_all_the_time_waits_for_a_turn_as_well(
    shop: MemoryShop, turns: CountedTurns
) -> None:
    catalogue = attrs.evolve(shop.catalogue, turns=taking(shop, turns))
    shop.stock.faults.fail_next("commit", StockConflict(), times=3)
    began = shop.clock.now()

    edited = await catalogue.edit(ProductId("lamp"), ProductEdit(name="A brighter lamp"))

    assert edited.name == (await shop.product("lamp")).name == "A brighter lamp"
    assert (turns.begun, turns.ended) == (3, 3)
    assert shop.clock.now() > began

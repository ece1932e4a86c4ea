"""The story of an order leaves the stock store room for others."""

import asyncio

import pytest

from inventory_domain.queries import MovementQuery, Page
from inventory_domain.stock import Movement
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.use_cases.tell_story import StoryTeller


async def test_one_ledger_is_searched_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5, "desk": 5, "chair": 5})
    order = await shop.place({"lamp": 1, "desk": 2, "chair": 3})
    await shop.settle()
    find_movements = shop.stock.find_movements
    under_way = 0
    counts: list[int] = []

    async def counted(query: MovementQuery) -> Page[Movement]:
        nonlocal under_way
        under_way += 1
        counts.append(under_way)
        await asyncio.sleep(0)  # the others would begin here
        page = await find_movements(query)
        under_way -= 1
        return page

    monkeypatch.setattr(shop.stock, "find_movements", counted)

    story = await StoryTeller(orders=shop.orders, stock=shop.stock, inspector=shop.log).tell(
        order.order_id
    )

    assert counts == [1, 1, 1]
    assert story is not None
    moved = [one.what.product_id for one in story.chapters if isinstance(one.what, Movement)]
    assert sorted(moved) == ["chair", "desk", "lamp"]

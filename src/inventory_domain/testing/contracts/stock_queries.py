"""What every stock store promises about finding products and movements."""
# ruff: noqa: PLR2004 - the numbers are the story that each test tells

from typing import Any

import attrs
import pytest

from inventory_domain.ids import OrderId, ProductId
from inventory_domain.money import Money
from inventory_domain.ports import StockStore
from inventory_domain.queries import (
    PRODUCT_SORTS,
    MovementQuery,
    Page,
    ProductQuery,
    match_rank,
    product_matches,
)
from inventory_domain.stock import MovementKind, Product, ProductWrite, StockChange
from inventory_domain.testing.builders import (
    LAMP,
    RUG,
    a_movement,
    a_product,
    later,
    stocking,
)

__all__ = ["StockQueriesContract"]

_NAMES = (
    "Lamp",
    "Oak lamp",
    "Lamp of oak",
    "Desk",
    "100% wool_rug",
    "Größe (XL) [a-z]*",
    "O'Neil's \"desk\"",
    r"back\slash.+$",
)
_CATEGORIES = ("Lamps", "lamps", "Desks & more", "")


def _product(number: int) -> Product:
    product = a_product(
        f"product-{number:02d}",
        name=_NAMES[number % len(_NAMES)],
        price=Money(1000 + number // 2 * 50),
        stock=number % 4,
        created_at=later(number // 3 * 60),
    )
    return attrs.evolve(
        product,
        category=_CATEGORIES[number % len(_CATEGORIES)],
        brand=(None, "Oakland", "Boreal")[number % 3],
        sku=None if number % 5 else f"Lamp-{number:02d}",
        tags=("warm", "oak desk") if number % 6 == 0 else (),
        description="A lamp for every desk" if number % 7 == 0 else "",
        is_active=number % 8 != 7,
        updated_at=later(10_000 - number // 3),
    )


PRODUCTS = tuple(_product(number) for number in range(24))

FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"include_inactive": True},
    {"category": "LAMPS"},
    {"category": "lamp"},
    {"category": ""},
    {"min_price": Money(1200)},
    {"max_price": Money(1200)},
    {"min_price": Money(1200), "max_price": Money(1300)},
    {"min_price": Money(1300), "max_price": Money(1200)},
    {"in_stock": True},
    {"in_stock": False},
    {"category": "lamps", "in_stock": True, "search": "oak", "max_price": Money(1500)},
)

SEARCHES = (
    "",
    "  ",
    "LAMP",
    "oak lamp",
    "lamp  OAK",
    "lamp-05",
    "oakland",
    "warm",
    "every desk",
    "lamps",
    "%",
    "_",
    "100% wool_",
    ".*",
    "[a-z]*",
    "(xl)",
    "größe",
    "'",
    '"desk"',
    "\\",
    "$",
    "not in any of them",
)

_SORT_KEYS = {
    "name": lambda product: product.name,
    "price": lambda product: product.price,
    "stock": lambda product: product.stock,
    "createdAt": lambda product: product.created_at,
    "updatedAt": lambda product: product.updated_at,
}


def _expected(query: ProductQuery) -> Page[Product]:
    matching = sorted(
        (product for product in PRODUCTS if product_matches(product, query)),
        key=lambda product: product.product_id,
    )
    if query.by_match:
        text = query.search or ""
        matching.sort(key=lambda product: (match_rank(product, text), product.name))
    else:
        matching.sort(key=_SORT_KEYS[query.sort.lstrip("-")], reverse=query.sort.startswith("-"))
    start = (query.page - 1) * query.limit
    return Page(tuple(matching[start : start + query.limit]), len(matching))


class StockQueriesContract:
    """Finding products and movements; mixed into the suite of the stock store."""

    @pytest.fixture
    async def catalogue(self, store: StockStore) -> StockStore:
        """A store with products of every kind."""
        await store.commit(stocking(*PRODUCTS))
        return store

    async def test_an_empty_store_finds_no_products(self, store: StockStore) -> None:
        """No products, no pages."""
        assert await store.find_products(ProductQuery()) == Page((), 0)

    @pytest.mark.parametrize("filters", FILTERS, ids=lambda filters: ",".join(filters) or "all")
    async def test_products_are_found_that_pass_every_filter(
        self, catalogue: StockStore, filters: dict[str, Any]
    ) -> None:
        """Each filter alone and several together; both ends of a price range belong to it."""
        query = ProductQuery(**filters, limit=100)

        assert await catalogue.find_products(query) == _expected(query)

    async def test_every_word_of_a_search_must_be_there(self, catalogue: StockStore) -> None:
        """Anywhere in the text, whatever the case; signs of pattern languages mean themselves."""
        for text in SEARCHES:
            query = ProductQuery(search=text, limit=100)

            assert await catalogue.find_products(query) == _expected(query), f"searching {text!r}"

    async def test_the_best_match_comes_first(self, catalogue: StockStore) -> None:
        """In the order of ``match_rank``, then of the name, then of the id; in pages too."""
        for text in SEARCHES:
            for number in (1, 2, 3):
                query = ProductQuery(search=text, by_match=True, page=number, limit=6)

                found = await catalogue.find_products(query)

                assert found == _expected(query), f"searching {text!r}, page {number}"

    async def test_by_match_without_a_search_goes_by_name(self, catalogue: StockStore) -> None:
        """Nothing matches better than anything else."""
        query = ProductQuery(by_match=True, limit=100)

        assert await catalogue.find_products(query) == _expected(query)

    @pytest.mark.parametrize("sort", [*PRODUCT_SORTS, *(f"-{name}" for name in PRODUCT_SORTS)])
    async def test_products_are_sorted_and_equal_ones_by_id(
        self, catalogue: StockStore, sort: str
    ) -> None:
        """Both directions of every sort; names by the code of their letters."""
        query = ProductQuery(sort=sort, limit=100)

        assert await catalogue.find_products(query) == _expected(query)

    async def test_pages_of_products_together_give_everything_once(
        self, catalogue: StockStore
    ) -> None:
        """Every page says how many match in all; one past the last is empty."""
        pages = [
            await catalogue.find_products(ProductQuery(page=number, limit=8))
            for number in range(1, 5)
        ]

        assert [len(page.items) for page in pages] == [8, 8, 5, 0]
        assert {page.total for page in pages} == {21}
        together = tuple(product for page in pages for product in page.items)
        assert together == _expected(ProductQuery(limit=100)).items

    async def test_a_changed_product_is_found_as_it_is_now(self, catalogue: StockStore) -> None:
        """A search sees the new text, and no longer the old one."""
        before = PRODUCTS[5]
        after = attrs.evolve(before, name="Zebra", stock=0, version=before.version + 1)
        await catalogue.commit(StockChange(products=(ProductWrite(after, before.version),)))

        found = await catalogue.find_products(ProductQuery(search="zebra", in_stock=False))
        old = await catalogue.find_products(ProductQuery(search=before.name, limit=100))

        assert found == Page((after,), 1)
        assert before.product_id not in {product.product_id for product in old.items}

    async def test_a_product_without_movements_has_an_empty_ledger(self, store: StockStore) -> None:
        """Whether it is there or not."""
        await store.commit(stocking(a_product(LAMP, stock=0)))

        assert await store.find_movements(MovementQuery(product_id=LAMP)) == Page((), 0)
        missing = MovementQuery(product_id=ProductId("missing"))
        assert await store.find_movements(missing) == Page((), 0)

    async def test_movements_come_back_as_they_were_stored_newest_first(
        self, store: StockStore
    ) -> None:
        """One product's alone, with every field; numbers may have gaps."""
        movements = [
            a_movement(LAMP, number=2, quantity=1_000_000, at=later(0.001)),
            a_movement(
                LAMP,
                number=3,
                kind=MovementKind.RESERVED,
                quantity=2,
                order_id="order-1",
                stock_after=7,
                reserved_after=3,
            ),
            a_movement(LAMP, number=10, kind=MovementKind.RELEASED, reason="Größe", actor="boss"),
            a_movement(LAMP, number=11, kind=MovementKind.CONSUMED),
            a_movement(LAMP, number=100, kind=MovementKind.WRITTEN_OFF, reason="$a.b"),
        ]
        await store.commit(StockChange(movements=tuple(movements)))
        await store.commit(StockChange(movements=(a_movement(RUG),)))

        found = await store.find_movements(MovementQuery(product_id=LAMP))

        assert found == Page(tuple(reversed(movements)), 5)

    async def test_movements_of_one_order_are_found_among_others(self, store: StockStore) -> None:
        """They are counted and paged as if there were no others."""
        movements = [
            a_movement(LAMP, number=number, order_id=f"order-{number % 3}")
            for number in range(2, 14)
        ]
        await store.commit(StockChange(movements=(*movements, a_movement(RUG))))
        query = MovementQuery(product_id=LAMP, order_id=OrderId("order-1"), limit=3)

        pages = [await store.find_movements(attrs.evolve(query, page=page)) for page in (1, 2)]
        none = await store.find_movements(attrs.evolve(query, order_id=OrderId("nobody")))

        assert pages == [
            Page((movements[11], movements[8], movements[5]), 4),
            Page((movements[2],), 4),
        ]
        assert none == Page((), 0)

    async def test_pages_of_movements_together_give_everything_once(
        self, store: StockStore
    ) -> None:
        """Every page says how many there are in all; one past the last is empty."""
        movements = [a_movement(LAMP, number=number) for number in range(2, 27)]
        await store.commit(StockChange(movements=tuple(movements)))

        pages = [
            await store.find_movements(MovementQuery(product_id=LAMP, page=number, limit=10))
            for number in range(1, 5)
        ]

        assert [len(page.items) for page in pages] == [10, 10, 5, 0]
        assert {page.total for page in pages} == {25}
        together = [movement for page in pages for movement in page.items]
        assert together == movements[::-1]

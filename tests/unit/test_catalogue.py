"""Catalogue files: what is read from them, what is refused in them, and what seeding changes."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs
import pytest
from dependency_injector import providers
from hypothesis import given
from hypothesis import strategies as st

from apps.catalogue.reading import load_catalogue, read_csv, read_json, sample_catalogue
from apps.catalogue.seeding import SeedResult, seed_products
from apps.container import Container
from apps.settings import Settings
from inventory_domain.errors import Contention, InvalidRequest, ProductExists, StockConflict
from inventory_domain.ids import ProductId
from inventory_domain.money import Money
from inventory_domain.stock import MovementKind
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.use_cases.keep_catalogue import ProductDraft

LAMP = {"_id": "lamp", "name": "Lamp", "price": 29.99}


def lamp(**changes: Any) -> dict[str, Any]:
    return {**LAMP, **changes}


def faults_of(*rows: object) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as refusal:
        read_json(json.dumps(rows).encode())
    return dict(refusal.value.fields)


def csv_faults(text: str) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as refusal:
        read_csv(text.encode())
    return dict(refusal.value.fields)


# --- the sample ---------------------------------------------------------------------------------


def test_the_sample_is_a_shop_worth_looking_at() -> None:
    drafts = sample_catalogue()

    assert len(drafts) == 30
    assert 5 <= len({draft.category for draft in drafts}) <= 6
    assert all(0 <= draft.stock <= 200 for draft in drafts)
    assert sum(draft.stock == 0 for draft in drafts) == 1
    assert 1 <= sum(0 < draft.stock < 5 for draft in drafts) <= 2
    assert all(draft.description and draft.brand and draft.sku and draft.tags for draft in drafts)
    for draft in drafts:
        assert draft.image_url == f"/images/products/{draft.product_id}.svg"
    for field in ("product_id", "name", "sku"):
        assert len({getattr(draft, field) for draft in drafts}) == 30


# --- JSON ---------------------------------------------------------------------------------------


def test_a_list_and_an_object_of_products_are_read_alike() -> None:
    row = lamp(
        description="Warm", category="Lighting", brand="Lumen", sku="L-1", stock=7,
        tags=["oak", "warm", "oak"], imageUrl="/images/lamp.svg",
    )  # fmt: skip

    [draft] = read_json(json.dumps([row]).encode())

    assert draft == ProductDraft(
        product_id=ProductId("lamp"), name="Lamp", price=Money(2999), description="Warm",
        category="Lighting", brand="Lumen", sku="L-1", tags=("oak", "warm"),
        image_url="/images/lamp.svg", stock=7,
    )  # fmt: skip
    assert read_json(json.dumps({"products": [row]}).encode()) == (draft,)


def test_what_the_api_answers_can_be_loaded() -> None:
    derived = {"reserved": 2, "inStock": True, "version": 9, "createdAt": "x", "updatedAt": "y"}

    [draft] = read_json(json.dumps([lamp(**derived, isActive=True, brand=None)]).encode())

    assert draft.product_id == "lamp"
    assert faults_of(lamp(isActive=False)) == {
        "products[0].isActive": "must be true: only products on sale are loaded"
    }


def test_every_bad_field_of_every_bad_row_is_named_at_once() -> None:
    faults = faults_of(
        lamp(),
        {"_id": "a/b", "price": -1, "stock": 1.5, "colour": "red", "tags": ["", 3]},
        "lamp",
        {"name": " ", "price": "2", "stock": -1, "imageUrl": "javascript:alert(1)"},
        lamp(name="Another lamp"),
        lamp(_id="search"),
    )

    assert faults.keys() == {
        "products[1]._id", "products[1].name", "products[1].price", "products[1].stock",
        "products[1].colour", "products[1].tags[0]", "products[1].tags[1]",
        "products[2]",
        "products[3]._id", "products[3].name", "products[3].price", "products[3].stock",
        "products[3].imageUrl",
        "products[4]._id", "products[5]._id",
    }  # fmt: skip
    assert faults["products[4]._id"] == "is the id of products[0] already"
    assert faults["products[3]._id"] == "is required"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b'"lamp"', b"7", b'{"products": {}}', b'[{"price": 1e99999999999}]',
     b"\xff\xfe", b'{"products": [], "more": 1}', b"[" * 100_000],
)  # fmt: skip
def test_a_file_that_is_no_catalogue_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read_json(content)


@pytest.mark.parametrize(
    ("address", "good"),
    [("/images/a.svg", True), ("https://shop.example/a.png?x=1", True), ("http://a/b", True),
     ("//elsewhere/a.svg", False), ("data:image/svg+xml,x", False), ("/a b.svg", False),
     ('/a".svg', False), ("javascript:alert(1)", False), ("https:///a", False)],
)  # fmt: skip
def test_an_image_is_an_address_and_nothing_that_runs(address: str, *, good: bool) -> None:
    if good:
        assert read_json(json.dumps([lamp(imageUrl=address)]).encode())[0].image_url == address
    else:
        assert faults_of(lamp(imageUrl=address)).keys() == {"products[0].imageUrl"}


# --- CSV ----------------------------------------------------------------------------------------


def test_csv_says_the_same_as_json() -> None:
    text = (
        "\ufeff_id,name,price,tags,stock,description,brand\r\n"
        'lamp,"Lamp, oak",29.90,oak| warm |,7,"Two\nlines",\r\n'
        "\r\n"
        "desk,Desk,100,,,,Nordholt\r\n"
    )

    first, second = read_csv(text.encode())

    assert first == ProductDraft(
        product_id=ProductId("lamp"), name="Lamp, oak", price=Money(2990), tags=("oak", "warm"),
        stock=7, description="Two\nlines",
    )  # fmt: skip
    assert (second.price, second.tags, second.stock, second.brand) == (10_000, (), 0, "Nordholt")


def test_every_bad_cell_of_a_csv_file_is_named_with_its_line() -> None:
    faults = csv_faults(
        "_id,name,price,stock,colour\n"
        "lamp,Lamp,29.999,7,red\n"
        "lamp,,abc,1.5,red\n"
        "desk,Desk,1,2,red,more,and more\n"
        "rug\n"
    )

    assert faults.keys() == {
        "column colour", "line 2.price", "line 3._id", "line 3.name", "line 3.price",
        "line 3.stock", "line 4.cells", "line 5.name", "line 5.price",
    }  # fmt: skip
    assert faults["line 3._id"] == "is the id of line 2 already"
    assert faults["line 2.price"] == "must have at most two decimals"


@pytest.mark.parametrize("text", ["", "_id,name,price\n", '_id,name,price\n"lamp', "a\x00b\nc\n"])
def test_text_that_is_no_csv_catalogue_is_refused(text: str) -> None:
    assert csv_faults(text)


def test_a_column_that_is_there_twice_is_refused() -> None:
    assert "column name" in csv_faults("_id,name,name,price\nlamp,Lamp,Lamp,1\n")


def test_an_inactive_row_of_a_csv_file_is_refused() -> None:
    assert csv_faults("_id,name,price,isActive\nlamp,Lamp,1,false\n").keys() == {"line 2.isActive"}


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_file_whatever_is_in_it_is_an_error_of_ours(content: bytes) -> None:
    for read in (read_json, read_csv):
        with suppress(InvalidRequest):
            read(content)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"_id": st.from_regex(r"[a-z]{3,9}", fullmatch=True), "name": st.just("Lamp")},
            optional={
                "price": st.floats() | st.integers() | st.text(max_size=5),
                "stock": st.integers() | st.floats() | st.booleans(),
                "tags": st.lists(st.text(max_size=5), max_size=3) | st.text(max_size=3),
            },
        ),
        max_size=3,
    )
)
def test_what_is_read_from_any_rows_is_fit_to_be_stored(rows: list[dict[str, Any]]) -> None:
    try:
        drafts = read_json(json.dumps(rows).encode())
    except InvalidRequest:
        return
    for draft in drafts:
        assert draft.price >= 0
        assert 0 <= draft.stock <= 1_000_000


def test_the_name_of_a_file_says_how_to_read_it(tmp_path: Path) -> None:
    (tmp_path / "shop.CSV").write_text("_id,name,price\nlamp,Lamp,1.50\n")
    (tmp_path / "shop.json").write_text(json.dumps([LAMP]))

    [from_csv] = load_catalogue(tmp_path / "shop.CSV")
    [from_json] = load_catalogue(tmp_path / "shop.json")

    assert (from_csv.price, from_json.price) == (150, 2999)
    with pytest.raises(FileNotFoundError):
        load_catalogue(tmp_path / "none.json")


# --- seeding ------------------------------------------------------------------------------------


@pytest.fixture
def shop() -> MemoryShop:
    return MemoryShop()


@pytest.fixture
def container(shop: MemoryShop) -> Container:
    return Container(
        settings=providers.Object(Settings()),
        stock_store=providers.Object(shop.stock),
        log=providers.Object(shop.log),
        clock=providers.Object(shop.clock),
        ids=providers.Object(shop.ids),
    )


async def test_the_same_file_again_changes_nothing(shop: MemoryShop, container: Container) -> None:
    drafts = sample_catalogue()
    assert await seed_products(container, drafts) == SeedResult(added=30, present=0)
    before = dict(shop.stock.disk.products)
    entries = len(await shop.stock.pending(1000))

    assert await seed_products(container, drafts) == SeedResult(added=0, present=30)

    assert shop.stock.disk.products == before
    assert len(await shop.stock.pending(1000)) == entries
    assert (await shop.audit()).holds


async def test_a_product_that_is_there_is_left_alone(
    shop: MemoryShop, container: Container
) -> None:
    [first, *rest] = sample_catalogue()
    await shop.catalogue.add(attrs.evolve(first, name="Ours", stock=1), actor="admin")

    assert await seed_products(container, [first, *rest]) == SeedResult(added=29, present=1)

    assert first.product_id is not None
    ours = await shop.product(first.product_id)
    assert (ours.name, ours.stock) == ("Ours", 1)


async def test_first_stock_is_a_movement_like_any_other(
    shop: MemoryShop, container: Container
) -> None:
    await seed_products(container, sample_catalogue())

    [received] = shop.stock.disk.movements[ProductId("lamp-oak")].values()
    assert (received.kind, received.quantity, received.actor) == (MovementKind.RECEIVED, 48, "seed")
    assert ProductId("apron-denim") not in shop.stock.disk.movements


async def test_two_that_seed_at_once_both_find_a_full_shop(
    shop: MemoryShop, container: Container
) -> None:
    drafts = sample_catalogue()
    shop.stock.faults.fail_next("commit", StockConflict())

    assert await seed_products(container, drafts) == SeedResult(added=30, present=0)
    assert (await shop.audit()).holds


async def test_seeding_gives_up_after_a_bounded_number_of_lost_races(
    shop: MemoryShop, container: Container
) -> None:
    shop.stock.faults.fail_next("commit", StockConflict(), times=100)

    with pytest.raises((Contention, ProductExists)):
        await seed_products(container, sample_catalogue())


async def test_a_large_file_is_stored_in_parts(shop: MemoryShop, container: Container) -> None:
    drafts = [
        ProductDraft(product_id=ProductId(f"p{place}"), name="P", price=Money(100), stock=1)
        for place in range(1201)
    ]

    assert await seed_products(container, drafts) == SeedResult(added=1201, present=0)
    assert len(await shop.stock.pending(1000)) == 3

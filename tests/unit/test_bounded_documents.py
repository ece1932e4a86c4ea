"""What is stored of a product is as small after a hundred thousand orders as after one."""

from collections.abc import Mapping
from typing import Any

import bson
import pytest

from adapters.embedded.stock_rows import product_row
from adapters.mongodb.stock_documents import product_fields
from apps.container import fast_codec
from inventory_domain.stock import Product, ProductWrite, StockView
from inventory_domain.stock_decisions import StockPolicy, decide
from inventory_domain.testing import LAMP, NOW, a_product, a_reserve

RESERVATIONS = 100_000
BATCH_SIZE = 1_000
# The version has more digits then, where a store writes numbers as text.
GROWTH_MAX = 40


def stored(product: Product) -> Mapping[str, int]:
    """Return the bytes that each kind of store needs for *product*."""
    return {
        "mongodb": len(bson.encode(product_fields(product))),
        "embedded": sum(len(str(part)) for part in product_row(ProductWrite(product, 1))),
    }


@pytest.mark.slow
def test_a_product_stays_small_however_often_it_is_reserved() -> None:
    lamp: Product = a_product(LAMP, stock=10 * RESERVATIONS)
    codec, policy = fast_codec(), StockPolicy()
    before = stored(lamp)

    for start in range(0, RESERVATIONS, BATCH_SIZE):
        commands: list[Any] = [
            a_reserve(f"order-{number}", {LAMP: 1}) for number in range(start, start + BATCH_SIZE)
        ]
        view = StockView({}, {LAMP: lamp})
        change = decide(commands, view, now=NOW, policy=policy, codec=codec).change
        (write,) = change.products
        lamp = write.product

    assert lamp.reserved == RESERVATIONS
    after = stored(lamp)
    assert all(after[store] - before[store] <= GROWTH_MAX for store in before), (before, after)
    assert max(after.values()) < 1000

"""The service over an empty shop."""

from collections.abc import AsyncIterator

import pytest

from inventory_domain.testing.shop import MemoryShop
from tests.unit.products.caller import Client, Served, app_of, client_of


@pytest.fixture(scope="module")
def served() -> Served:
    shop = MemoryShop()
    return Served(shop, app_of(shop))


@pytest.fixture
def shop(served: Served) -> MemoryShop:
    return served.emptied()


@pytest.fixture
async def client(served: Served, shop: MemoryShop) -> AsyncIterator[Client]:
    async with client_of(served.app) as client:
        yield client

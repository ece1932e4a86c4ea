"""Contract suites: subclass one for an adapter and give its fixtures, and pytest proves it.

::

    class TestMyStockStore(StockStoreContract):
        @pytest.fixture
        def open_store(self, tmp_path: Path) -> OpenStockStore:
            return lambda: my_stock_store(tmp_path / "stock.db")

Each suite names the fixtures it needs in its docstring. The tests are coroutines, so they need
pytest-asyncio in its auto mode. The suites never ask which adapter they run on, and wait on
conditions only.
"""

import pytest

_SUITES = (
    "clock",
    "consumer_groups",
    "event_log",
    "ids",
    "log_inspector",
    "notifier",
    "order_queries",
    "order_store",
    "order_writes",
    "outbox",
    "redelivery",
    "stock_commits",
    "stock_queries",
    "stock_races",
    "stock_store",
    "waiting",
)
# Before they are imported: then a broken promise shows its values and not a bare assert.
pytest.register_assert_rewrite(*(f"{__name__}.{suite}" for suite in _SUITES))

from inventory_domain.testing.contracts.clock import ClockContract, LetPass  # noqa: E402
from inventory_domain.testing.contracts.event_log import (  # noqa: E402
    EventLogContract,
    OpenLog,
)
from inventory_domain.testing.contracts.ids import IdSourceContract  # noqa: E402
from inventory_domain.testing.contracts.notifier import (  # noqa: E402
    ConnectClient,
    NotifierContract,
    RoomClient,
)
from inventory_domain.testing.contracts.order_store import (  # noqa: E402
    OpenOrderStore,
    OrderStoreContract,
)
from inventory_domain.testing.contracts.outbox import OutboxContract, StoreEvents  # noqa: E402
from inventory_domain.testing.contracts.stock_store import (  # noqa: E402
    OpenStockStore,
    StockStoreContract,
)
from inventory_domain.testing.contracts.topics import MakeTopics  # noqa: E402

__all__ = [
    "ClockContract",
    "ConnectClient",
    "EventLogContract",
    "IdSourceContract",
    "LetPass",
    "MakeTopics",
    "NotifierContract",
    "OpenLog",
    "OpenOrderStore",
    "OpenStockStore",
    "OrderStoreContract",
    "OutboxContract",
    "RoomClient",
    "StockStoreContract",
    "StoreEvents",
]

"""Which stores the settings name; a further one gets a case here, and nothing else changes."""

from contextlib import AsyncExitStack, aclosing
from pathlib import Path

from adapters.embedded.folder import DataFolder
from adapters.embedded.order_store import SqliteOrderStore
from adapters.embedded.stock_store import SqliteStockStore
from apps.faults import CommandFault
from apps.settings import Settings
from inventory_domain.ports import OrderStore, StockStore

__all__ = ["data_folder", "open_orders", "open_stock"]


async def open_orders(settings: Settings, stack: AsyncExitStack) -> OrderStore:
    """Open the store of the orders."""
    match settings.store:
        case "embedded":
            found = await SqliteOrderStore.open(data_folder(settings).orders)
            return await stack.enter_async_context(aclosing(found))
        case other:
            raise CommandFault(f"STORE={other} is not available in this build: use embedded.")


async def open_stock(settings: Settings, stack: AsyncExitStack) -> StockStore:
    """Open the store of the products and their stock."""
    match settings.store:
        case "embedded":
            found = await SqliteStockStore.open(data_folder(settings).products)
            return await stack.enter_async_context(aclosing(found))
        case other:
            raise CommandFault(f"STORE={other} is not available in this build: use embedded.")


def data_folder(settings: Settings) -> DataFolder:
    """Return the folder of the embedded files, made if it was not there.

    Raises:
        CommandFault: it cannot be made.
    """
    folder = DataFolder(Path(settings.data_dir))
    try:
        folder.make()
    except OSError as error:
        raise CommandFault(
            f"DATA_DIR={settings.data_dir} cannot be made ({error.strerror}): name another folder."
        ) from None
    return folder

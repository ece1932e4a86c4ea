"""Which stores the settings name; a further one gets a case here, and nothing else changes."""

from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from pathlib import Path
from typing import Final, TypeVar

from adapters.embedded.folder import DataFolder
from adapters.embedded.order_store import SqliteOrderStore
from adapters.embedded.stock_store import SqliteStockStore
from apps.faults import DEPENDENCY_AWAY, CommandFault
from apps.settings import Settings
from inventory_domain.ports import OrderStore, StockStore, Turns
from inventory_domain.use_cases.taking_turns import NoTurns

__all__ = ["data_folder", "open_orders", "open_stock"]

T = TypeVar("T")

_UNREADABLE: Final = (
    "MONGODB_URI cannot be read: correct it. In a name or a password, each of :/?#[]@ is written "
    "with a percent sign and its number, such as %40 for @."
)


async def open_orders(settings: Settings, stack: AsyncExitStack) -> OrderStore:
    """Open the store of the orders."""
    match settings.store:
        case "embedded":
            found = await SqliteOrderStore.open(data_folder(settings).orders)
            return await stack.enter_async_context(aclosing(found))
        case "mongodb":
            # Loaded by those who chose it.
            from adapters.mongodb import open_order_store  # noqa: PLC0415

            opening = open_order_store(settings.mongodb_uri, settings.orders_db)
            return await _entered(opening, stack, settings.mongodb_uri)
        case other:
            raise CommandFault(f"STORE={other} is not available in this build.")


async def open_stock(settings: Settings, stack: AsyncExitStack) -> tuple[StockStore, Turns]:
    """Open the store of the products and their stock, and the turns of those that write to it."""
    match settings.store:
        case "embedded":
            found = await SqliteStockStore.open(data_folder(settings).products)
            return await stack.enter_async_context(aclosing(found)), NoTurns()
        case "mongodb":
            from adapters.mongodb import open_stock_store  # noqa: PLC0415

            opening = open_stock_store(settings.mongodb_uri, settings.products_db)
            store = await _entered(opening, stack, settings.mongodb_uri)
            return store, store.turns
        case other:
            raise CommandFault(f"STORE={other} is not available in this build.")


async def _entered(
    opening: AbstractAsyncContextManager[T], stack: AsyncExitStack, address: str
) -> T:
    from adapters.mongodb import ServerUnfit  # noqa: PLC0415
    from adapters.mongodb.limits import BadAddress  # noqa: PLC0415

    try:
        return await stack.enter_async_context(opening)
    except ServerUnfit as unfit:
        if not isinstance(unfit.__cause__, BadAddress):
            raise CommandFault(str(unfit), exit_code=DEPENDENCY_AWAY) from None
        # What the driver says of an address may have a part of its password in it.
        said = _UNREADABLE if "@" in address else str(unfit)
        raise CommandFault(said) from None
    except OSError as error:
        raise CommandFault(
            f"MONGODB_URI names {error.filename}, which cannot be read ({error.strerror}): "
            "correct it."
        ) from None


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

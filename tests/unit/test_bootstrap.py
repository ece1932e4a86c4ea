from pathlib import Path

import attrs
import pytest
from dependency_injector import providers
from structlog.testing import capture_logs

from adapters.embedded.event_log import SqliteEventLog
from adapters.embedded.order_store import SqliteOrderStore
from adapters.embedded.stock_store import SqliteStockStore
from apps.bootstrap import Part, open_container
from apps.container import Container
from apps.faults import CommandFault
from apps.settings import Settings
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.testing.fakes import (
    MemoryBroker,
    MemoryEventLog,
    MemoryOrderStore,
    MemoryStockStore,
    RecordingNotifier,
    SequentialIds,
    VirtualClock,
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=str(tmp_path / "data"), access_token_secret="x" * 32)


def files(folder: Path) -> set[str]:
    """Return the names of the files in *folder*, without SQLite's own beside them."""
    return {path.name.partition("-")[0] for path in folder.iterdir()}


async def test_the_embedded_adapters_fill_the_whole_graph(settings: Settings) -> None:
    async with open_container(settings) as container:
        assert container.place_order().store is container.order_store()
        assert container.keep_catalogue().store is container.stock_store()
        assert container.redrive().inspector is container.inspector()
        assert container.stock_keeper().retry_count_max == 3


def test_the_graph_holds_finished_things_and_nothing_that_has_to_be_awaited() -> None:
    """What depends on something that is awaited comes out of the graph as a future, always."""
    kinds = {type(provider) for provider in Container.providers.values()}

    assert kinds == {providers.Singleton, providers.Dependency}
    assert not any(provider.is_async_mode_enabled() for provider in Container.providers.values())


async def test_every_adapter_can_be_handed_in_and_no_file_is_made(
    settings: Settings, tmp_path: Path
) -> None:
    clock, ids = VirtualClock(), SequentialIds()
    log = MemoryEventLog(MemoryBroker(clock))
    orders, stock, notifier = MemoryOrderStore(), MemoryStockStore(), RecordingNotifier()

    async with open_container(
        settings,
        order_store=orders,
        stock_store=stock,
        log=log,
        inspector=log,
        notifier=notifier,
        clock=clock,
        ids=ids,
    ) as container:
        place_order = container.place_order()

    assert (place_order.store, place_order.notifier) == (orders, notifier)
    assert (place_order.clock, place_order.ids) == (clock, ids)
    assert files(tmp_path) == set()


async def test_only_the_parts_asked_for_are_opened(settings: Settings) -> None:
    async with open_container(settings, parts=(Part.STOCK,), owner=False):
        made = files(Path(settings.data_dir))

    assert made == {"products.db"}


async def test_a_start_says_what_differs_of_the_topics_that_are_there(settings: Settings) -> None:
    with capture_logs() as told:
        async with open_container(settings):
            pass
        assert told == []
        async with open_container(attrs.evolve(settings, topic_partitions=6)):
            pass

    assert {(entry["event"], entry["log_level"]) for entry in told} == {
        ("topic_differs", "warning")
    }
    assert all("TOPIC_PARTITIONS is 6" in entry["what"] for entry in told)


async def test_a_folder_has_one_owner_and_any_number_beside_it(settings: Settings) -> None:
    async with open_container(settings):
        with pytest.raises(CommandFault, match="belongs to a running system") as caught:
            async with open_container(settings):
                pass
        async with open_container(settings, owner=False) as beside:
            assert await beside.inspector().topics()

    assert caught.value.exit_code == 2
    async with open_container(settings):
        pass


async def test_what_fails_while_it_is_opened_leaves_nothing_open(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    close = SqliteOrderStore.aclose

    async def note_and_close(self: SqliteOrderStore) -> None:
        closed.append("orders")
        await close(self)

    async def fail(*_: object, **__: object) -> SqliteEventLog:
        raise OSError("disk on fire")

    monkeypatch.setattr(SqliteOrderStore, "aclose", note_and_close)
    monkeypatch.setattr(SqliteEventLog, "open", fail)

    with pytest.raises(OSError, match="disk on fire"):
        async with open_container(settings):
            pass

    assert closed == ["orders"]
    monkeypatch.undo()
    async with open_container(settings):
        pass


async def test_a_mongodb_address_that_cannot_be_read_is_named() -> None:
    settings = Settings(store="mongodb", mongodb_uri="mongodb://h:many/")

    with pytest.raises(CommandFault, match="MONGODB_URI cannot be read") as caught:
        async with open_container(settings, parts=(Part.ORDERS,)):
            pass

    assert caught.value.exit_code == 2


async def test_kafka_that_is_away_is_a_dependency_away(tmp_path: Path) -> None:
    nobody = "127.0.0.1:1"
    settings = Settings(data_dir=str(tmp_path), event_log="kafka", kafka_bootstrap_servers=nobody)

    with pytest.raises(DependencyUnavailable) as caught:
        async with open_container(settings, parts=(Part.LOG,)):
            pass

    assert f"KAFKA_BOOTSTRAP_SERVERS={nobody}" in caught.value.reason


async def test_a_file_of_a_newer_program_ends_in_a_sentence(settings: Settings) -> None:
    async with open_container(settings, parts=(Part.STOCK,)) as container:
        store = container.stock_store()
        assert isinstance(store, SqliteStockStore)
        database = store._database
        await database.writer.run(lambda file: file.execute("PRAGMA user_version = 99"))

    with pytest.raises(CommandFault, match="has version 99"):
        async with open_container(settings, parts=(Part.STOCK,)):
            pass

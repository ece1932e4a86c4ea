"""The composition: which use case gets which adapter. The graph holds finished things only.

Clients that must be opened (stores, the log, the notifier) are opened before, by
``apps.bootstrap``, and handed in; a test hands in fakes and gets the same graph.
"""

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal

import msgspec
from dependency_injector import containers, providers

from apps.edge.auth import TokenVerifier
from apps.monitor.audits import Audits
from apps.monitor.samples import Samples
from apps.monitor.watch import LogWatch
from apps.settings import Settings
from inventory_domain.codec import Codec
from inventory_domain.ports import (
    Clock,
    EventLog,
    IdSource,
    LogInspector,
    Notifier,
    OrderStore,
    StockStore,
    Turns,
)
from inventory_domain.stock_decisions import StockPolicy
from inventory_domain.use_cases.change_order import ChangeOrder
from inventory_domain.use_cases.follow_stock import StockFollower
from inventory_domain.use_cases.keep_catalogue import KeepCatalogue
from inventory_domain.use_cases.keep_stock import StockKeeper
from inventory_domain.use_cases.place_order import PlaceOrder
from inventory_domain.use_cases.redrive import Redrive
from inventory_domain.use_cases.relay_outbox import OutboxRelay, RelaySettings
from inventory_domain.use_cases.serve_stock import ServeStock
from inventory_domain.use_cases.stock_ledger import StockLedger
from inventory_domain.use_cases.taking_turns import NoTurns, TakingTurns
from inventory_domain.use_cases.tell_story import StoryTeller

__all__ = ["Container", "PrepareTopics", "fast_codec"]

PrepareTopics = Callable[[], Awaitable[Sequence[str]]]
"""Makes the topics that are missing, and returns a sentence for everything that differs."""


def fast_codec() -> Codec:
    """Return a codec that reads and writes JSON with msgspec; fractions are read as ``Decimal``."""
    return Codec(
        dumps=msgspec.json.Encoder().encode,
        loads=msgspec.json.Decoder(float_hook=Decimal).decode,
    )


def _relay_settings(settings: Settings) -> RelaySettings:
    if settings.store == "embedded":
        return RelaySettings()
    # Other instances store too, and nobody tells the one that publishes.
    return RelaySettings(poll_seconds=0.2)


class Container(containers.DeclarativeContainer):
    """Everything that the apps, the workers and the command line use."""

    settings: providers.Dependency[Settings] = providers.Dependency()
    order_store: providers.Dependency[OrderStore] = providers.Dependency()
    stock_store: providers.Dependency[StockStore] = providers.Dependency()
    turns: providers.Dependency[Turns] = providers.Dependency(default=NoTurns())
    log: providers.Dependency[EventLog] = providers.Dependency()
    inspector: providers.Dependency[LogInspector] = providers.Dependency()
    topics: providers.Dependency[PrepareTopics] = providers.Dependency()
    notifier: providers.Dependency[Notifier] = providers.Dependency()
    clock: providers.Dependency[Clock] = providers.Dependency()
    ids: providers.Dependency[IdSource] = providers.Dependency()

    verifier = providers.Singleton(
        TokenVerifier, settings.provided.access_token_secret, settings.provided.issuer
    )
    codec = providers.Singleton(fast_codec)
    policy = providers.Singleton(StockPolicy, check_prices=settings.provided.price_check)

    relay_settings = providers.Singleton(_relay_settings, settings)
    orders_relay = providers.Singleton(
        OutboxRelay, order_store, log, clock=clock, ids=ids, settings=relay_settings
    )
    place_order = providers.Singleton(
        PlaceOrder,
        store=order_store,
        notifier=notifier,
        clock=clock,
        ids=ids,
        codec=codec,
        nudge_relay=orders_relay.provided.nudge,
    )
    change_order = providers.Singleton(
        ChangeOrder,
        store=order_store,
        notifier=notifier,
        clock=clock,
        codec=codec,
        nudge_relay=orders_relay.provided.nudge,
    )
    stock_follower = providers.Singleton(
        StockFollower, store=order_store, notifier=notifier, clock=clock, codec=codec
    )

    stock_relay = providers.Singleton(
        OutboxRelay, stock_store, log, clock=clock, ids=ids, settings=relay_settings
    )
    taking_turns = providers.Singleton(TakingTurns, turns, clock=clock, ids=ids)
    stock_ledger = providers.Singleton(
        StockLedger,
        store=stock_store,
        clock=clock,
        ids=ids,
        codec=codec,
        policy=policy,
        nudge_relay=stock_relay.provided.nudge,
        turns=taking_turns,
    )
    stock_keeper = providers.Singleton(
        StockKeeper,
        ledger=stock_ledger,
        relay=stock_relay,
        clock=clock,
        codec=codec,
        service="products-service",
        retry_count_max=settings.provided.reserve_retry_count_max,
    )
    serve_stock = providers.Singleton(ServeStock, ledger=stock_ledger, store=stock_store, ids=ids)
    keep_catalogue = providers.Singleton(
        KeepCatalogue,
        store=stock_store,
        clock=clock,
        ids=ids,
        codec=codec,
        nudge_relay=stock_relay.provided.nudge,
        turns=taking_turns,
    )
    redrive = providers.Singleton(
        Redrive, inspector=inspector, log=log, ledger=stock_ledger, clock=clock, codec=codec
    )

    log_watch = providers.Singleton(LogWatch, inspector=inspector, clock=clock)
    samples = providers.Singleton(Samples)
    audits = providers.Singleton(Audits, store=stock_store, clock=clock)
    story_teller = providers.Singleton(
        StoryTeller, orders=order_store, stock=stock_store, inspector=inspector
    )

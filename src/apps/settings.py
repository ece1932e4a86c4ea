"""The settings: environment variables, also from a ``.env`` file."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import attrs
import environ
from dotenv import dotenv_values

from apps.faults import CommandFault
from apps.setting_conflicts import contradictions
from apps.setting_kinds import (
    Kind,
    number,
    one_of,
    optional_authorities,
    optional_origin,
    optional_text,
    origins,
    port,
    switch,
    text,
    whole,
)
from apps.setting_places import (
    database_name,
    host_name,
    mongodb_address,
    optional_redis_address,
)
from apps.setting_rows import ADDRESSES, HIDDEN, MASK, describe

__all__ = ["Settings", "load_settings"]


class _BadValue(ValueError):
    """The value of one setting is not allowed."""

    def __init__(self, name: str, value: object, allowed: str) -> None:
        super().__init__(f"{name} must be {allowed}; it is {value!r}.")
        self.name = name


def _read(name: str, kind: Kind, value: object) -> object:
    try:
        return kind.read(value)
    except ValueError:
        # An address may hold a password, and one that cannot be read shows no one where.
        shown = MASK if name in HIDDEN | ADDRESSES else value
        raise _BadValue(name, shown, kind.allowed) from None


# The annotation of each field says what comes out, so that this may say Any.
def _setting(name: str, default: object, kind: Kind, meaning: str) -> Any:  # noqa: ANN401
    return environ.var(default, converter=partial(_read, name, kind), name=name, help=meaning)


def _address(name: str, part: str) -> Any:  # noqa: ANN401
    meaning = f"Where browsers reach {part}; by default the page's own host, on the port"
    return _setting(name, None, optional_origin(), meaning)


@attrs.frozen(kw_only=True, repr=False)
class Settings:
    """Every setting with its default; what is given is checked here, one value at a time."""

    # Read by environ-config: the variables are called like the settings, without a prefix.
    _prefix: ClassVar[str] = ""

    host: str = _setting("HOST", "127.0.0.1", host_name(), "The address to listen on")
    orders_port: int = _setting("ORDERS_PORT", 3004, port(), "Port of the orders service")
    products_port: int = _setting("PRODUCTS_PORT", 3001, port(), "Port of the products service")
    storefront_port: int = _setting("STOREFRONT_PORT", 3006, port(), "Port of the web pages")
    monitor_port: int = _setting("MONITOR_PORT", 8080, port(), "Port of the monitor")
    orders_url: str | None = _address("ORDERS_URL", "the orders service")
    products_url: str | None = _address("PRODUCTS_URL", "the products service")
    storefront_url: str | None = _address("STOREFRONT_URL", "the web pages")
    monitor_url: str | None = _address("MONITOR_URL", "the monitor")
    data_dir: str = _setting(
        "DATA_DIR", "./data", text("a folder"), "Folder of the embedded store and event log"
    )
    store: str = _setting(
        "STORE", "embedded", one_of("embedded", "mongodb"), "Where orders and stock live"
    )
    event_log: str = _setting(
        "EVENT_LOG", "embedded", one_of("embedded", "kafka"), "What carries the events"
    )
    mongodb_uri: str = _setting(
        "MONGODB_URI",
        "mongodb://127.0.0.1:27017/?replicaSet=rs0",
        mongodb_address(),
        "The MongoDB replica set, with STORE=mongodb",
    )
    orders_db: str = _setting(
        "ORDERS_DB", "orders_db", database_name(), "Database of the orders, with STORE=mongodb"
    )
    products_db: str = _setting(
        "PRODUCTS_DB", "products_db", database_name(), "Database of the stock, with STORE=mongodb"
    )
    kafka_bootstrap_servers: str = _setting(
        "KAFKA_BOOTSTRAP_SERVERS",
        "127.0.0.1:9092",
        text("host:port, several separated by commas"),
        "Brokers to ask first, with EVENT_LOG=kafka",
    )
    kafka_security_protocol: str = _setting(
        "KAFKA_SECURITY_PROTOCOL",
        "plaintext",
        one_of("plaintext", "ssl", "sasl_plaintext", "sasl_ssl"),
        "How Kafka is spoken to, with EVENT_LOG=kafka",
    )
    kafka_sasl_mechanism: str = _setting(
        "KAFKA_SASL_MECHANISM",
        "scram-sha-512",
        one_of("plain", "scram-sha-256", "scram-sha-512"),
        "How the password is shown, with a protocol that begins with sasl_",
    )
    kafka_sasl_username: str | None = _setting(
        "KAFKA_SASL_USERNAME", None, optional_text("a name"), "Who we are to Kafka"
    )
    kafka_sasl_password: str | None = _setting(
        "KAFKA_SASL_PASSWORD", None, optional_text("a password"), "And how we prove it"
    )
    kafka_ssl_ca_file: str | None = _setting(
        "KAFKA_SSL_CA_FILE",
        None,
        optional_authorities(),
        "Authorities that sign the brokers' certificates; by default those that the machine trusts",
    )
    kafka_session_seconds: float = _setting(
        "KAFKA_SESSION_SECONDS",
        15.0,
        number(1, 1800),
        "Silence after which a consumer is taken for dead, with EVENT_LOG=kafka",
    )
    topic_creation: bool = _setting(
        "TOPIC_CREATION",
        default=True,
        kind=switch(),
        meaning="Let services create Kafka topics that are missing; 0: `topics` alone does",
    )
    topic_partitions: int = _setting(
        "TOPIC_PARTITIONS", 3, whole(1, 1000), "Partitions of a topic that is made"
    )
    topic_replication_factor: int = _setting(
        "TOPIC_REPLICATION_FACTOR", 1, whole(1, 100), "Copies of a topic that is made, in Kafka"
    )
    socketio_redis_url: str | None = _setting(
        "SOCKETIO_REDIS_URL",
        None,
        optional_redis_address(),
        "Redis that joins the sockets of several orders services",
    )
    access_token_secret: str | None = _setting(
        "ACCESS_TOKEN_SECRET",
        None,
        optional_text("a secret of 32 bytes or more"),
        "What tokens are signed with (HS256)",
    )
    access_token_jwks: str | None = _setting(
        "ACCESS_TOKEN_JWKS",
        None,
        optional_text("a file or an address"),
        "JSON Web Key Set of an issuer that signs with RS256: a file or an address",
    )
    issuer: str = _setting("ISSUER", "inventory", text("a name"), "Who must have issued a token")
    reserve_retry_count_max: int = _setting(
        "RESERVE_RETRY_COUNT_MAX",
        3,
        whole(0, 100),
        "How often a reservation that fell short is tried again",
    )
    reserve_retry_pause_seconds: float = _setting(
        "RESERVE_RETRY_PAUSE_SECONDS",
        1.0,
        number(0.001, 3600),
        "The first pause before that; it doubles, with jitter",
    )
    price_check: bool = _setting(
        "PRICE_CHECK",
        default=True,
        kind=switch(),
        meaning="Refuse an order whose price is not the product's",
    )
    demo: bool | None = _setting(
        "DEMO",
        None,
        switch(by_default="run on loopback"),
        "Give tokens to anybody; by default only `run` does, where only this machine comes in",
    )
    rate_limit_per_second: float = _setting(
        "RATE_LIMIT_PER_SECOND",
        0.0,
        number(0, 1_000_000),
        "Calls a second and caller, beyond which a service answers 429; 0 for no limit",
    )
    cors_origins: tuple[str, ...] = _setting(
        "CORS_ORIGINS", (), origins(), "Origins that browsers may call from"
    )
    log_level: str = _setting(
        "LOG_LEVEL", "info", one_of("debug", "info", "warning", "error"), "The least that is logged"
    )
    log_format: str = _setting(
        "LOG_FORMAT", "console", one_of("console", "json"), "How it is logged, to stderr"
    )

    def __repr__(self) -> str:
        shown = ", ".join(f"{row.name}={row.value}" for row in describe(self))
        return f"Settings({shown})"


def load_settings(
    environment: Mapping[str, str] = os.environ, *, env_file: Path = Path(".env")
) -> Settings:
    """Read the settings; a variable of *environment* wins over the file, an empty one is none.

    Raises:
        CommandFault: it names every bad value, and what is allowed.
    """
    # Dollar signs in a secret are no references.
    try:
        file = dotenv_values(env_file, interpolate=False) if env_file.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFault(
            f"{env_file} cannot be read ({error}): save it as UTF-8 text, or take it away."
        ) from None
    found = {name: value for name, value in {**file, **environment}.items() if value}
    settings, faults = _read_all(found)
    faults.extend(contradictions(settings))
    if faults:
        raise CommandFault(*faults)
    return settings


def _read_all(found: dict[str, str]) -> tuple[Settings, list[str]]:
    """Return the settings and what is wrong with them; a bad value's default is in its place."""
    faults: list[str] = []
    while True:
        try:
            return environ.to_config(Settings, found), faults
        except _BadValue as bad:
            faults.append(str(bad))
            del found[bad.name]

"""The settings: environment variables, also from a ``.env`` file."""

import attrs

__all__ = ["Settings"]


@attrs.frozen(kw_only=True)
class Settings:
    """Every setting with its default."""

    host: str = "127.0.0.1"
    orders_port: int = 3004
    products_port: int = 3001
    storefront_port: int = 3006
    monitor_port: int = 8080
    data_dir: str = "./data"
    store: str = "embedded"
    event_log: str = "embedded"
    mongodb_uri: str = "mongodb://127.0.0.1:27017/?replicaSet=rs0"
    orders_db: str = "orders_db"
    products_db: str = "products_db"
    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    topic_partitions: int = 3
    topic_replication_factor: int = 1
    access_token_secret: str | None = None
    issuer: str = "inventory"
    reserve_retry_count_max: int = 3
    reserve_retry_pause_seconds: float = 1.0
    price_check: bool = True
    demo: bool | None = None
    cors_origins: tuple[str, ...] = ()
    log_level: str = "info"
    log_format: str = "console"

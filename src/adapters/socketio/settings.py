"""What the Socket.IO side may use, in numbers: every bound has its name here."""

import attrs

__all__ = ["SocketIoSettings"]


@attrs.frozen(kw_only=True)
class SocketIoSettings:
    """The addresses, and the bounds on clients that are slow, greedy, silent or many."""

    cors_origins: tuple[str, ...] = ()
    """Origins that browsers may connect from beside the server's own; ``*`` means any."""
    redis_url: str | None = None
    """The Redis through which several instances push to each other's clients."""
    path: str = "socket.io"

    ping_interval_seconds: int = 10
    ping_timeout_seconds: int = 10
    """A client that does not answer a ping within this is gone."""

    handover_count_max: int = 10_000
    """Pushes that wait to be emitted; the oldest make room for new ones."""
    queue_count_max: int = 5_000
    queue_bytes_max: int = 4 * 1024 * 1024
    """What may wait for one client; one that lets more gather is cut off."""
    write_seconds_max: float = 10.0
    """A connection that takes nothing for so long is broken off."""

    inbound_bytes_max: int = 16 * 1024
    inbound_count_max: int = 50
    inbound_window_seconds: float = 10.0
    """A client that sends more messages within the window is disconnected."""

    connection_count_max: int = 10_000
    connections_per_user_max: int = 50
    sign_in_seconds_max: float = 10.0
    """A connection on which nobody signed in for so long is closed."""

    relay_seconds_max: float = 2.0
    """Redis has so long to take one push for the other instances."""
    sweep_seconds: float = 0.5
    """How often expired tokens and silent connections are looked for."""
    close_seconds_max: float = 2.0
    """A connection that is being closed has so long before it is broken off."""

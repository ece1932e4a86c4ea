"""A notifier that remembers, with clients that sit in rooms."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from inventory_domain.writes import Push

__all__ = ["RecordingClient", "RecordingNotifier"]

PUSHES_MAX = 100_000


class RecordingClient:
    """A connected client: what it received, oldest first."""

    def __init__(self, rooms: Sequence[str], received_max: int) -> None:
        self.rooms = tuple(rooms)
        self.received: deque[tuple[str, Mapping[str, Any]]] = deque(maxlen=received_max)


class RecordingNotifier:
    """Keeps every push, and hands it to the clients in its rooms.

    While ``available`` is False pushes are dropped, as those of a real notifier are. The
    oldest are forgotten past *pushes_max*.
    """

    def __init__(self, pushes_max: int = PUSHES_MAX) -> None:
        self.available = True
        self.pushes: deque[Push] = deque(maxlen=pushes_max)
        self._pushes_max = pushes_max
        self._clients: list[RecordingClient] = []

    def connect(self, *rooms: str) -> RecordingClient:
        """Return a new client that sits in *rooms*."""
        client = RecordingClient(rooms, self._pushes_max)
        self._clients.append(client)
        return client

    def disconnect(self, client: RecordingClient) -> None:
        """Let *client* go; it receives nothing any more."""
        self._clients.remove(client)

    def push(self, pushes: Sequence[Push]) -> None:
        """Remember *pushes* and hand them over."""
        if not self.available:
            return
        for push in pushes:
            self.pushes.append(push)
            for client in self._clients:
                if any(room in client.rooms for room in push.rooms):
                    client.received.append((push.event, push.payload))

    def events(self, room: str | None = None) -> list[str]:
        """Return the names of the events pushed to *room*, or to any, in their order."""
        return [push.event for push in self.pushes if room is None or room in push.rooms]

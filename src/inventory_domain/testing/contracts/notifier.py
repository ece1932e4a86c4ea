"""What every notifier promises."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from inventory_domain.ports import Notifier
from inventory_domain.testing.builders import a_push

__all__ = ["ConnectClient", "NotifierContract", "RoomClient"]

Received = tuple[str, Mapping[str, Any]]


class RoomClient(Protocol):
    """A client that sits in rooms, as a test sees it."""

    async def receive(self, count: int) -> Sequence[Received]:
        """Return the next *count* pushes as (event, payload); fail if they do not come."""

    async def disconnect(self) -> None:
        """Go away."""


ConnectClient = Callable[[Sequence[str]], Awaitable[RoomClient]]
"""Returns a client that sits in these rooms and has received nothing yet.

The rooms asked for are ``user:<name>`` of one user, ``admins`` and ``products``, in any mix.
"""

ANNA = "user:anna"
BEN = "user:ben"
ADMINS = "admins"
PUSH_COUNT = 100


class NotifierContract:
    """Proves ``ports.Notifier``.

    Fixtures: ``notifier``; ``connect``, see ``ConnectClient``. That somebody does not get a
    push is seen by what comes instead: the next push that is for them.
    """

    async def test_a_push_reaches_everybody_in_its_room(
        self, notifier: Notifier, connect: ConnectClient
    ) -> None:
        """With its payload as it was given."""
        first, second = await connect([ANNA]), await connect([ANNA])
        payload = {"order": {"_id": "order-1", "totalAmount": 59.98, "items": []}, "note": None}

        notifier.push([a_push("order:created", ANNA, **payload)])

        assert list(await first.receive(1)) == [("order:created", payload)]
        assert list(await second.receive(1)) == [("order:created", payload)]

    async def test_a_push_stays_in_its_rooms(
        self, notifier: Notifier, connect: ConnectClient
    ) -> None:
        """Nobody sees what is for others."""
        anna, ben = await connect([ANNA]), await connect([BEN])

        notifier.push([a_push("order:created", ANNA, n=1), a_push("order:created", BEN, n=2)])
        notifier.push([a_push("order:updated", ANNA, n=3)])

        assert list(await ben.receive(1)) == [("order:created", {"n": 2})]
        expected = [("order:created", {"n": 1}), ("order:updated", {"n": 3})]
        assert list(await anna.receive(2)) == expected

    async def test_somebody_in_several_rooms_gets_a_push_once(
        self, notifier: Notifier, connect: ConnectClient
    ) -> None:
        """An admin who placed the order is told once."""
        admin = await connect([ANNA, ADMINS])

        notifier.push([a_push("order:created", ANNA, ADMINS, n=1)])
        notifier.push([a_push("order:updated", ADMINS, ANNA, n=2)])

        expected = [("order:created", {"n": 1}), ("order:updated", {"n": 2})]
        assert list(await admin.receive(2)) == expected

    async def test_every_room_of_a_push_is_reached(
        self, notifier: Notifier, connect: ConnectClient
    ) -> None:
        """The customer and the admins."""
        anna, admin = await connect([ANNA]), await connect([BEN, ADMINS])

        notifier.push([a_push("order:created", ANNA, ADMINS, n=1)])

        assert list(await anna.receive(1)) == [("order:created", {"n": 1})]
        assert list(await admin.receive(1)) == [("order:created", {"n": 1})]

    async def test_pushes_to_one_room_come_in_their_order(
        self, notifier: Notifier, connect: ConnectClient
    ) -> None:
        """Within one call and from call to call."""
        client = await connect([ANNA, "products"])

        for start in range(0, PUSH_COUNT, 10):
            notifier.push(
                [a_push("order:updated", ANNA, n=number) for number in range(start, start + 10)]
            )

        received = await client.receive(PUSH_COUNT)
        assert [payload["n"] for _, payload in received] == list(range(PUSH_COUNT))

    async def test_pushing_to_nobody_is_dropped(
        self, notifier: Notifier, connect: ConnectClient
    ) -> None:
        """An empty room, no pushes at all, or somebody who left: none of it fails."""
        gone = await connect([BEN])
        await gone.disconnect()

        notifier.push([])
        notifier.push([a_push("order:created", BEN, n=1), a_push("order:created", "nobody")])
        anna = await connect([ANNA])
        notifier.push([a_push("order:created", ANNA, n=2)])

        assert list(await anna.receive(1)) == [("order:created", {"n": 2})]

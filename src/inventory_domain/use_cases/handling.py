"""What a handler of records is, and the ways in which it can deal with one."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import attrs

from inventory_domain.use_cases.waiting_room import Delivery

__all__ = ["Broken", "Ended", "Ending", "Handler", "HandlerResult", "TryAgain"]


class Ending(StrEnum):
    """The four ways in which a message can end."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"
    DEAD_LETTERED = "dead_lettered"


@attrs.frozen
class Ended:
    """The record has ended and its effect is durable."""

    ending: Ending


@attrs.frozen
class TryAgain:
    """The record is to be tried again after a pause."""


@attrs.frozen
class Broken:
    """The record can never succeed: to the dead letters at once."""

    error_class: str
    message: str


HandlerResult = Ended | TryAgain | Broken


class Handler(Protocol):
    """Does what the records say."""

    async def handle(self, deliveries: Sequence[Delivery]) -> Sequence[HandlerResult]:
        """Handle *deliveries* in their order and return one result each.

        What it reports as ended is durable, with everything that must be told of it published.

        Raises:
            DependencyUnavailable, Contention: nothing has ended; they will be handed out again.
        """

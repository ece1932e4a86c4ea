"""Where the people of a history live: what they can reach, and what is noted of them."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from inventory_domain.orders import Order
from inventory_domain.testing.simulation.chaos import Chaos
from inventory_domain.testing.simulation.clock import SimulatedClock
from inventory_domain.testing.simulation.services import OrdersService, ProductsService
from inventory_domain.testing.simulation.trace import Trace
from inventory_domain.testing.simulation.witness import Witness

__all__ = ["Town"]


class Town(Protocol):
    """Where the clients live."""

    chaos: Chaos
    clock: SimulatedClock
    trace: Trace
    witness: Witness

    def orders_service(self) -> OrdersService:
        """Return an instance that is up.

        Raises:
            Unreachable: the one that was picked is not.
        """

    def products_service(self) -> ProductsService:
        """Return an instance that is up.

        Raises:
            Unreachable: the one that was picked is not.
        """

    def send_broken(self, order: Order) -> None:
        """Send a message about *order* that can never be processed."""

    def start_story(self, story: Callable[[], Awaitable[None]]) -> None:
        """Let *story* go on beside this one."""

"""Which of some new orders can be inserted together, and what became of each."""

from collections.abc import Iterable, Sequence

from adapters.mongodb.access import Document
from inventory_domain.orders import Order
from inventory_domain.writes import Added, AddResult, KeyKnown, NumberTaken, OrderWrite

__all__ = ["Adding", "conditions_of_rivals"]


class Adding:
    """Takes new orders in turn, each seeing those before it, though many go out at once.

    In a round go those that share neither key nor number with an earlier one that is still
    open. ``open`` are the places of those whose end is not known yet.
    """

    def __init__(self, writes: Sequence[OrderWrite]) -> None:
        self._orders = [write.order for write in writes]
        self._results: dict[int, AddResult] = {}
        self.open = list(range(len(writes)))

    def next_round(self) -> list[int]:
        """Return the places of the orders to insert now."""
        seen: set[object] = set()
        places = []
        for place in self.open:
            claims = _claims(self._orders[place])
            if seen.isdisjoint(claims):
                places.append(place)
            seen.update(claims)
        return places

    def inserted(self, places: Iterable[int]) -> None:
        """Say which were inserted."""
        self._end({place: Added() for place in places})

    def look_up(self, stored: Iterable[Order]) -> None:
        """Say what is stored of the open orders' ids, keys and numbers."""
        holders: dict[object, Order] = {}
        for order in stored:
            holders.update(dict.fromkeys(_claims(order), order))
        results: dict[int, AddResult] = {}
        undecided: set[object] = set()
        for place in self.open:
            order = self._orders[place]
            claims = _claims(order)
            result = _result(order, holders) if undecided.isdisjoint(claims) else None
            if result is None:
                undecided.update(claims)
            else:
                results[place] = result
        self._end(results)

    def results(self) -> list[AddResult]:
        """Return what became of each, in their order."""
        return [self._results[place] for place in range(len(self._orders))]

    def _end(self, results: dict[int, AddResult]) -> None:
        self._results.update(results)
        self.open = [place for place in self.open if place not in results]


def conditions_of_rivals(writes: Sequence[OrderWrite]) -> list[Document]:
    """Return the conditions for stored orders with the id, key or number of one of *writes*."""
    orders = [write.order for write in writes]
    conditions: list[Document] = [
        {"_id": {"$in": [order.order_id for order in orders]}},
        {"orderNumber": {"$in": [order.order_number for order in orders]}},
    ]
    keys = {order.idempotency for order in orders if order.idempotency is not None}
    conditions.extend(
        {"idempotency.subject": key.subject, "idempotency.key": key.key} for key in keys
    )
    return conditions


def _claims(order: Order) -> list[object]:
    """Return what no other order may have: its number, and its key if it has one."""
    key = order.idempotency
    number: object = order.order_number
    return [number] if key is None else [number, (key.subject, key.key)]


def _result(order: Order, holders: dict[object, Order]) -> AddResult | None:
    number, *keys = (holders.get(claim) for claim in _claims(order))
    known = next(iter(keys), None)
    if order.order_id in {holder.order_id for holder in (number, known) if holder is not None}:
        return Added()  # by an earlier try whose answer was lost
    if known is not None:
        return KeyKnown(known)
    return None if number is None else NumberTaken()

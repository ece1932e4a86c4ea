"""What every order store promises about adding and saving."""

import asyncio
from typing import Any

import attrs
import pytest

from inventory_domain.ids import OrderId
from inventory_domain.orders import Order, OrderStatus
from inventory_domain.ports import OrderStore
from inventory_domain.testing.builders import a_token, a_write, an_order, an_order_number
from inventory_domain.testing.contracts.outbox import pending_records
from inventory_domain.writes import Added, Conflict, KeyKnown, NumberTaken, OrderWrite, Saved

__all__ = ["OrderWritesContract", "ids", "next_version"]

RACER_COUNT = 10


def ids(*names: str) -> list[OrderId]:
    """Return *names* as ids of orders."""
    return [OrderId(name) for name in names]


def next_version(order: Order, **changes: Any) -> Order:  # noqa: ANN401
    """Return *order* as its next change leaves it."""
    return attrs.evolve(order, version=order.version + 1, **changes)


class OrderWritesContract:
    """Adding and saving orders; mixed into the suite of the order store."""

    async def test_an_added_order_is_there_with_its_events(self, store: OrderStore) -> None:
        """The order and what it gives rise to are stored together."""
        write = a_write()

        assert list(await store.add([write])) == [Added()]

        assert await store.get(ids("order-1")) == {"order-1": write.order}
        assert await pending_records(store) == list(write.events)

    async def test_adding_nothing_does_nothing(self, store: OrderStore) -> None:
        """An empty batch is an ordinary one."""
        assert list(await store.add([])) == []
        assert list(await store.save([])) == []

    async def test_a_key_that_is_known_answers_the_order_as_it_is_stored(
        self, store: OrderStore
    ) -> None:
        """The second order of one key is not stored, nor are its events."""
        first = an_order("order-1", idempotency=a_token())
        changed = next_version(first, status=OrderStatus.CANCELLED)
        await store.add([OrderWrite(first)])
        await store.save([OrderWrite(changed)])

        results = await store.add([a_write(an_order("order-2", idempotency=a_token()))])

        assert list(results) == [KeyKnown(changed)]
        assert await store.get(ids("order-2")) == {}
        assert await pending_records(store) == []

    async def test_a_key_is_known_from_earlier_in_the_same_batch(self, store: OrderStore) -> None:
        """Writes are taken in their order, each seeing those before it."""
        first = an_order("order-1", idempotency=a_token())
        writes = [a_write(first), a_write(an_order("order-2", idempotency=a_token()))]

        assert list(await store.add(writes)) == [Added(), KeyKnown(first)]

        assert await store.get(ids("order-1", "order-2")) == {"order-1": first}
        assert await pending_records(store) == list(writes[0].events)

    async def test_the_same_key_of_another_subject_is_another_key(self, store: OrderStore) -> None:
        """A key belongs to the subject that sent it."""
        orders = [
            an_order(f"order-{name}", idempotency=a_token("key-1", subject=name))
            for name in ("anna", "ben")
        ]

        assert list(await store.add([OrderWrite(order) for order in orders])) == [Added()] * 2

    async def test_orders_without_a_key_are_never_taken_for_each_other(
        self, store: OrderStore
    ) -> None:
        """No key is not a key."""
        orders = [an_order(f"order-{number}") for number in range(3)]

        assert list(await store.add([OrderWrite(order) for order in orders])) == [Added()] * 3

    async def test_a_number_that_is_taken_is_refused(self, store: OrderStore) -> None:
        """By an order in the store, or earlier in the batch; nothing of the write is stored."""
        number = an_order_number("order-1")
        await store.add([OrderWrite(an_order("order-1"))])
        fresh = an_order("order-3")
        writes = [
            a_write(an_order("order-2", order_number=number)),
            a_write(fresh),
            a_write(an_order("order-4", order_number=fresh.order_number)),
        ]

        assert list(await store.add(writes)) == [NumberTaken(), Added(), NumberTaken()]

        assert list(await store.get(ids("order-2", "order-3", "order-4"))) == ["order-3"]
        assert await pending_records(store) == list(writes[1].events)

    async def test_a_refused_order_leaves_its_key_and_its_number_free(
        self, store: OrderStore
    ) -> None:
        """What was refused left nothing behind."""
        await store.add([OrderWrite(an_order("order-1", idempotency=a_token("key-1")))])
        number = an_order_number("order-1")
        refused = an_order("order-2", order_number=number, idempotency=a_token("key-2"))
        known = an_order("order-3", idempotency=a_token("key-1"))
        await store.add([OrderWrite(refused), OrderWrite(known)])

        second = an_order("order-4", idempotency=a_token("key-2"))
        third = an_order("order-5", order_number=known.order_number)

        assert list(await store.add([OrderWrite(second), OrderWrite(third)])) == [Added()] * 2

    async def test_a_known_key_goes_before_a_taken_number(self, store: OrderStore) -> None:
        """The same request again has both, and is answered with its order."""
        order = an_order("order-1", idempotency=a_token())
        await store.add([OrderWrite(order)])

        again = attrs.evolve(order, order_id=OrderId("order-2"))

        assert list(await store.add([OrderWrite(again)])) == [KeyKnown(order)]

    async def test_of_many_with_one_key_at_once_one_is_added(self, store: OrderStore) -> None:
        """A client that repeats itself impatiently gets one order, every time the same."""
        orders = [
            an_order(f"order-{number}", idempotency=a_token()) for number in range(RACER_COUNT)
        ]

        results = await asyncio.gather(*(store.add([OrderWrite(order)]) for order in orders))

        (winner,) = (
            order for order, result in zip(orders, results, strict=True) if result[0] == Added()
        )
        others = [list(result) for result in results if result[0] != Added()]
        assert others == [[KeyKnown(winner)]] * (RACER_COUNT - 1)
        assert list(await store.get([order.order_id for order in orders])) == [winner.order_id]

    async def test_of_many_with_one_number_at_once_one_is_added(self, store: OrderStore) -> None:
        """An order number names one order."""
        number = an_order_number()
        orders = [an_order(f"order-{racer}", order_number=number) for racer in range(RACER_COUNT)]

        results = await asyncio.gather(*(store.add([OrderWrite(order)]) for order in orders))

        answers = [result[0] for result in results]
        assert answers.count(Added()) == 1
        assert answers.count(NumberTaken()) == RACER_COUNT - 1

    async def test_a_change_of_the_version_that_was_read_is_saved(self, store: OrderStore) -> None:
        """With its events, and nothing of the old version is left."""
        order = an_order()
        await store.add([OrderWrite(order)])
        write = a_write(next_version(order, status=OrderStatus.PROCESSING))

        assert list(await store.save([write])) == [Saved()]

        assert await store.get([order.order_id]) == {order.order_id: write.order}
        assert await pending_records(store) == list(write.events)

    @pytest.mark.parametrize("version", [1, 2, 4], ids=["older", "same", "ahead"])
    async def test_a_change_of_another_version_conflicts(
        self, store: OrderStore, version: int
    ) -> None:
        """The loser learns what is stored now; nothing of its write is."""
        stored = an_order(version=1)
        await store.add([OrderWrite(stored)])
        stored = next_version(stored, status=OrderStatus.PROCESSING)
        await store.save([OrderWrite(stored)])

        results = await store.save([a_write(an_order(version=version, tracking_number="T"))])

        assert list(results) == [Conflict(stored)]
        assert await store.get([stored.order_id]) == {stored.order_id: stored}
        assert await pending_records(store) == []

    async def test_a_change_of_an_order_that_is_not_there_conflicts(
        self, store: OrderStore
    ) -> None:
        """Saving never creates an order."""
        assert list(await store.save([a_write(an_order(version=2))])) == [Conflict(None)]
        assert list(await store.save([a_write(an_order(version=1))])) == [Conflict(None)]

        assert await store.get(ids("order-1")) == {}
        assert await pending_records(store) == []

    async def test_a_conflict_in_a_batch_leaves_the_others_alone(self, store: OrderStore) -> None:
        """Each write stands for itself; results are in the order of the writes."""
        orders = [an_order(f"order-{number}") for number in range(3)]
        await store.add([OrderWrite(order) for order in orders])
        writes = [
            a_write(next_version(orders[0])),
            a_write(attrs.evolve(orders[1], version=5)),
            a_write(next_version(orders[2])),
        ]

        results = await store.save(writes)

        assert list(results) == [Saved(), Conflict(orders[1]), Saved()]
        told = {record.key: record for record in await pending_records(store)}
        assert {*told} == {b"order-0", b"order-2"}

    async def test_two_changes_of_one_version_in_a_batch_conflict(self, store: OrderStore) -> None:
        """Callers that were put into one batch race like any others: the first one wins."""
        order = an_order()
        await store.add([OrderWrite(order)])
        first = next_version(order, tracking_number="first")
        second = next_version(order, tracking_number="second")

        results = await store.save([a_write(first), a_write(second)])

        assert list(results) == [Saved(), Conflict(first)]
        assert await store.get([order.order_id]) == {order.order_id: first}
        assert await pending_records(store) == list(a_write(first).events)

    async def test_changes_that_follow_each_other_in_a_batch_are_all_saved(
        self, store: OrderStore
    ) -> None:
        """Writes are taken in their order, each seeing those before it."""
        order = an_order()
        await store.add([OrderWrite(order)])
        second = next_version(order)
        third = next_version(second)

        assert list(await store.save([a_write(second), a_write(third)])) == [Saved(), Saved()]

        assert await store.get([order.order_id]) == {order.order_id: third}
        assert await pending_records(store) == [*a_write(second).events, *a_write(third).events]

    async def test_of_many_changes_of_one_version_at_once_one_is_saved(
        self, store: OrderStore
    ) -> None:
        """The others conflict with the winner, and only its events wait."""
        order = an_order()
        await store.add([OrderWrite(order)])
        rivals = [
            a_write(next_version(order, tracking_number=f"T-{racer}"))
            for racer in range(RACER_COUNT)
        ]

        results = await asyncio.gather(*(store.save([rival]) for rival in rivals))

        (winner,) = (
            rival for rival, result in zip(rivals, results, strict=True) if result[0] == Saved()
        )
        others = [list(result) for result in results if result[0] != Saved()]
        assert others == [[Conflict(winner.order)]] * (RACER_COUNT - 1)
        assert await store.get([order.order_id]) == {order.order_id: winner.order}
        assert await pending_records(store) == list(winner.events)

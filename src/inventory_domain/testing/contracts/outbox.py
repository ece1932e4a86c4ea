"""What every outbox promises."""
# ruff: noqa: PLR2004 - the numbers are the story that each test tells

from collections.abc import Awaitable, Callable, Sequence

from inventory_domain.ports import Outbox
from inventory_domain.records import OutgoingRecord
from inventory_domain.testing.builders import NOW, an_outgoing_record, later

__all__ = ["OutboxContract", "StoreEvents", "pending_records"]

StoreEvents = Callable[[str, Sequence[OutgoingRecord]], Awaitable[None]]
"""Stores one more change of an order (by its id) together with these records."""

ENTRIES_MAX = 1000
ORDER_COUNT = 5
CHANGE_COUNT = 4


async def pending_records(outbox: Outbox) -> list[OutgoingRecord]:
    """Return every record that waits, in the order in which it will be published."""
    entries = await outbox.pending(ENTRIES_MAX)
    return [record for entry in entries for record in entry.records]


def _told(order_id: str, *values: str) -> list[OutgoingRecord]:
    key = order_id.encode()
    return [an_outgoing_record(key=key, value=value.encode()) for value in values]


class OutboxContract:
    """Mixed into the suites of both stores.

    Fixtures: ``store``, the outbox, empty at first; ``store_events``, see ``StoreEvents``.
    """

    async def test_an_empty_outbox_has_nothing_pending(self, store: Outbox) -> None:
        """Nothing was stored, so nothing waits."""
        assert list(await store.pending(ENTRIES_MAX)) == []

    async def test_stored_records_wait_as_they_were_given(
        self, store: Outbox, store_events: StoreEvents
    ) -> None:
        """Topic, key, value and headers come back byte for byte, and in their order."""
        records = [
            an_outgoing_record("order.created", key=b"order-1", value=b'{"a":1}'),
            an_outgoing_record("inventory.reserve", key=b"\xff\x00", value=b"\xfe\xff"),
            an_outgoing_record("inventory.reserve.dlq", key=None, value=None),
            an_outgoing_record(
                headers=(("name", b"\x80"), ("name", b""), ("other", "Größe".encode()))
            ),
        ]

        await store_events("order-1", records)

        assert await pending_records(store) == records

    async def test_a_change_without_records_leaves_nothing_pending(
        self, store: Outbox, store_events: StoreEvents
    ) -> None:
        """There is nothing to publish for it."""
        await store_events("order-1", [])

        assert await pending_records(store) == []

    async def test_reading_what_is_pending_does_not_take_it(
        self, store: Outbox, store_events: StoreEvents
    ) -> None:
        """What is not marked is given again: the reader may have died."""
        await store_events("order-1", _told("order-1", "a"))

        assert list(await store.pending(ENTRIES_MAX)) == list(await store.pending(ENTRIES_MAX))
        assert await pending_records(store) == _told("order-1", "a")

    async def test_marked_entries_are_forgotten_and_the_others_stay(
        self, store: Outbox, store_events: StoreEvents
    ) -> None:
        """Marking says that exactly these entries were published."""
        for name in ("a", "b", "c"):
            await store_events(f"order-{name}", _told(f"order-{name}", name))
        entries = await store.pending(ENTRIES_MAX)

        await store.mark_published([entries[0].entry_id, entries[2].entry_id])

        assert list(await store.pending(ENTRIES_MAX)) == [entries[1]]

    async def test_marking_nothing_or_what_is_not_there_is_passed_over(
        self, store: Outbox, store_events: StoreEvents
    ) -> None:
        """Another relay may have been quicker: the rest of the batch is marked all the same."""
        await store_events("order-a", _told("order-a", "a"))
        await store_events("order-b", _told("order-b", "b"))
        first, second = await store.pending(ENTRIES_MAX)
        await store.mark_published([first.entry_id])

        await store.mark_published([])
        await store.mark_published([first.entry_id, first.entry_id, second.entry_id])

        assert await pending_records(store) == []

    async def test_at_most_the_wanted_number_of_entries_is_given(
        self, store: Outbox, store_events: StoreEvents
    ) -> None:
        """A relay's batch is bounded, and marking one page brings up the next."""
        for number in range(5):
            await store_events(f"order-{number}", _told(f"order-{number}", str(number)))
        seen: list[OutgoingRecord] = []

        while page := await store.pending(2):
            assert len(page) <= 2
            seen.extend(record for entry in page for record in entry.records)
            await store.mark_published([entry.entry_id for entry in page])

        assert sorted(record.value or b"" for record in seen) == [b"0", b"1", b"2", b"3", b"4"]

    async def test_the_records_of_one_order_wait_in_the_order_of_its_changes(
        self, store: Outbox, store_events: StoreEvents
    ) -> None:
        """However the changes of orders interleave, each order's own come in sequence."""
        for change in range(CHANGE_COUNT):
            for number in range(ORDER_COUNT):
                order_id = f"order-{number}"
                await store_events(order_id, _told(order_id, f"{change}a", f"{change}b"))

        records = await pending_records(store)

        for number in range(ORDER_COUNT):
            own = [record.value for record in records if record.key == f"order-{number}".encode()]
            assert own == [f"{n}{x}".encode() for n in range(CHANGE_COUNT) for x in "ab"]

    async def test_pages_keep_the_records_of_one_order_in_sequence(
        self, store: Outbox, store_events: StoreEvents
    ) -> None:
        """A page that ends between two changes of an order gives the earlier one."""
        for change in range(CHANGE_COUNT):
            await store_events("order-1", _told("order-1", str(change)))
        seen: list[bytes | None] = []

        while page := await store.pending(1):
            seen.extend(record.value for entry in page for record in entry.records)
            await store.mark_published([entry.entry_id for entry in page])

        assert seen == [str(change).encode() for change in range(CHANGE_COUNT)]

    async def test_what_waited_longest_comes_first(
        self, store: Outbox, store_events: StoreEvents
    ) -> None:
        """Oldest first: no order is starved by newer ones."""
        for name in ("a", "b", "c"):
            await store_events(f"order-{name}", _told(f"order-{name}", name))

        (first,) = await store.pending(1)

        assert list(first.records) == _told("order-a", "a")

    async def test_entries_have_ids_of_their_own(
        self, store: Outbox, store_events: StoreEvents
    ) -> None:
        """An id names one entry, also when entries came and went before it."""
        await store_events("order-1", _told("order-1", "a"))
        (gone,) = await store.pending(ENTRIES_MAX)
        await store.mark_published([gone.entry_id])
        await store_events("order-1", _told("order-1", "b"))
        await store_events("order-2", _told("order-2", "c"))

        await store.mark_published([gone.entry_id])
        ids = [entry.entry_id for entry in await store.pending(ENTRIES_MAX)]

        assert len({gone.entry_id, *ids}) == 3

    async def test_a_free_lease_is_taken_and_then_kept_from_others(self, store: Outbox) -> None:
        """One relay works at a time."""
        assert await store.acquire_relay("relay-a", now=NOW, until=later(30))

        assert not await store.acquire_relay("relay-b", now=later(29), until=later(60))

    async def test_the_holder_prolongs_its_lease(self, store: Outbox) -> None:
        """A relay at work keeps the lease past its first end."""
        await store.acquire_relay("relay-a", now=NOW, until=later(30))

        assert await store.acquire_relay("relay-a", now=later(20), until=later(50))

        assert not await store.acquire_relay("relay-b", now=later(40), until=later(70))

    async def test_a_lease_that_ended_can_be_taken_by_anybody(self, store: Outbox) -> None:
        """A dead relay's lease passes on, and the dead one no longer has it."""
        await store.acquire_relay("relay-a", now=NOW, until=later(30))

        assert await store.acquire_relay("relay-b", now=later(31), until=later(60))

        assert not await store.acquire_relay("relay-a", now=later(32), until=later(62))

    async def test_a_refused_holder_changes_nothing(self, store: Outbox) -> None:
        """Asking for a held lease does not prolong it, nor take it over later."""
        await store.acquire_relay("relay-a", now=NOW, until=later(30))
        await store.acquire_relay("relay-b", now=later(10), until=later(90))

        assert await store.acquire_relay("relay-c", now=later(31), until=later(60))

    async def test_the_holder_takes_up_its_own_lease_after_its_end(self, store: Outbox) -> None:
        """A relay that was slow goes on if nobody came in between."""
        await store.acquire_relay("relay-a", now=NOW, until=later(30))

        assert await store.acquire_relay("relay-a", now=later(45), until=later(75))

    async def test_a_lease_of_a_clock_that_was_set_back_holds_nobody_up(
        self, store: Outbox
    ) -> None:
        """Nobody wants one so far ahead: it would not end before the clock is there again."""
        await store.acquire_relay("relay-a", now=later(3600), until=later(3630))

        assert await store.acquire_relay("relay-b", now=NOW, until=later(30))

        assert not await store.acquire_relay("relay-a", now=later(1), until=later(31))

    async def test_a_clock_that_is_a_little_slow_takes_no_lease_away(self, store: Outbox) -> None:
        """The clocks of two relays never agree altogether."""
        await store.acquire_relay("relay-a", now=later(30), until=later(60))

        assert not await store.acquire_relay("relay-b", now=NOW, until=later(30))

    async def test_a_lease_that_was_given_back_can_be_taken_at_once(self, store: Outbox) -> None:
        """Whoever stops holds nobody up until its lease would have ended."""
        await store.acquire_relay("relay-a", now=NOW, until=later(30))
        await store.acquire_relay("relay-a", now=later(10), until=later(10))

        assert await store.acquire_relay("relay-b", now=later(11), until=later(41))

    async def test_giving_back_what_one_does_not_have_frees_nothing(self, store: Outbox) -> None:
        """A relay without the lease stops as well, and the other's lease is still its own."""
        await store.acquire_relay("relay-a", now=NOW, until=later(30))

        assert not await store.acquire_relay("relay-b", now=later(10), until=later(10))

        assert not await store.acquire_relay("relay-c", now=later(11), until=later(41))

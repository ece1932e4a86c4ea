"""Records too large to be kept: they end as broken, and their dead letters fit into any log."""

from collections.abc import Sequence

import attrs
import pytest

from inventory_domain.codec import MESSAGE_BYTES_MAX, Codec
from inventory_domain.dead_letters import Failure, abridge, bury, read_letter
from inventory_domain.errors import BrokenMessage
from inventory_domain.orders import StockState
from inventory_domain.records import Headers, OutgoingRecord, Record, TopicPartition
from inventory_domain.testing.fakes import (
    MemoryBroker,
    MemoryEventLog,
    SequentialIds,
    VirtualClock,
)
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.use_cases.consume import (
    Broken,
    Consumer,
    ConsumerSettings,
    Ended,
    Ending,
    HandlerResult,
)
from inventory_domain.use_cases.waiting_room import Delivery

LIMIT = 20_000
NOW = VirtualClock().now()
RESERVE = (
    b'{"eventType":"STOCK_RESERVE_REQUEST","orderId":"o1","items":[{"productId":"p","qty":1}]}'
)
FAILURE = Failure(
    error_class="broken_message", message="Why.", attempts=2, first_at=NOW, last_at=NOW
)


def a_record(
    value: bytes | None = RESERVE, key: bytes | None = b"o1", headers: Headers = ()
) -> Record:
    return Record("inventory.reserve", 1, 7, key, value, headers, NOW)


@pytest.mark.parametrize(
    "headers",
    [
        (("note", b"x" * MESSAGE_BYTES_MAX),),
        (("n" * MESSAGE_BYTES_MAX, b""),),
        (("", b""),) * (MESSAGE_BYTES_MAX // 16),
    ],
    ids=["a long value", "a long name", "very many"],
)
def test_headers_count_as_a_part_of_the_message(headers: Headers) -> None:
    with pytest.raises(BrokenMessage, match="bytes are more than the 262144 allowed"):
        Codec().read_request(a_record(headers=headers))


def test_key_value_and_headers_are_bound_together() -> None:
    value = RESERVE + b" " * (MESSAGE_BYTES_MAX - len(RESERVE) - len(b"o1") - 16 - len("note"))
    fits = a_record(value, headers=(("note", b""),))

    assert Codec().read_request(fits).order_id == "o1"
    with pytest.raises(BrokenMessage):
        Codec().read_request(attrs.evolve(fits, headers=(("note", b"1"),)))


def test_an_abridged_letter_keeps_the_key_the_place_the_reason_and_the_size() -> None:
    record = a_record(b"x" * 1000, headers=(("original-topic", b"theirs"), ("note", b"n" * 50)))

    short = abridge(bury(record, FAILURE, service="products-service"))

    letter = read_letter(attrs.evolve(record, topic=short.topic, headers=short.headers))
    assert (short.key, short.value) == (b"o1", None)
    assert (letter.origin, letter.offset) == (TopicPartition("inventory.reserve", 1), 7)
    assert (letter.failure.error_class, letter.failure.attempts) == ("broken_message", 2)
    assert letter.failure.message.startswith("Why. (Its 1076 bytes do not fit")
    assert dict(short.headers)["original-bytes"] == b"1076"
    assert "note" not in dict(short.headers)
    assert letter.service == "products-service"


def test_an_abridged_letter_has_no_long_key() -> None:
    short = abridge(bury(a_record(None, key=b"k" * LIMIT), FAILURE, service="any"))

    assert (short.key, dict(short.headers)["original-bytes"]) == (None, b"20000")


class Refusing:
    """Takes what is called good."""

    async def handle(self, deliveries: Sequence[Delivery]) -> Sequence[HandlerResult]:
        return [
            Ended(Ending.APPLIED)
            if one.record.value == b"good"
            else Broken("broken_message", "No.")
            for one in deliveries
        ]


async def test_a_record_that_fits_into_no_dead_letter_holds_nothing_up() -> None:
    clock = VirtualClock(autojump=True)
    broker = MemoryBroker(clock, partition_count=1, record_bytes_max=LIMIT)
    log = MemoryEventLog(broker)
    consumer = Consumer(
        await log.subscribe("group", ["work"]),
        Refusing(),
        log,
        clock=clock,
        ids=SequentialIds(),
        settings=ConsumerSettings(service="tests"),
    )
    sent = [b"good", b"bad", b"x" * (LIMIT - 10), b"worse", b"good"]
    await log.publish([OutgoingRecord("work", b"o1", value) for value in sent])

    await consumer.step()

    assert consumer.outage is None
    [group] = await log.groups()
    assert group.committed == {TopicPartition("work", 0): 5}
    letters = broker.read(TopicPartition("work.dlq", 0), 0, 10)
    by_offset = {read_letter(letter).offset: letter.value for letter in letters}
    assert by_offset == {1: b"bad", 2: None, 3: b"worse"}


async def test_a_rejection_whose_letter_does_not_fit_holds_no_other_order_up() -> None:
    shop = MemoryShop(record_bytes_max=LIMIT)
    await shop.add_products({"lamp": 5})
    padded = RESERVE[:-1] + b',"note":"' + b"x" * (LIMIT - len(RESERVE) - 50) + b'"}'
    await shop.log.publish([OutgoingRecord("inventory.reserve", b"o1", padded)])
    order = await shop.place({"lamp": 1})

    await shop.settle()

    assert (await shop.order(order.order_id)).stock_state is StockState.RESERVED
    [letter] = await shop.dead_letters()
    assert (letter.order_id, letter.is_whole) == ("o1", False)
    assert letter.failure.error_class == "unknown_product"

"""Records that mean harm: they end like any other, and nothing behind them is held up."""

import json
from typing import Any

import pytest

from inventory_domain.codec import Codec
from inventory_domain.dead_letters import (
    Failure,
    bury,
    parse_letter_id,
    read_letter,
    redrive_count,
)
from inventory_domain.errors import BrokenMessage
from inventory_domain.messages import ReserveRequest
from inventory_domain.records import OutgoingRecord, Record
from inventory_domain.testing import NOW
from inventory_domain.testing.shop import MemoryShop

HUGE = b"9" * 5000


def a_record(topic: str, document: dict[str, Any], *headers: tuple[str, bytes]) -> Record:
    return Record(topic, 0, 0, None, json.dumps(document).encode(), headers, NOW)


def an_outcome(**changes: object) -> Record:
    line = {"productId": "lamp", "qty": 1, "stock": 4, "stockVersion": 3}
    document = {
        "eventType": "STOCK_RESERVED",
        "eventId": "e1",
        "orderId": "o1",
        "items": [line],
        "sequence": 1,
        "occurredAt": "2026-01-01T00:00:00.000Z",
    }
    return a_record("inventory.reserved", document | changes)


def a_request(*headers: tuple[str, bytes], **changes: object) -> Record:
    document = {
        "eventType": "STOCK_RESERVE_REQUEST",
        "orderId": "o1",
        "items": [{"productId": "lamp", "qty": 1}],
    }
    return a_record("inventory.reserve", document | changes, *headers)


@pytest.mark.parametrize("count", [HUGE, b"1" * 30, "²".encode(), b"-1", b""])
def test_a_count_that_is_none_counts_as_nothing(count: bytes) -> None:
    assert redrive_count((("redrive-count", count),)) == 0


def test_a_dead_letter_with_absurd_headers_can_be_read() -> None:
    headers = [(name, HUGE) for name in ("original-offset", "original-partition", "attempts")]
    headers.append(("first-failure-at", b"0001-01-01T00:00:00+14:00"))
    letter = read_letter(a_record("inventory.reserve.dlq", {}, *headers))

    assert (letter.offset, letter.origin.partition, letter.failure.attempts) == (0, 0, 0)
    assert letter.failure.first_at == NOW


def test_a_dead_letters_id_with_absurd_numbers_is_none() -> None:
    assert parse_letter_id(f"inventory.reserve.dlq-0-{'9' * 5000}") is None
    assert parse_letter_id(f"inventory.reserve.dlq-0-{2**63}") is None


def test_a_reason_that_is_no_text_for_a_header_is_buried_all_the_same() -> None:
    failure = Failure(
        error_class="x", message="half of a pair: \ud800", attempts=1, first_at=NOW, last_at=NOW
    )

    letter = bury(a_request(), failure, service="tests")

    assert ("error-message", b"half of a pair: ?") in letter.headers


@pytest.mark.parametrize("number", [10**30, 2**63, -1, 1.5, True, None, [], "many"])
def test_an_outcome_with_a_number_that_is_none_is_broken(number: object) -> None:
    with pytest.raises(BrokenMessage):
        Codec().read_outcome(an_outcome(sequence=number))


def test_a_number_with_a_monstrous_exponent_is_refused_at_once() -> None:
    record = an_outcome()
    value = (record.value or b"").replace(b'"sequence": 1', b'"sequence": 1e999999999')

    with pytest.raises(BrokenMessage):
        Codec().read_outcome(Record("inventory.reserved", 0, 0, None, value, (), NOW))


def test_what_is_told_again_of_a_request_is_bounded() -> None:
    long = b"x" * 100_000
    request = Codec().read_request(
        a_request(("correlation-id", long), ("traceparent", long), orderNumber="n" * 9000)
    )

    assert isinstance(request, ReserveRequest)
    assert (request.trace.correlation_id, request.trace.traceparent) == (None, None)
    assert len(request.order_number) < 1000


def test_an_event_id_that_is_none_is_broken() -> None:
    with pytest.raises(BrokenMessage):
        Codec().read_request(a_request(("event-id", b"e" * 9000)))


async def test_a_hostile_record_does_not_hold_up_the_one_behind_it() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})
    bad = a_request(("redrive-count", HUGE))
    await shop.log.publish([OutgoingRecord(bad.topic, b"o1", bad.value, bad.headers)])
    order = await shop.place({"lamp": 2})

    await shop.settle()

    assert (await shop.order(order.order_id)).stock_state == "reserved"
    assert (await shop.product("lamp")).stock == 2

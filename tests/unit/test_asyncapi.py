"""The event reference says what the code does."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from inventory_domain.dead_letters import Failure, bury
from inventory_domain.ids import EventId
from inventory_domain.messages import OutcomeKind, StockOutcome
from inventory_domain.orders import OrderStatus
from inventory_domain.pushes import alert_push, order_pushes, outcome_pushes, stock_push
from inventory_domain.testing.builders import NOW, a_record, a_refused_line, an_order
from inventory_domain.testing.shop import ADMIN, MemoryShop
from inventory_domain.topics import ALL_TOPICS

SOCKETS = Path(__file__).parents[2] / "src" / "adapters" / "socketio"
TELL = re.compile(r'\.tell\(\s*[\w.]+,\s*"(\w+)",\s*(\{[^}]*\})')
KEY = re.compile(r'"(\w+)":')
TOLD_TO_ONE = {"connected", "subscribed", "unsubscribed", "closing"}
REFERENCE = Path(__file__).parents[2] / "docs" / "asyncapi.yaml"


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    return dict(yaml.safe_load(REFERENCE.read_text()))


def check(reference: dict[str, Any], message: dict[str, str], part: str, found: object) -> None:
    name = message["$ref"].rsplit("/", 1)[1]
    schema = reference["components"]["messages"][name][part]
    jsonschema.Draft202012Validator({**schema, "components": reference["components"]}).validate(
        found
    )


def test_every_topic_is_described_and_no_other(reference: dict[str, Any]) -> None:
    assert set(reference["channels"]) - {"sockets"} == set(ALL_TOPICS)


async def busy_shop() -> MemoryShop:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5, "desk": 0})
    delivered = await shop.place({"lamp": 1})
    cancelled = await shop.place({"lamp": 1})
    await shop.place({"desk": 1})
    await shop.settle()
    for status in (OrderStatus.PROCESSING, OrderStatus.SHIPPED, OrderStatus.DELIVERED):
        await shop.change_order.status(delivered.order_id, status, actor=ADMIN)
    await shop.change_order.cancel(cancelled.order_id, actor=ADMIN, reason="too late")
    await shop.settle()
    return shop


async def test_every_published_message_is_as_described(reference: dict[str, Any]) -> None:
    shop = await busy_shop()
    seen = set()
    for topic in ALL_TOPICS:
        [message] = reference["channels"][topic]["messages"].values()
        for at in shop.broker.partitions_of(topic):
            for record in shop.broker.read(at, 0, 100):
                seen.add(topic)
                headers = {name: value.decode() for name, value in record.headers}
                check(reference, message, "headers", headers)
                if not topic.endswith(".dlq"):
                    check(reference, message, "payload", json.loads(record.value or b""))

    assert {topic for topic in ALL_TOPICS if not topic.endswith(".dlq")} <= seen
    assert "inventory.reserve.dlq" in seen


async def test_every_push_is_as_described(reference: dict[str, Any]) -> None:
    shop = await busy_shop()
    order = an_order()
    rejected = StockOutcome(
        event_id=EventId("e1"),
        occurred_at=NOW,
        order_id=order.order_id,
        kind=OutcomeKind.REJECTED,
        sequence=1,
        refused=(a_refused_line(),),
    )
    details = await shop.change_order.status(
        (await shop.place({"lamp": 1})).order_id, OrderStatus.CANCELLED, actor=ADMIN
    )
    pushes = [
        *shop.notifier.pushes,
        *outcome_pushes(order, rejected, now=NOW),
        *order_pushes(details, now=NOW),
        alert_push("dead_letter", "broken_message", "text", now=NOW, topic="inventory.reserve.dlq"),
        stock_push("lamp", 3, now=NOW),
    ]
    described = reference["channels"]["sockets"]["messages"]
    for push in pushes:
        check(reference, described[push.event], "payload", json.loads(json.dumps(push.payload)))

    assert {push.event for push in pushes} >= set(described) - {"order:updated"} - TOLD_TO_ONE


def test_what_the_sockets_tell_one_client_is_described_and_nothing_else(
    reference: dict[str, Any],
) -> None:
    told = [
        (name, payload)
        for module in SOCKETS.glob("*.py")
        for name, payload in TELL.findall(module.read_text(encoding="utf-8"))
    ]
    described = reference["channels"]["sockets"]["messages"]
    for name, payload in told:
        said = dict.fromkeys(KEY.findall(payload), "text")
        check(reference, described[name], "payload", said)

    assert {name for name, _ in told} == TOLD_TO_ONE
    assert set(described) >= TOLD_TO_ONE


def test_the_headers_of_a_dead_letter_are_all_described(reference: dict[str, Any]) -> None:
    failure = Failure(
        error_class="broken_message", message="text", attempts=1, first_at=NOW, last_at=NOW
    )

    letter = bury(a_record(), failure, service="products-service")

    required = reference["components"]["schemas"]["DeadLetterHeaders"]["required"]
    assert [name for name, _ in letter.headers] == required

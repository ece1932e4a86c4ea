"""Numbers that no decimal can hold are faults of their sender, never of ours."""

from decimal import Decimal

import pytest

from apps.container import fast_codec
from inventory_domain.codec import Codec
from inventory_domain.errors import BrokenMessage
from inventory_domain.money import MONEY_MAX, money_fault, parse_money
from inventory_domain.testing.builders import a_record, an_outgoing_record
from inventory_domain.topics import INVENTORY_RESERVE

HUGE = ["1e400", "1e999999", "1e999999999999", "1e99999999999999999999"]


@pytest.mark.parametrize("amount", ["1e400", "1e999999", "1e999999999999"])
def test_an_amount_beyond_every_range_is_refused_as_too_much(amount: str) -> None:
    assert money_fault(Decimal(amount)) == "must be at most 100000000000"


def test_the_largest_amount_is_an_amount() -> None:
    assert parse_money(MONEY_MAX // 100) == MONEY_MAX
    assert money_fault(Decimal(MONEY_MAX) / 100 + Decimal("0.01")) is not None


@pytest.mark.parametrize("codec", [Codec(), fast_codec()], ids=["plain", "fast"])
@pytest.mark.parametrize("number", [*HUGE, "1e-999999", "-1e400"])
@pytest.mark.parametrize("field", ["price", "quantity"])
def test_a_message_with_a_huge_number_is_broken(codec: Codec, number: str, field: str) -> None:
    value = (
        '{"eventType":"STOCK_RESERVE_REQUEST","orderId":"order-1",'
        '"items":[{"productId":"lamp","qty":1,"' + field + '":' + number + "}]}"
    )
    record = a_record(an_outgoing_record(INVENTORY_RESERVE, value=value.encode()))

    with pytest.raises(BrokenMessage):
        codec.read_request(record)

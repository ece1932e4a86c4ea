"""Money is exact: whole minor units inside, two decimals outside."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory_domain.money import MONEY_MAX, Money, money_fault, parse_money, to_number


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        (29, 2900),
        (Decimal("29.99"), 2999),
        (Decimal("29.9"), 2990),
        (Decimal("29.990000"), 2999),
        (Decimal("0.01"), 1),
        (Decimal("-0.0"), 0),
        (Decimal("1E+2"), 10000),
        (Decimal(MONEY_MAX) / 100, MONEY_MAX),
        (Decimal("99999999999.99"), MONEY_MAX - 1),
    ],
)
def test_an_amount_becomes_minor_units(value: int | Decimal, expected: int) -> None:
    assert money_fault(value) is None
    assert parse_money(value) == expected


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (29.99, "must be a number"),
        ("29.99", "must be a number"),
        (True, "must be a number"),
        (None, "must be a number"),
        ([], "must be a number"),
        (Decimal("NaN"), "must be a finite number"),
        (Decimal("Infinity"), "must be a finite number"),
        (Decimal("-Infinity"), "must be a finite number"),
        (-1, "must not be negative"),
        (Decimal("-0.01"), "must not be negative"),
        (Decimal("29.999"), "must have at most two decimals"),
        (Decimal("1E-400"), "must have at most two decimals"),
        (Decimal("0.0000000000000000000000000000000000001"), "must have at most two decimals"),
        (MONEY_MAX // 100 + 1, "must be at most 100000000000"),
        (Decimal("100000000000.01"), "must be at most 100000000000"),
        (Decimal("1E+400"), "must be at most 100000000000"),
        (Decimal("9E+999999999999999999"), "must be at most 100000000000"),
        (10**400, "must be at most 100000000000"),
    ],
)
def test_what_is_no_amount_is_refused_with_its_fault(value: object, fault: str) -> None:
    assert money_fault(value) == fault
    with pytest.raises(ValueError, match=fault):
        parse_money(value)


@given(st.integers(0, MONEY_MAX))
def test_an_amount_survives_json_to_the_cent(cents: int) -> None:
    text = json.dumps(to_number(Money(cents)))

    assert parse_money(json.loads(text, parse_float=Decimal)) == cents


@given(st.integers(0, MONEY_MAX))
def test_two_decimals_are_written_at_most(cents: int) -> None:
    assert Decimal(repr(to_number(Money(cents)))) == Decimal(cents).scaleb(-2)


@given(st.one_of(st.decimals(), st.integers(), st.floats(), st.text(), st.booleans(), st.none()))
def test_anything_is_either_parsed_or_refused_with_a_sentence(value: object) -> None:
    fault = money_fault(value)

    if fault is None:
        assert 0 <= parse_money(value) <= MONEY_MAX
    else:
        assert fault.startswith("must ")

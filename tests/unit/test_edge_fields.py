"""Bodies and queries: what is read, and how every fault is named at once."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.edge.body import decode_object
from apps.edge.errors import MalformedRequest
from apps.edge.fields import FAULT_COUNT_MAX, Fields
from apps.edge.query import QueryFields
from inventory_domain.errors import InvalidRequest

HUGE_OR_TINY = ("1e30", "1e999999999", "-1e999999999", "1e-999999999")


def faults_of(fields: Fields | QueryFields) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as refusal:
        fields.finish()
    return dict(refusal.value.fields)


def test_every_bad_field_is_named_at_once_with_its_path() -> None:
    fields = Fields({"a": "x", "items": [{"qty": 0}, 7], "odd": 1, "deep": {"b": True, "c": 1}})

    fields.integer("a", low=1, high=5)
    for item in fields.objects("items", count_max=5):
        item.integer("qty", low=1, high=5)
    deep = fields.object("deep")
    assert deep is not None
    deep.integer("b", low=0, high=1)
    deep.refuse_unknown()

    assert faults_of(fields) == {
        "a": "must be a whole number",
        "items[0].qty": "must be from 1 to 5",
        "items[1]": "must be an object",
        "odd": "is not known here",
        "deep.b": "must be a whole number",
        "deep.c": "is not known here",
    }


@pytest.mark.parametrize(
    "value", [True, "2", 1.5, Decimal("1.5"), [], {}, *map(Decimal, HUGE_OR_TINY)]
)
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    fields = Fields({"n": value})

    assert fields.integer("n", low=0, high=10) is None
    assert faults_of(fields) == {"n": "must be a whole number"}


@pytest.mark.parametrize("value", [2, Decimal("2.0"), Decimal("2e0")])
def test_a_whole_number_may_be_written_as_a_fraction(value: object) -> None:
    fields = Fields({"n": value})

    assert fields.integer("n", low=0, high=10) == 2
    fields.finish()


@pytest.mark.parametrize("value", ["a\x00b", "\x1b[31m", 5, None, ["a"], "x" * 11, "  "])
def test_a_bad_text_is_refused(value: object) -> None:
    fields = Fields({"t": value})

    assert fields.text("t", length_min=1, length_max=10, required=True) is None
    assert list(faults_of(fields)) == ["t"]


def test_line_breaks_and_any_script_are_texts() -> None:
    text = "Ærø 1\n\t東京 🏠"

    assert Fields({"t": text}).text("t", length_max=20) == text


def test_flags_lists_and_money() -> None:
    fields = Fields({"f": 1, "l": ["a", "", 3], "m": Decimal("0.001"), "n": "x", "o": []})

    assert fields.flag("f") is None
    fields.texts("l", count_max=5, length_max=5)
    fields.texts("n", count_max=5, length_max=5)
    fields.object("o")
    fields.objects("n", count_max=1)
    assert fields.money("m") is None

    assert set(faults_of(fields)) == {"f", "l[1]", "l[2]", "m", "n", "o"}


def test_so_many_faults_are_told_and_no_more() -> None:
    fields = Fields({f"unknown{n}": n for n in range(FAULT_COUNT_MAX + 1)})

    assert 200 < len(faults_of(fields)) <= FAULT_COUNT_MAX


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nope",
        b"NaN",
        b'{"a":NaN}',
        b"[1]",
        b"1",
        b'"a"',
        b"null",
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'{"a":1e99999999999999999999}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
    ids=range(13),
)
def test_what_is_no_json_object_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedRequest, match="The body must be"):
        decode_object(body)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_decoder(body: bytes) -> None:
    try:
        decode_object(body)
    except MalformedRequest:
        return


def query(*pairs: tuple[str, str]) -> QueryFields:
    return QueryFields(pairs)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page", "0"),
        ("page", "-1"),
        ("page", "1.0"),
        ("page", "٣"),
        ("page", "9" * 5000),
        ("limit", "1000"),
        ("limit", ""),
        ("sort", "password"),
        ("sort", "--name"),
    ],
)
def test_bad_paging_is_refused(name: str, value: str) -> None:
    fields = query((name, value))
    fields.paging(["name"], sort="name")

    assert list(faults_of(fields)) == [name]


def test_paging_has_defaults_and_counts_pages() -> None:
    paging = query().paging(["name"], sort="-name")

    assert (paging.sort, paging.page, paging.limit) == ("-name", 1, 20)
    assert paging.meta(41) == {"page": 1, "limit": 20, "total": 41, "pages": 3}


def test_every_bad_parameter_is_named_at_once() -> None:
    fields = query(
        ("m", "1.555"), ("n", "x"), ("t", "noon"), ("f", "maybe"), ("c", "z"), ("i", "a/b")
    )
    read: list[Any] = [
        fields.money("m"),
        fields.money("n"),
        fields.time("t"),
        fields.flag("f"),
        fields.choice("c", ["a", "b"]),
        fields.id("i"),
    ]

    assert read == [None] * 6
    assert set(faults_of(fields)) == {"m", "n", "t", "f", "c", "i"}


def test_unknown_and_repeated_parameters_are_refused() -> None:
    fields = query(("a", "1"), ("a", "2"), ("b", "3"))
    fields.raw("a")

    assert faults_of(fields) == {"a": "is given more than once", "b": "is not known here"}


def test_good_parameters_are_read() -> None:
    fields = query(
        ("m", "1.50"), ("t", "2026-01-31T12:00:00+01:00"), ("u", "2026-01-31T12:00:00 01:00")
    )

    assert fields.money("m") == 150
    assert fields.time("t") == fields.time("u")
    assert fields.text("absent") is None
    fields.finish()

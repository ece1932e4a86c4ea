"""Offers of another protocol: whoever makes one is answered as anybody else is."""

import asyncio
from collections.abc import Sequence

import pytest

from apps.request_heads import BoundedHeads
from tests.support.echo_server import SECONDS_MAX, Echo, raw, sent, served, status_of

pytestmark = pytest.mark.integration

# As Java's client makes it.
OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"


class ByteWise(BoundedHeads):
    """Gets every byte on its own."""

    def data_received(self, data: bytes) -> None:
        for byte in data:
            super().data_received(bytes([byte]))


class HeadFirst(BoundedHeads):
    """Gets what comes behind a head on its own."""

    def data_received(self, data: bytes) -> None:
        while data:
            head, end, data = data.partition(b"\r\n\r\n")
            super().data_received(head + end)


def post(*lines: bytes, body: bytes = b"hello", version: bytes = b"1.1") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    return b"".join(
        (b"POST /shop HTTP/", version, b"\r\nHost: shop\r\n", *lines, length, b"\r\n", body)
    )


def chunked(*lines: bytes) -> bytes:
    head = b"POST /shop HTTP/1.1\r\nHost: shop\r\n"
    chunks = b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
    return b"".join((head, *lines, b"Transfer-Encoding: chunked\r\n\r\n", chunks))


def bare(*lines: bytes) -> bytes:
    return b"".join((b"GET /shop HTTP/1.1\r\nHost: shop\r\n", *lines, b"\r\n"))


@pytest.mark.parametrize("protocol", [BoundedHeads, HeadFirst, ByteWise])
@pytest.mark.parametrize(
    ("requests", "bodies"),
    [
        ([post(OFFER), LAST], [b"hello", b""]),
        ([chunked(OFFER), LAST], [b"hello", b""]),
        ([bare(OFFER), LAST], [b"", b""]),
        ([post(b"UPGRADE: foo/2\r\nconnection: UPGRADE\r\n"), LAST], [b"hello", b""]),
        ([post(OFFER), post(body=b"bye"), chunked(OFFER), LAST], [b"hello", b"bye", b"hello", b""]),
        ([bare(), post(OFFER), bare(OFFER), LAST], [b"", b"hello", b"", b""]),
        ([post(OFFER + b"Connection: close\r\n")], [b"hello"]),
        ([post(OFFER, version=b"1.0")], [b"hello"]),
    ],
    ids=["length", "chunks", "no body", "other", "two", "between", "close", "1.0"],
)
async def test_a_request_with_an_offer_is_answered_as_one_without(
    protocol: type[BoundedHeads], requests: Sequence[bytes], bodies: Sequence[bytes]
) -> None:
    app = Echo()
    async with served(protocol, app) as port, raw(port) as ends:
        answer = await sent(ends, [b"".join(requests)])

    assert app.bodies == bodies
    assert answer.count(b"HTTP/1.1 200 OK") == len(bodies)
    assert answer.count(b"HTTP/1.1") == len(bodies)


async def test_many_offers_sent_before_their_turn_are_all_answered() -> None:
    app = Echo()
    async with served(app=app) as port, raw(port) as ends:
        answer = await sent(ends, [post(OFFER) * 2000 + LAST])

    assert app.bodies == [b"hello"] * 2000 + [b""]
    assert answer.count(b"HTTP/1.1 200 OK") == 2001


async def test_a_body_that_waits_to_be_asked_for_comes_behind_an_offer_too() -> None:
    app = Echo()
    request = post(OFFER, b"Expect: 100-continue\r\n")
    async with served(app=app) as port, raw(port) as (reader, writer):
        writer.write(request.removesuffix(b"hello"))
        async with asyncio.timeout(SECONDS_MAX):
            assert status_of(await reader.readuntil(b"\r\n\r\n")) == 100

        answer = await sent((reader, writer), [b"hello", LAST])

    assert app.bodies == [b"hello", b""]
    assert answer.count(b"HTTP/1.1 200 OK") == 2


async def test_a_head_with_an_offer_is_bounded_as_any_other() -> None:
    line = b"X-A: " + b"a" * BoundedHeads.head_bytes_max + b"\r\n"
    app = Echo()
    async with served(app=app) as port, raw(port) as ends:
        answer = await sent(ends, [bare(OFFER, line)])

    assert status_of(answer) == 431
    assert app.bodies == []


async def test_connect_is_answered_once() -> None:
    request = (
        b"CONNECT / HTTP/1.1\r\nHost: shop\r\nUpgrade: h2c\r\nConnection: close, Upgrade\r\n\r\n"
    )
    async with served() as port, raw(port) as ends:
        answer = await sent(ends, [request])

    assert answer.count(b"HTTP/1.1") == 1

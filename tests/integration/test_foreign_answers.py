"""Answers from a port on which something else sits: they stop nothing, and are said in words."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from structlog.testing import capture_logs

from apps.edge.auth import TokenVerifier, Unauthenticated
from apps.faults import DEPENDENCY_AWAY, CommandFault
from apps.monitor.vitals import Part, Status, Vitals
from apps.monitor.watch import LogWatch
from apps.settings import Settings
from apps.tokens import open_verifier
from inventory_domain.testing.fakes import MemoryBroker, MemoryEventLog, VirtualClock
from tests.support.server_process import LOOPBACK

pytestmark = pytest.mark.integration

SECONDS_MAX = 20.0
GARBAGE = b"garbage\r\n\r\n"
BANNER = b"SSH-2.0-OpenSSH_9.6\r\n"
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"

OLD_KEY, NEW_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in "on")


@asynccontextmanager
async def answering(answers: Sequence[bytes]) -> AsyncIterator[str]:
    """Answer each connection with the next of *answers*, the last one again and again."""
    rest = list(answers)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(rest.pop(0) if len(rest) > 1 else rest[0])
        writer.close()

    async with await asyncio.start_server(answer, LOOPBACK, 0) as server:
        yield f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}"


def key_set(kid: str, key: RSAPrivateKey) -> bytes:
    described = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    body = json.dumps({"keys": [{**described, "kid": kid, "use": "sig"}]}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def signed(kid: str, key: RSAPrivateKey) -> str:
    claims = {"sub": "anna", "roles": ["user"], "iss": "inventory", "exp": time.time() + 60}
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})


def is_known(verifier: TokenVerifier, token: str) -> bool:
    try:
        verifier.verify(token)
    except Unauthenticated:
        return False
    return True


@pytest.mark.parametrize("answer", [GARBAGE, BANNER, HALF])
async def test_after_an_answer_that_is_no_http_new_keys_are_learnt_all_the_same(
    answer: bytes,
) -> None:
    clock = VirtualClock()
    old, new = signed("old", OLD_KEY), signed("new", NEW_KEY)
    answers = [key_set("old", OLD_KEY), answer, key_set("new", NEW_KEY)]
    async with answering(answers) as source:
        with capture_logs() as logs:
            async with open_verifier(Settings(access_token_jwks=source), clock) as verifier:
                assert is_known(verifier, old)

                async with asyncio.timeout(SECONDS_MAX):
                    while not is_known(verifier, new):
                        await clock.advance(1)

                assert not is_known(verifier, old)

    assert [line["event"] for line in logs] == ["key_set_not_renewed"]


@pytest.mark.parametrize("answer", [GARBAGE, BANNER])
async def test_an_issuer_that_speaks_no_http_is_a_dependency_away(answer: bytes) -> None:
    async with answering([answer]) as source:
        with pytest.raises(CommandFault, match=r"cannot be read \(\w+\): check it") as caught:
            async with open_verifier(Settings(access_token_jwks=source), VirtualClock()):
                pass

    assert caught.value.exit_code == DEPENDENCY_AWAY


async def part_at(address: str) -> Part:
    """Return how the service at *address* is."""
    clock = VirtualClock()
    watch = LogWatch(MemoryEventLog(MemoryBroker(clock)), clock)
    vitals = Vitals(watch=watch, probes={}, addresses={"orders service": address})
    [part] = [part for part in await vitals.parts() if part.kind == "service"]
    return part


def refusal(body: bytes) -> bytes:
    return b"HTTP/1.1 503 Busy\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (GARBAGE, "is no service."),
        (BANNER, "is no service."),
        (b"HTTP/1.1 301 Moved\r\nLocation: http://[x/\r\n\r\n", "is no service."),
        (HALF, "is no service."),
        (refusal(b'{"down": {"orders store": "away"}}'), "Not ready: orders store."),
        (refusal(b'{"down": 5}'), "Not ready: status 503."),
        (refusal(b'{"down": null}'), "Not ready: status 503."),
        (refusal(b"[" * 60_000), "Not ready: status 503."),
        (refusal(b"busy"), "Not ready: status 503."),
    ],
)
async def test_a_service_on_whose_port_something_else_answers_is_down(
    answer: bytes, detail: str
) -> None:
    async with answering([answer]) as address:
        part = await part_at(address)

    assert part.status is Status.DOWN
    assert part.detail.endswith(detail)


async def test_an_answer_that_comes_in_drops_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("apps.monitor.vitals._PROBE_SECONDS_MAX", 0.3)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    is_over, gone = asyncio.Event(), asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        left = asyncio.ensure_future(reader.read())
        left.add_done_callback(lambda _: gone.set())
        with contextlib.suppress(ConnectionError):
            while not is_over.is_set():
                writer.write(b"x")
                await writer.drain()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(is_over.wait(), 0.1)
        left.cancel()
        writer.close()

    async with await asyncio.start_server(drip, LOOPBACK, 0) as server:
        address = f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
        try:
            async with asyncio.timeout(SECONDS_MAX):
                part = await part_at(address)
                # Others have work for a thread, and the port is not read from any more.
                await asyncio.to_thread(lambda: None)
                await gone.wait()
        finally:
            is_over.set()

    assert (part.status, part.detail) == (Status.DOWN, f"Nobody answers at {address}.")


@pytest.mark.parametrize("name", [LOOPBACK, "localhost"])
async def test_a_service_that_says_so_is_ready(name: str) -> None:
    """The name may have an address of its own that nobody listens on, such as ::1."""
    async with answering([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"]) as address:
        part = await part_at(address.replace(LOOPBACK, name))

    assert (part.status, part.detail) == (Status.UP, "Ready.")

"""The parts of the libraries that have no public name, and what we rely on them to do.

An upgrade that changes one of them fails here, and says where to look.
"""

import inspect
import logging

import pytest
import socketio

from adapters.socketio import SocketIoSettings
from adapters.socketio.engine import LIBRARY_LOG, NAMESPACE, Engine
from adapters.socketio.outbound import OutboundQueue
from adapters.socketio.packet_json import PacketJson
from adapters.socketio.wires import Wire
from tests.support.socket_io import (
    POLLING,
    WEBSOCKET,
    connected,
    raw_websocket,
    read_to_the_end,
    serving,
    until,
)

pytestmark = pytest.mark.integration


async def test_every_client_waits_in_a_queue_of_ours() -> None:
    async with serving() as shop, connected(shop, "anna"):
        (client,) = shop.engine.sio.eio.sockets.values()

        assert isinstance(client.queue, OutboundQueue)
        await until(lambda: client.queue.qsize() == 0, "an empty queue")
        assert client.queue.waiting_bytes == 0


async def test_the_handler_of_messages_can_be_wrapped() -> None:
    original = socketio.AsyncServer(async_mode="asgi").eio.handlers["message"]

    assert inspect.iscoroutinefunction(original)


def test_who_posts_what_is_none_is_turned_out_by_the_engine() -> None:
    engine = Engine(SocketIoSettings())
    library = socketio.AsyncServer(async_mode="asgi").eio

    assert list(inspect.signature(library.disconnect).parameters) == ["sid"]
    assert "await self.disconnect(sid)" in inspect.getsource(type(library).handle_request)
    assert engine.sio.eio.disconnect == engine._turn_out


async def test_a_client_is_known_by_both_its_ids() -> None:
    async with serving() as shop, connected(shop, "anna") as client:
        sid = client.sio.get_sid()

        assert shop.engine.eio_sid(sid) in shop.engine.open_ids()
        assert shop.engine.sio.manager.is_connected(sid, NAMESPACE)


@pytest.mark.parametrize("transports", [WEBSOCKET, (*POLLING, *WEBSOCKET)])
async def test_the_connection_below_a_client_is_found_and_can_be_broken_off(
    transports: tuple[str, ...],
) -> None:
    async with serving() as shop, connected(shop, "anna", transports=transports) as client:
        await until(lambda: client.sio.transport() == "websocket", "the upgrade")
        (eio_sid,) = shop.engine.open_ids()
        wire = shop.engine._wires.find(eio_sid, shop.engine.sio.environ[eio_sid])
        assert isinstance(wire, Wire)

        wire.cut()

        await client.gone()
        await until(lambda: not shop.engine.open_ids(), "the end of the connection")


async def test_a_client_that_only_polls_has_no_connection_to_break_off() -> None:
    async with serving() as shop, connected(shop, "anna", transports=POLLING):
        (eio_sid,) = shop.engine.open_ids()

        assert shop.engine._wires.find(eio_sid, shop.engine.sio.environ[eio_sid]) is None


async def test_a_refused_connection_leaves_nothing_behind() -> None:
    async with serving() as shop:
        async with connected(shop, "forged"):
            pass

        await until(lambda: not shop.engine.open_ids(), "the end of the connection")
        assert shop.engine.sio.environ == {}
        assert shop.engine.sio.manager.rooms == {}


async def test_the_library_never_logs_what_clients_send(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async with serving() as shop, connected(shop, "a-secret-token"):
        pass

    assert logging.getLogger(LIBRARY_LOG).level == logging.ERROR
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("adapters")]
    assert not [line for line in ours if "a-secret-token" in line]


def test_only_the_origins_that_are_set_may_connect() -> None:
    own = Engine(SocketIoSettings()).sio.eio
    shops = Engine(SocketIoSettings(cors_origins=("https://shop.example",))).sio.eio
    anybody = Engine(SocketIoSettings(cors_origins=("*",))).sio.eio

    assert own.cors_allowed_origins is None, "None is the server's own origin"
    assert shops.cors_allowed_origins == ["https://shop.example"]
    assert anybody.cors_allowed_origins == "*"


def test_json_that_is_too_deep_is_refused_like_any_that_is_none() -> None:
    json = PacketJson()

    for text in ("[" * 10_000, "{", "1" * 5_000, ""):
        with pytest.raises(ValueError, match=r".+"):
            json.loads(text)
    assert json.loads(json.dumps(["order:created", {"n": 1.5}])) == ["order:created", {"n": 1.5}]


async def test_a_websocket_that_speaks_another_language_is_closed() -> None:
    async with serving() as shop, raw_websocket(shop) as websocket:
        await websocket.send("x")

        await read_to_the_end(websocket)

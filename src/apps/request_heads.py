"""What a caller may send before a request is known: HTTP, so many bytes, within so much time."""

import asyncio
from typing import Any, Final, cast

import structlog
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import SecurityError

from apps.edge.answers import Answer, failure
from apps.edge.gate import request_id_of
from apps.upgrades import OffersPassedOver

__all__ = ["BoundedHeads"]

_log = structlog.get_logger(__name__)

_TOO_LARGE: Final = failure(
    431,
    "Request header fields too large",
    "The address and the headers together are too long: send less.",
    details={"code": "head_too_large"},
)
_TOO_SLOW: Final = failure(
    408,
    "Request timeout",
    "The headers did not come to their end in time: try again.",
    details={"code": "head_too_slow"},
)
_MALFORMED: Final = failure(
    400,
    "Malformed request",
    "This is not valid HTTP: percent-encode the address, and check the headers and the length.",
    details={"code": "malformed_request"},
)
_REASONS: Final = {
    400: b"Bad Request",
    408: b"Request Timeout",
    431: b"Request Header Fields Too Large",
}
_COLON_AND_END: Final = 4


class _TooLarge(Exception):
    """Stops the parser; it never leaves it."""


class BoundedHeads(OffersPassedOver):
    """An HTTP connection, which keeps what it is sent until a head is complete.

    So whoever sends heads without an end is answered, if no other answer is under way, and cut off;
    so is who sends what is no HTTP, behind the answers to what was. A request that comes in one
    piece, as nearly all do, costs a few additions and no timer.
    """

    head_bytes_max = 64 * 1024
    head_seconds_max = 10.0

    def __init__(self, *args: Any, **named: Any) -> None:  # noqa: ANN401 - passed on as it is
        super().__init__(*args, **named)
        # Bytes since the parser last finished something: a head, a piece of a body, a request.
        self._unfinished = 0
        self._is_in_head = False
        self._is_too_large = False
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, unless it is too much."""
        self._unfinished += len(data)
        super().data_received(data)
        if self._unfinished > self.head_bytes_max:
            self._refuse(_TOO_LARGE)
        elif self._patience is None and self._awaits_head():
            self._wait()

    def on_message_begin(self) -> None:
        """Note that a head has begun."""
        self._is_in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Let the request in, unless its head came in one piece and was too large."""
        self._is_in_head = False
        self._wait_no_more()
        self._is_too_large = (
            self._unfinished > self.head_bytes_max and self._head_bytes() > self.head_bytes_max
        )
        self._unfinished = 0
        if self._is_too_large:
            raise _TooLarge
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a piece of a body on; how much of it is wanted is known elsewhere."""
        self._unfinished = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Count from here."""
        self._unfinished = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser stopped at."""
        if self._is_too_large:
            self._refuse(_TOO_LARGE)
        elif self._is_answering() and not self._is_let_in():
            # What came before was sound: it gets its answer, the last on this connection.
            self.cycle.keep_alive = False
        else:
            self._refuse(_MALFORMED, msg)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over, and refuse the head if the websocket's own parser does.

        That one takes less: 8 KiB a line, 128 lines, no body. It has the whole head by now; if it
        made no request of it, it never will, and uvicorn neither answers nor closes.
        """
        super().handle_websocket_upgrade()
        taker = cast("WebSocketsSansIOProtocol", self.transport.get_protocol())
        if not taker.handshake_initiated:
            fault = taker.conn.handshake_exc
            too_much = isinstance(fault, SecurityError)
            self._refuse(_TOO_LARGE if too_much else _MALFORMED, str(fault))

    def _head_bytes(self) -> int:
        lines = sum(len(name) + len(value) + _COLON_AND_END for name, value in self.headers)
        return len(self.url) + lines

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _is_let_in(self) -> bool:
        """Tell whether the app has the request that is being read."""
        return self.cycle is not None and self.cycle.scope is self.scope

    def _may_answer(self) -> bool:
        """Tell whether what is written now is the answer to the request that is being read."""
        if self._is_let_in():
            return not self.cycle.response_started and not self.pipeline
        return not self._is_answering()

    def _awaits_head(self) -> bool:
        if self._is_answering() and not self._is_in_head:
            return False
        # A connection that became a websocket's has another protocol.
        return not self.transport.is_closing() and self.transport.get_protocol() is self

    def _wait(self) -> None:
        self._patience = self.loop.call_later(self.head_seconds_max, self._lose_patience)

    def _wait_no_more(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose_patience(self) -> None:
        if self._is_answering():
            # Nothing is read for a while when requests come before their turn.
            self._wait()
        elif self._is_in_head:
            self._refuse(_TOO_SLOW)
        else:
            self.transport.close()

    def _refuse(self, answer: Answer, reason: str = "") -> None:
        self._wait_no_more()
        if self.transport.is_closing():
            return
        _log.info("request_head_refused", status=answer.status, reason=reason, client=self.client)
        if self._may_answer():
            self.transport.write(_text(answer, request_id_of({"headers": self.headers or ()})))
        self.transport.close()


def _text(answer: Answer, request_id: str) -> bytes:
    head = (
        b"HTTP/1.1 %d %s\r\n" % (answer.status, _REASONS[answer.status]),
        b"content-type: application/json\r\n",
        b"content-length: %d\r\n" % len(answer.body),
        b"connection: close\r\n",
        b"x-request-id: %s\r\n\r\n" % request_id.encode(),
    )
    return b"".join((*head, answer.body))

"""Offers to go on in another protocol: a websocket's is taken up, any other is passed over."""

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["OffersPassedOver"]


class OffersPassedOver(HttpToolsProtocol):
    """uvicorn's HTTP connection, which answers a request with an offer as it does one without.

    Java's client offers HTTP/2 with its first request. To the parser such a request ends with its
    head, and what follows is the other protocol's: uvicorn answers as if there were no body, and
    then takes the body for a request. So the parser is given the head again, without the offer,
    and what follows. A request that offers nothing costs hardly more than before.
    """

    def data_received(self, data: bytes) -> None:
        """Parse what came, as uvicorn does, but also what follows an offer."""
        self._unset_keepalive_if_required()
        try:
            self._parse(data)
        except HttpParserError as error:
            self.send_400_response(str(error))
        except HttpParserUpgrade:
            # Otherwise it was CONNECT, and what follows that is no HTTP.
            if self._should_upgrade():
                self.handle_websocket_upgrade()

    def on_headers_complete(self) -> None:
        """Begin to answer, unless the head comes again."""
        if not self._is_offer_passed_over():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End the body, unless the parser has yet to see it."""
        if not self._is_offer_passed_over():
            super().on_message_complete()

    def _parse(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                self.parser.feed_data(rest)
            except HttpParserUpgrade as stop:
                if not self._is_offer_passed_over():
                    raise
                rest = rest[stop.args[0] :]
                head = self._head_without_offer()
                # The old one reads nothing more where the connection ends with this request.
                self.parser = HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
                self.parser.feed_data(head)
            else:
                return

    def _is_offer_passed_over(self) -> bool:
        # To the parser CONNECT is an offer too, though not one that could be left out.
        return (
            self.parser.should_upgrade()
            and self.parser.get_method() != b"CONNECT"
            and not self._should_upgrade()
        )

    def _head_without_offer(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join((*lines, b"", b""))

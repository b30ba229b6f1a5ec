"""Parsers of answers: ``h11`` here, ``httptools`` in ``fast_parser`` when it is installed.

Both are driven the same way: :meth:`~ResponseParser.start` before each request, then
:meth:`~ResponseParser.feed` until :attr:`~ResponseParser.done`. What has been understood so far
stands in the attributes. The parser frames the answer; whatever arrives beyond it is never given
out and makes the connection unfit for another request.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import h11

__all__ = [
    "CUT_BODY",
    "CUT_HEAD",
    "HEAD_TOO_LONG",
    "MAX_HEAD_BYTES",
    "H11Parser",
    "Headers",
    "ParseError",
    "ResponseParser",
    "available_parsers",
]

Headers = list[tuple[bytes, bytes]]

MAX_HEAD_BYTES = 64 * 1024
"""The most that a head, with the informational answers before it, or the trailers may hold."""

HEAD_TOO_LONG = f"the head of the answer is longer than {MAX_HEAD_BYTES} bytes"
CUT_HEAD = "the server closed the connection before the answer's head was complete"
CUT_BODY = "the server closed the connection before the answer was complete"


class ParseError(Exception):
    """The answer is no HTTP, is cut short, or has a head that is too long."""


class ResponseParser(ABC):
    """Reads one answer after another from one connection."""

    status: int
    reason: bytes
    version: bytes
    headers: Headers
    """Names as they were sent; complete once ``head_done``."""
    pieces: list[bytes]
    """What has arrived of the body; whoever takes it puts an empty list in its place."""
    head_done = False
    done = False
    """The whole answer is here."""
    reusable = False
    """Once ``done``: the connection may carry another request."""

    def start(self, method: str) -> None:
        """Get ready for the answer to a request."""
        self.headers = []
        self.pieces = []
        self.reason = b""
        self.head_done = self.done = self.reusable = False
        self._start(method)

    @abstractmethod
    def _start(self, method: str) -> None: ...

    @abstractmethod
    def feed(self, data: bytes) -> None:
        """Understand some more bytes.

        Raises:
            ParseError: they are no HTTP answer.
        """

    @abstractmethod
    def feed_eof(self, *, cut: bool) -> None:
        """The server has closed; ``cut``: without TLS's word that this was the end.

        Raises:
            ParseError: the answer is not complete.
        """


class H11Parser(ResponseParser):
    """The answers as ``h11`` reads them."""

    # What h11 must be told has been sent before it reads an answer. Only the method matters to
    # it, so the events are made once for each.
    _requests: dict[str, h11.Request] = {}  # noqa: RUF012
    _end_of_request = h11.EndOfMessage()

    def __init__(self) -> None:
        self._h11 = self._new()

    @staticmethod
    def _new() -> h11.Connection:
        return h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)

    def _start(self, method: str) -> None:
        if self._h11.our_state is h11.DONE:
            self._h11.start_next_cycle()
        request = self._requests.get(method)
        if request is None:
            request = h11.Request(method=method, target="/", headers=[("host", "h")])
            self._requests[method] = request
        self._h11.send(request)
        self._h11.send(self._end_of_request)
        self._head_bytes = 0

    def feed(self, data: bytes) -> None:
        if not self.head_done:
            # h11 bounds each head; a server may send any number of informational ones.
            self._head_bytes += len(data)
            if self._head_bytes > 2 * MAX_HEAD_BYTES:
                raise ParseError(HEAD_TOO_LONG)
        self._h11.receive_data(data)
        self._read_events()

    def feed_eof(self, *, cut: bool) -> None:
        if not self.head_done:
            raise ParseError(CUT_HEAD)
        self._h11.receive_data(b"")
        self._read_events()
        self.reusable = False
        if cut:
            raise ParseError(CUT_BODY)

    def _read_events(self) -> None:
        connection = self._h11
        try:
            while True:
                event = connection.next_event()
                if isinstance(event, h11.Data):
                    self.pieces.append(bytes(event.data))
                elif isinstance(event, h11.Response):
                    self.status = event.status_code
                    self.reason = bytes(event.reason)
                    self.version = b"HTTP/" + bytes(event.http_version)
                    self.headers = event.headers.raw_items()
                    self.head_done = True
                elif isinstance(event, h11.EndOfMessage):
                    self.done = True
                    self.reusable = (
                        connection.their_state is h11.DONE and not connection.trailing_data[0]
                    )
                    return
                elif not isinstance(event, h11.InformationalResponse):
                    return
        except h11.RemoteProtocolError as error:
            raise ParseError(str(error)) from error


def available_parsers() -> dict[str, type[ResponseParser]]:
    """The parsers that can be used here, by name, the fastest last."""
    parsers: dict[str, type[ResponseParser]] = {"h11": H11Parser}
    try:
        from ecrclient._runtime.transport.fast_parser import HttptoolsParser
    except ImportError:
        return parsers
    return {**parsers, "httptools": HttptoolsParser}

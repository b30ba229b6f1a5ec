"""The response parser without extras: a regular expression for usual responses, else ``h11``.

AWS's responses have a head in one piece, ASCII headers and a Content-Length. Reading such a head
takes one regular expression, a tenth of the time that h11 takes. h11, a dependency of httpx, is
imported for the first response that has anything else.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import Any

from ecrclient._awsjson.support.bounded_text import MAX_NAME, shorten
from ecrclient._awsjson.transport.parser import (
    CUT_BODY,
    CUT_HEAD,
    MAX_HEAD_BYTES,
    ParseError,
    ResponseParser,
)
from ecrclient._awsjson.transport.response import Headers

__all__ = ["H11Parser", "load_h11"]

# RFC 9112, sections 4 and 5, without obsolete forms and without blanks at the end of a line. There
# is only one way to match a line, so matching takes linear time.
_USUAL_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9][0-9]) ([\t -~]*)\r\n"
    rb"((?:[-!#$%&'*+.^_`|~0-9A-Za-z]+:(?:[\t -~]*[!-~])?\r\n)*)\r\n"
)
_FIELDS = re.compile(rb"([^:]+):[\t ]*(.*)\r\n")
_BODILESS = frozenset({204, 304})
_MAX_DIGITS = 15


class H11Parser(ResponseParser):
    """Parses responses with a regular expression, or with ``h11``."""

    def __init__(self) -> None:
        self._method = ""
        self._h11: Any = None
        """The connection of h11 that reads the current response; None: this class reads it."""
        self._missing = 0
        """The bytes of the body that have not arrived yet."""
        self._keep_alive = True

    def _start(self, method: str) -> None:
        self._method = method
        self._h11 = None

    def _feed(self, data: bytes) -> None:
        if self._h11 is None:
            if self.head_done:
                self._take(data)
                return
            size = 0 if self._method == "HEAD" else self._read_head(data)
            if size:
                self._take(data[size:])
                return
            self._h11 = _new_connection(self._method)
        self._h11.receive_data(data)
        self._read_events()

    def feed_eof(self, *, cut: bool) -> None:
        if not self.head_done:
            raise ParseError(CUT_HEAD)
        if self._h11 is None:
            raise ParseError(CUT_BODY)
        self._h11.receive_data(b"")
        self._read_events()
        self.reusable = False
        if cut:
            raise ParseError(CUT_BODY)

    # -- usual responses ---------------------------------------------------------------------------

    def _read_head(self, data: bytes) -> int:
        """Read a usual head; return its size, or 0 if it is not a usual one."""
        head = _USUAL_HEAD.match(data)
        if head is None:
            return 0
        headers: Headers = _FIELDS.findall(head[3])
        length = None
        keep_alive = True
        for name, value in headers:
            lowered = name.lower()
            if lowered == b"content-length":
                if length is not None or not value.isdigit() or len(value) > _MAX_DIGITS:
                    return 0
                length = int(value)
            elif lowered == b"connection":
                if value.lower() not in {b"keep-alive", b"close"}:
                    return 0
                keep_alive = keep_alive and value.lower() == b"keep-alive"
            elif lowered in {b"transfer-encoding", b"upgrade"}:
                return 0
        status = int(head[1])
        if length is None or status in _BODILESS:
            return 0
        self.status, self.reason, self.version = status, head[2], b"HTTP/1.1"
        self.headers = headers
        self.head_done = True
        self._missing, self._keep_alive = length, keep_alive
        return head.end()

    def _take(self, data: bytes) -> None:
        """Take bytes of the body; those after its end are dropped."""
        if self.done:
            self.reusable = self.reusable and not data
            return
        missing = self._missing - len(data)
        has_more = missing < 0
        if has_more:
            data = data[:missing]
        if data:
            self.pieces.append(data)
        self._missing = max(missing, 0)
        if missing <= 0:
            self.done = True
            self.reusable = self._keep_alive and not has_more

    # -- all others --------------------------------------------------------------------------------

    def _read_events(self) -> None:
        h11, connection = load_h11(), self._h11
        try:
            while True:
                event = connection.next_event()
                if isinstance(event, h11.Data):
                    if event.chunk_end:  # unlike chunk_start, also if the header came alone
                        self._count_chunk()
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
            raise ParseError(shorten(str(error), MAX_NAME)) from error


@cache
def load_h11() -> Any:
    """Import h11."""
    return import_module("h11")


def _new_connection(method: str) -> Any:
    """A connection of h11, which reads a response only after the events of its request."""
    h11 = load_h11()
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
    # Only the method matters to h11.
    connection.send(h11.Request(method=method, target="/", headers=[("host", "h")]))
    connection.send(h11.EndOfMessage())
    return connection

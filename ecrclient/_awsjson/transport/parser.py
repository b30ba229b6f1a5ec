"""What parsers of answers do: ``h11_parser``, or ``fast_parser`` where ``httptools`` is installed.

Both are driven the same way: :meth:`~ResponseParser.start` before each request, then
:meth:`~ResponseParser.feed` until :attr:`~ResponseParser.done`. What has been understood so far
stands in the attributes. The parser frames the answer; whatever arrives beyond it is never given
out and makes the connection unfit for another request.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from ecrclient._awsjson.transport.response import Headers

__all__ = [
    "CUT_BODY",
    "CUT_HEAD",
    "FRAMING_TOO_LONG",
    "HEAD_TOO_LONG",
    "MAX_HEAD_BYTES",
    "ParseError",
    "ResponseParser",
]

MAX_HEAD_BYTES = 64 * 1024
"""The bytes outside the body that may arrive together: heads, chunk headers, trailers.

After them, each byte of the body entitles the server to 16 more: enough for chunks of one byte.
"""
_FRAMING_PER_BODY_BYTE = 16

HEAD_TOO_LONG = f"the head of the answer is longer than {MAX_HEAD_BYTES} bytes"
FRAMING_TOO_LONG = (
    f"the chunk headers or trailers of the answer are longer than {MAX_HEAD_BYTES} bytes"
)
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
        self._framing_left = MAX_HEAD_BYTES
        self._start(method)

    @abstractmethod
    def _start(self, method: str) -> None: ...

    def feed(self, data: bytes) -> None:
        """Parse some more bytes.

        Raises:
            ParseError: They are not an HTTP response, or there is too much outside its body.
        """
        pieces_before = len(self.pieces)
        self._feed(data)
        if not self.done:
            body = sum(map(len, self.pieces[pieces_before:]))
            left = self._framing_left - (len(data) - body)
            if left < 0:
                raise ParseError(FRAMING_TOO_LONG if self.head_done else HEAD_TOO_LONG)
            self._framing_left = min(MAX_HEAD_BYTES, left + _FRAMING_PER_BODY_BYTE * body)

    @abstractmethod
    def _feed(self, data: bytes) -> None: ...

    @abstractmethod
    def feed_eof(self, *, cut: bool) -> None:
        """The server has closed; ``cut``: without TLS's word that this was the end.

        Raises:
            ParseError: the answer is not complete.
        """

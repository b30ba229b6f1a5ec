"""The interface of the response parsers, ``h11_parser`` and ``httptools_parser``.

A connection calls `ResponseParser.start` before each request, then
`ResponseParser.feed` until `ResponseParser.done`. The attributes contain what has
been parsed so far. Bytes after the end of the response are never returned; they make the connection
unusable for another request.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from ecrclient._awsjson.transport.response import Headers

__all__ = [
    "CUT_BODY",
    "CUT_HEAD",
    "FRAMING_TOO_LONG",
    "HEAD_TOO_LONG",
    "MAX_CHUNKS",
    "MAX_HEAD_BYTES",
    "TOO_MANY_CHUNKS",
    "ParseError",
    "ResponseParser",
]

MAX_HEAD_BYTES = 64 * 1024
"""The bytes outside the body that may arrive together: heads, chunk headers, trailers.

After them, each byte of the body entitles the server to 16 more: enough for chunks of one byte.
"""
_FRAMING_PER_BODY_BYTE = 16

MAX_CHUNKS = 64 * 1024
"""The chunks of one response: enough for 64 MiB in chunks of 1 KiB.

Parsing takes about the same CPU time for each chunk, whatever its size.
"""

HEAD_TOO_LONG = f"the head of the response is longer than {MAX_HEAD_BYTES} bytes"
FRAMING_TOO_LONG = (
    f"the chunk headers or trailers of the response are longer than {MAX_HEAD_BYTES} bytes"
)
TOO_MANY_CHUNKS = f"the response has more than {MAX_CHUNKS} chunks"
CUT_HEAD = "the server closed the connection before the head of the response was complete"
CUT_BODY = "the server closed the connection before the response was complete"


class ParseError(Exception):
    """The response is not valid HTTP, is truncated, or exceeds a limit of the parser."""


class ResponseParser(ABC):
    """Reads one response after another from one connection."""

    status: int
    reason: bytes
    version: bytes
    headers: Headers
    """Names as they were sent; complete once ``head_done``."""
    pieces: list[bytes]
    """The parts of the body received so far; a caller that takes them assigns an empty list."""
    head_done = False
    done = False
    """The response is complete."""
    reusable = False
    """Once ``done``: the connection may carry another request."""

    def start(self, method: str) -> None:
        """Prepare for the response to a request."""
        self.headers = []
        self.pieces = []
        self.reason = b""
        self.head_done = self.done = self.reusable = False
        self._framing_left = MAX_HEAD_BYTES
        self._chunks = 0
        self._start(method)

    @abstractmethod
    def _start(self, method: str) -> None: ...

    def feed(self, data: bytes) -> None:
        """Parse more bytes.

        Raises:
            ParseError: They are not an HTTP response, or it has too many bytes outside its body, or
                too many chunks.
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

    def _count_chunk(self) -> None:
        self._chunks += 1
        if self._chunks > MAX_CHUNKS:
            raise ParseError(TOO_MANY_CHUNKS)

    @abstractmethod
    def feed_eof(self, *, cut: bool) -> None:
        """Handle the end of the connection.

        Args:
            cut: Whether the connection ended without TLS's closing message.

        Raises:
            ParseError: The response is incomplete.
        """

"""The body of a response while it arrives: coalesced, decoded and bounded."""

from __future__ import annotations

import io
from collections.abc import Iterable

import anyio.lowlevel

from ecrclient._awsjson.transport.content_encoding import Decoder, find_encoding
from ecrclient._awsjson.transport.errors import ResponseTooLarge
from ecrclient._awsjson.transport.response import too_large

__all__ = ["Body"]


class Body:
    """Collects a body in one buffer, since a server can send a large body in very small pieces.

    Args:
        headers: The headers of the response.
        limit: The longest body in bytes, as received and as decoded.

    Raises:
        UnsupportedEncodingError: The body has an encoding that cannot be decoded within a limit.
    """

    def __init__(self, headers: Iterable[tuple[bytes, bytes]], limit: int) -> None:
        encoding = find_encoding(headers)
        self._decoder = None if encoding is None else Decoder(encoding)
        self._limit = limit
        self._received = 0
        # ``BytesIO.getvalue`` does not copy.
        self._buffer = io.BytesIO()

    async def add(self, data: bytes) -> None:
        """Add received bytes; decoding them does not block the event loop for long.

        Raises:
            ResponseTooLarge: The body is longer than the limit.
            ContentDecodingError: The body is not encoded in the way that its headers declare.
        """
        self._received += len(data)
        self._check(self._received)
        if self._decoder is None:
            self._buffer.write(data)
            return
        for piece in self._decoder.decode(data):
            self._buffer.write(piece)
            self._check(self._buffer.tell())
            await anyio.lowlevel.checkpoint()

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise ResponseTooLarge(too_large(self._limit))

    def finish(self) -> bytes:
        """Return the whole body.

        Raises:
            ContentDecodingError: The encoded data ends too early.
        """
        if self._decoder is not None:
            self._decoder.finish()
        return self._buffer.getvalue()

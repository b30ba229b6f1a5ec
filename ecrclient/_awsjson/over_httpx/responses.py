"""Responses as ``httpx`` objects whose bodies have a size limit; ``body`` decodes them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, cast

import anyio
import httpx

from ecrclient._awsjson.over_httpx.error_translation import to_httpx
from ecrclient._awsjson.transport.body import Body
from ecrclient._awsjson.transport.content_encoding import find_encoding
from ecrclient._awsjson.transport.errors import TransportError
from ecrclient._awsjson.transport.response import Headers

__all__ = ["BoundedResponse", "WholeResponse", "read_bounded"]


class WholeResponse(httpx.Response):
    """A response whose body is complete and needs no decoding.

    ``httpx.Response`` reads any body through three nested generators, which for a small response
    take longer than receiving it.
    """

    def __init__(
        self,
        status: int,
        headers: Headers,
        body: bytes,
        extensions: dict[str, Any],
        request: httpx.Request | None,
    ) -> None:
        super().__init__(
            status,
            headers=headers,
            stream=httpx.ByteStream(body),
            extensions=extensions,
            request=request,
        )
        # ``httpx.Response`` checks this attribute before it reads. If a later version does not, it
        # reads the stream, which contains the same bytes.
        self._content = body

    async def aread(self) -> bytes:
        """Return the body."""
        if not self.is_closed:
            await self.aclose()
        return self._content


class BoundedResponse(httpx.Response):
    """A response that has not been read yet, with a size limit.

    ``httpx.Response`` decodes each received piece completely, however large the result, and keeps
    each as a separate object, however small it is.

    Args:
        limit: The maximum number of bytes of the body, as received and as decoded.

    Raises:
        UnsupportedEncodingError: The body has an encoding that cannot be decoded within a limit.
    """

    def __init__(
        self,
        status: int,
        headers: Headers,
        stream: httpx.AsyncByteStream,
        extensions: dict[str, Any],
        request: httpx.Request,
        *,
        limit: int,
    ) -> None:
        self._is_encoded = find_encoding(headers) is not None
        self._limit = limit
        super().__init__(
            status, headers=headers, stream=stream, extensions=extensions, request=request
        )

    async def aread(self) -> bytes:
        """Return the decoded body.

        Raises:
            httpx.DecodingError: The body is not encoded in the way that its headers declare.
            httpx.RemoteProtocolError: The body is longer than the limit.
        """
        if not hasattr(self, "_content"):
            await _read(self, self._limit)
        return self._content

    async def aiter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """Yield the body; an encoded body is received completely and decoded first."""
        if self._is_encoded:
            await self.aread()
        async for piece in super().aiter_bytes(chunk_size):
            yield piece


async def read_bounded(response: httpx.Response, limit: int) -> None:
    """Read the response of any transport within *limit*; a ``BoundedResponse`` keeps its own limit.

    Does nothing if the response has been read.

    Raises:
        httpx.DecodingError: The body is not encoded in the way that its headers declare, or it
            has an encoding that cannot be decoded within a limit.
        httpx.RemoteProtocolError: The body is longer than *limit* bytes.
    """
    if hasattr(response, "_content") or isinstance(response, BoundedResponse):
        await response.aread()
        return
    stream = response.stream
    if isinstance(stream, httpx.AsyncByteStream):
        response.stream = _ClosingStream(stream)
    try:
        await _read(response, limit)
    except BaseException:
        with anyio.CancelScope(shield=True):
            await response.aclose()
        raise


class _ClosingStream(httpx.AsyncByteStream):
    """A stream that closes its iterator, often a generator, even if it is not exhausted."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream
        self._pieces: AsyncIterator[bytes] = aiter(stream)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces

    async def aclose(self) -> None:
        try:
            close = getattr(self._pieces, "aclose", None)  # generators have it
            if close is not None:
                await close()
        finally:
            await self._stream.aclose()


async def _read(response: httpx.Response, limit: int) -> None:
    try:
        body = Body(response.headers.raw, limit)
        pieces = cast("AsyncGenerator[bytes]", response.aiter_raw())
        async with aclosing(pieces):
            async for piece in pieces:
                await body.add(piece)
        # ``httpx.Response`` reads this attribute in ``content``, ``text``, ``json`` and so on.
        response._content = body.finish()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    except TransportError as error:
        raise to_httpx(error, response._request) from error  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

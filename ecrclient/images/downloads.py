"""Downloads of blobs over presigned URLs, resumed where they broke off.

A URL of GetDownloadUrlForLayer is valid for an hour, and a connection may break at any time. In
both cases the download continues with a new URL and a Range request (RFC 9110, section 14) from the
next byte on.
"""

from __future__ import annotations

import re
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
)
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import anyio

from ecrclient.images.errors import ContentMismatchError, DownloadError
from ecrclient.images.manifests import Descriptor
from ecrclient.images.stores import PIECE_BYTES, OnRetry

if TYPE_CHECKING:
    import httpx

__all__ = ["DownloadBlob", "Downloads"]

_MAX_FAILURES = 6
"""Consecutive failures without a byte in between, after which a download is given up."""
_MAX_REDIRECTS = 3
_FIRST_DELAY = 0.25
_MAX_DELAY = 8.0

_OK = 200
_PARTIAL = 206
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_EXPIRED = frozenset({401, 403})
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class Downloads:
    """What every download of a client shares.

    Args:
        transport_to: Returns the transport for a URL.
        timeouts: The timeouts of an ``httpx.Request``, in seconds; None: no limit.
    """

    def __init__(
        self,
        transport_to: Callable[[str], Awaitable[httpx.AsyncBaseTransport]],
        timeouts: Mapping[str, float | None],
    ) -> None:
        self._transport_to = transport_to
        self._timeouts = timeouts

    async def get(self, url: str, start: int, stop: int | None) -> httpx.Response:
        """Request the bytes from *start* to *stop*; the caller must close the response.

        Raises:
            httpx.TransportError: There was no response.
            httpx.UnsupportedProtocol: The URL is invalid, or must not be used.
            ConfigurationError: The transport cannot be created.
        """
        import httpx

        base = url
        for _ in range(_MAX_REDIRECTS):
            url, host = _resolved(base, url)
            transport = await self._transport_to(url)
            headers = {"host": host, "accept-encoding": "identity"}
            if start or stop is not None:
                headers["range"] = f"bytes={start}-{'' if stop is None else stop - 1}"
            extensions = {"timeout": self._timeouts}
            request = httpx.Request("GET", url, headers=headers, extensions=extensions)
            response = await transport.handle_async_request(request)
            target = response.headers.get("location")
            if response.status_code not in _REDIRECTS or target is None:
                return response
            with anyio.CancelScope(shield=True):
                await response.aclose()
            base, url = url, target
        raise httpx.RemoteProtocolError("too many redirects")


def _resolved(base: str, url: str) -> tuple[str, str]:
    """Return a URL that may be relative to another one, and its host as in a request.

    Raises:
        httpx.UnsupportedProtocol: The URL must not be used. The message does not contain it.
    """
    import httpx

    try:
        url = urljoin(base, url)
        secure = urlsplit(url).scheme == "https"
        parsed = httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        raise httpx.UnsupportedProtocol("the URL of the blob is invalid") from None
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise httpx.UnsupportedProtocol("the URL of the blob does not begin with https://")
    if base.startswith("https:") and not secure:
        raise httpx.UnsupportedProtocol("a redirect from https:// to http://")
    return url, parsed.netloc.decode("ascii")


class DownloadBlob:
    """A blob that is downloaded, in several ranges at the same time if it is long.

    Args:
        descriptor: The blob.
        downloads: Sends the requests.
        new_url: Returns a new presigned URL.
        on_retry: Called whenever the download is resumed.
    """

    ranges = 4

    def __init__(
        self,
        descriptor: Descriptor,
        downloads: Downloads,
        new_url: Callable[[], Awaitable[str]],
        on_retry: OnRetry = lambda: None,
    ) -> None:
        self.descriptor = descriptor
        self.downloads = downloads
        self.new_url = new_url
        self.on_retry = on_retry

    @asynccontextmanager
    async def open(
        self,
        start: int = 0,
        stop: int | None = None,
        *,
        piece_bytes: int = PIECE_BYTES,  # noqa: ARG002 - pieces come as the network delivers them
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Read the content in pieces, without verifying it.

        Raises:
            DownloadError: The download does not complete, although it was resumed.
            ContentMismatchError: The server's content is longer than the blob.
        """
        stream = _Stream(self, start, stop)
        try:
            yield stream
        finally:
            await stream.aclose()


class _Stream(AsyncIterator[bytes]):
    """The pieces of a download; reconnects when the connection breaks."""

    def __init__(self, blob: DownloadBlob, start: int, stop: int | None) -> None:
        self._blob = blob
        self._digest = blob.descriptor.digest
        self._size = blob.descriptor.size
        self._position = start
        self._stop = stop
        self._end = self._size if stop is None else stop
        self._response: httpx.Response | None = None
        self._pieces: AsyncIterator[bytes] | None = None
        # Of the current response: whether it is the whole blob, and the position of its next byte.
        self._is_whole = False
        self._arrived = start
        self._failures = 0

    async def __anext__(self) -> bytes:
        import httpx

        while self._position < self._end:
            try:
                if self._pieces is None:
                    self._pieces = await self._connect()
                piece = await anext(self._pieces, None)
            except httpx.UnsupportedProtocol as error:
                raise self._error(str(error)) from None
            except httpx.TransportError as error:
                await self._failed(f"{type(error).__name__}: {error}", error)
                continue
            if piece is None:
                await self._failed("the response ended too early")
                continue
            piece = self._wanted(piece)
            if piece:
                self._failures = 0
                self._position += len(piece)
                return piece
        await self._finish()
        raise StopAsyncIteration

    async def _finish(self) -> None:
        """Receive the end of the response, so that its connection can be used again.

        Raises:
            ContentMismatchError: The response is longer than it should be.
        """
        import httpx

        if self._pieces is None or (self._is_whole and self._end < self._size):
            return
        with suppress(httpx.TransportError):  # everything has arrived
            async for piece in self._pieces:
                self._wanted(piece)

    def _wanted(self, piece: bytes) -> bytes:
        """Return the part of a piece that is in the range.

        Raises:
            ContentMismatchError: The response is longer than it should be.
        """
        start = self._arrived
        self._arrived += len(piece)
        if self._arrived > (self._size if self._is_whole else self._end):
            raise ContentMismatchError(self._digest, f"longer than its {self._size} bytes")
        if start >= self._position and self._arrived <= self._end:
            return piece
        return piece[max(0, self._position - start) : max(0, self._end - start)]

    async def _connect(self) -> AsyncIterator[bytes]:
        """Get a response, and return its body from the current position on."""
        url = await self._blob.new_url()
        response = await self._blob.downloads.get(url, self._position, self._stop)
        self._response = response
        status = response.status_code
        if status == _PARTIAL:
            self._check_range(response.headers.get("content-range", ""))
            self._is_whole, self._arrived = False, self._position
        elif status == _OK:  # always, if the server does not support ranges
            self._is_whole, self._arrived = True, 0
        elif status in _TRANSIENT or status in _EXPIRED:
            import httpx

            raise httpx.RemoteProtocolError(f"HTTP status {status}")
        else:
            raise self._error(f"HTTP status {status}")
        assert isinstance(response.stream, AsyncIterable)
        return aiter(response.stream)

    def _check_range(self, text: str) -> None:
        match = _CONTENT_RANGE.fullmatch(text)
        wanted = (str(self._position), str(self._end - 1), str(self._size))
        if match is None or match.groups() not in {wanted, (*wanted[:2], "*")}:
            raise self._error(
                f"the response has the Content-Range {text[:80]!r} instead of bytes "
                f"{wanted[0]}-{wanted[1]}/{wanted[2]}"
            )

    async def _failed(self, problem: str, cause: Exception | None = None) -> None:
        """Prepare another attempt, or give up."""
        await self._close_response()
        self._failures += 1
        if self._failures >= _MAX_FAILURES:
            raise self._error(problem) from cause
        self._blob.on_retry()
        await anyio.sleep(min(_MAX_DELAY, _FIRST_DELAY * 2 ** (self._failures - 1)))

    def _error(self, problem: str) -> DownloadError:
        return DownloadError(self._digest, self._position, problem)

    async def _close_response(self) -> None:
        pieces, self._pieces = self._pieces, None
        response, self._response = self._response, None
        with anyio.CancelScope(shield=True):
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()
            if response is not None:
                await response.aclose()

    async def aclose(self) -> None:
        """Close the connection."""
        await self._close_response()

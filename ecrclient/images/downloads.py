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
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import anyio

from ecrclient.images.errors import ContentMismatchError, DownloadError
from ecrclient.images.manifests import Descriptor

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

    async def get(self, url: str, start: int) -> httpx.Response:
        """Request the bytes from *start* on; the caller must close the response.

        Raises:
            httpx.TransportError: There was no response.
            ConfigurationError: The transport cannot be created.
        """
        import httpx

        for _ in range(_MAX_REDIRECTS):
            transport = await self._transport_to(url)
            headers = {"host": httpx.URL(url).netloc.decode("ascii"), "accept-encoding": "identity"}
            if start:
                headers["range"] = f"bytes={start}-"
            extensions = {"timeout": self._timeouts}
            request = httpx.Request("GET", url, headers=headers, extensions=extensions)
            response = await transport.handle_async_request(request)
            target = response.headers.get("location")
            if response.status_code not in _REDIRECTS or target is None:
                return response
            await response.aclose()
            url = urljoin(url, target)
        raise httpx.RemoteProtocolError("too many redirects")


class DownloadBlob:
    """A blob that is downloaded.

    Args:
        descriptor: The blob.
        downloads: Sends the requests.
        new_url: Returns a new presigned URL.
        on_retry: Called whenever the download is resumed.
    """

    def __init__(
        self,
        descriptor: Descriptor,
        downloads: Downloads,
        new_url: Callable[[], Awaitable[str]],
        on_retry: Callable[[], None] = lambda: None,
    ) -> None:
        self.descriptor = descriptor
        self._downloads = downloads
        self._new_url = new_url
        self._on_retry = on_retry

    @asynccontextmanager
    async def open(self, start: int = 0) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Read the content in pieces, without verifying it.

        Raises:
            DownloadError: The download does not complete, although it was resumed.
            ContentMismatchError: The server's content is longer than the blob.
        """
        stream = _Stream(self.descriptor, start, self._downloads, self._new_url, self._on_retry)
        try:
            yield stream
        finally:
            await stream.aclose()


class _Stream(AsyncIterator[bytes]):
    """The pieces of a download; reconnects when the connection breaks."""

    def __init__(
        self,
        descriptor: Descriptor,
        start: int,
        downloads: Downloads,
        new_url: Callable[[], Awaitable[str]],
        on_retry: Callable[[], None],
    ) -> None:
        self._descriptor = descriptor
        self._position = start
        self._downloads = downloads
        self._new_url = new_url
        self._on_retry = on_retry
        self._response: httpx.Response | None = None
        self._pieces: AsyncIterator[bytes] | None = None
        self._skip = 0
        self._failures = 0

    async def __anext__(self) -> bytes:
        import httpx

        while self._position < self._descriptor.size:
            try:
                if self._pieces is None:
                    self._pieces = await self._connect()
                piece = await anext(self._pieces, b"")
            except httpx.TransportError as error:
                await self._failed(f"{type(error).__name__}: {error}", error)
                continue
            if not piece:
                await self._failed("the response ended too early")
                continue
            if self._skip:
                skipped = min(self._skip, len(piece))
                self._skip -= skipped
                piece = piece[skipped:]
                if not piece:
                    continue
            self._failures = 0
            self._position += len(piece)
            if self._position > self._descriptor.size:
                raise ContentMismatchError(
                    self._descriptor.digest, f"longer than its {self._descriptor.size} bytes"
                )
            return piece
        raise StopAsyncIteration

    async def _connect(self) -> AsyncIterator[bytes]:
        """Get a response, and return its body from the current position on."""
        response = await self._downloads.get(await self._new_url(), self._position)
        self._response = response
        status = response.status_code
        if status == _PARTIAL:
            self._check_range(response.headers.get("content-range", ""))
            self._skip = 0
        elif status == _OK:
            self._skip = self._position  # the server does not support ranges
        elif status in _TRANSIENT or status in _EXPIRED:
            import httpx

            raise httpx.RemoteProtocolError(f"HTTP status {status}")
        else:
            raise self._error(f"HTTP status {status}")
        assert isinstance(response.stream, AsyncIterable)
        return aiter(response.stream)

    def _check_range(self, text: str) -> None:
        match = _CONTENT_RANGE.fullmatch(text)
        size = self._descriptor.size
        if match is None or int(match[1]) != self._position or match[3] not in {"*", str(size)}:
            raise self._error(
                f"the response has the Content-Range {text[:80]!r} instead of bytes "
                f"{self._position}-{size - 1}/{size}"
            )

    async def _failed(self, problem: str, cause: Exception | None = None) -> None:
        """Prepare another attempt, or give up."""
        await self._close_response()
        self._failures += 1
        if self._failures >= _MAX_FAILURES:
            raise self._error(problem) from cause
        self._on_retry()
        await anyio.sleep(min(_MAX_DELAY, _FIRST_DELAY * 2 ** (self._failures - 1)))

    def _error(self, problem: str) -> DownloadError:
        return DownloadError(self._descriptor.digest, self._position, problem)

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

"""The httpx transport from a client to the service within one process."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn, Self

import anyio.lowlevel
import httpx

from .http_messages import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from .distribution.body_spool import BodySpool

__all__ = ["InMemoryTransport"]


class InMemoryTransport(httpx.AsyncBaseTransport):
    """Passes each request to a function, and returns the response of the function.

    Args:
        handle: Returns the response to a request.
        spool: Returns where to store the body of a request while it is read; None if the request
            must contain the body. It takes the request without its body.
    """

    def __init__(
        self,
        handle: Callable[[HttpRequest], HttpResponse],
        spool: Callable[[HttpRequest], BodySpool | None],
    ) -> None:
        self._handle = handle
        self._spool = spool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response to *request*.

        Raises:
            httpx.RemoteProtocolError: the response is lost.
        """
        return await _deliver(self._handle(await self._receive(request)), request)

    async def _receive(self, request: httpx.Request) -> HttpRequest:
        """Return the request with its body."""
        head = HttpRequest(
            method=request.method,
            path=request.url.raw_path.partition(b"?")[0].decode("ascii"),
            query=request.url.query.decode("ascii"),
            headers=dict(request.headers),
            body=b"",
        )
        spool = self._spool(head)
        if spool is None:
            body = await request.aread()
            # Like a call over a network, this one must let other tasks run and be cancellable.
            await anyio.lowlevel.checkpoint()
            return replace(head, body=body)
        assert isinstance(request.stream, AsyncIterable), "the request of an async client"
        try:
            async for piece in request.stream:
                spool.write(piece)
            await anyio.lowlevel.checkpoint()
        except BaseException:
            spool.discard()
            raise
        return replace(head, stored=spool.finish())


async def _deliver(response: HttpResponse, request: httpx.Request) -> httpx.Response:
    """Return the response after its delay, or fail as its delivery demands."""
    delivery = response.delivery
    if delivery.delay:
        await anyio.sleep(delivery.delay)
    if delivery.lost:
        _break("the server closed the connection without a response", request)
    if delivery.kept is None and isinstance(response.body, bytes):
        return httpx.Response(response.status, headers=response.headers, content=response.body)
    length = {"content-length": str(len(response.body))}
    return httpx.Response(
        response.status, headers={**length, **response.headers}, stream=_Stream(response, request)
    )


class _Stream(httpx.AsyncByteStream, AsyncIterator[bytes]):
    """A body in pieces, or its first bytes followed by the end of the connection."""

    def __init__(self, response: HttpResponse, request: httpx.Request) -> None:
        self._pieces = response.pieces()
        self._is_cut = response.delivery.kept is not None
        self._request = request

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        await anyio.lowlevel.checkpoint()
        try:
            piece = next(self._pieces, None)
        except OSError as error:
            _break(f"the server cannot read the body: {error}", self._request)
        if piece is not None:
            return piece
        if self._is_cut:
            _break("the server closed the connection within the body", self._request)
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Close the file that is being read, if there is one."""
        self._pieces.close()


def _break(reason: str, request: httpx.Request) -> NoReturn:
    raise httpx.RemoteProtocolError(reason, request=request)

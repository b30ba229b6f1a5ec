"""The way from a client to the service within one process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import NoReturn, Self

import anyio.lowlevel
import httpx

from .http_messages import HttpRequest, HttpResponse

__all__ = ["InMemoryTransport"]


class InMemoryTransport(httpx.AsyncBaseTransport):
    """Hands each request to a function and its answer back."""

    def __init__(self, handle: Callable[[HttpRequest], HttpResponse]) -> None:
        self._handle = handle

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer *request*.

        Raises:
            httpx.RemoteProtocolError: the answer is lost.
        """
        body = await request.aread()
        # A call over a network lets other tasks run, and can be cancelled; so can this one.
        await anyio.lowlevel.checkpoint()
        answer = self._handle(
            HttpRequest(
                method=request.method,
                path=request.url.raw_path.partition(b"?")[0].decode("ascii"),
                query=request.url.query.decode("ascii"),
                headers=dict(request.headers),
                body=body,
            )
        )
        return await _deliver(answer, request)


async def _deliver(answer: HttpResponse, request: httpx.Request) -> httpx.Response:
    """Bring the answer as a connection would that does what its delivery says."""
    delivery = answer.delivery
    if delivery.delay:
        await anyio.sleep(delivery.delay)
    if delivery.lost:
        _break("the server closed the connection without an answer", request)
    if delivery.kept is None and isinstance(answer.body, bytes):
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)
    length = {"content-length": str(len(answer.body))}
    return httpx.Response(
        answer.status, headers={**length, **answer.headers}, stream=_Stream(answer, request)
    )


class _Stream(httpx.AsyncByteStream, AsyncIterator[bytes]):
    """A body in pieces, or some of it and then the end of the connection."""

    def __init__(self, answer: HttpResponse, request: httpx.Request) -> None:
        self._pieces = answer.pieces()
        self._is_cut = answer.delivery.kept is not None
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


def _break(how: str, request: httpx.Request) -> NoReturn:
    raise httpx.RemoteProtocolError(how, request=request)

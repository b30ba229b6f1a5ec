"""The way from a client to the service within one process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import NoReturn

import anyio.lowlevel
import httpx

from .wire import HttpAnswer, HttpRequest

__all__ = ["InMemoryTransport"]


class InMemoryTransport(httpx.AsyncBaseTransport):
    """Hands each request to a function and its answer back."""

    def __init__(self, handle: Callable[[HttpRequest], HttpAnswer]) -> None:
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


async def _deliver(answer: HttpAnswer, request: httpx.Request) -> httpx.Response:
    """Bring the answer as a connection would that does what its delivery says."""
    delivery = answer.delivery
    if delivery.delay:
        await anyio.sleep(delivery.delay)
    if delivery.lost:
        _break("the server closed the connection without an answer", request)
    if delivery.kept is None:
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)
    length = {"content-length": str(len(answer.body))}
    return httpx.Response(
        answer.status,
        headers={**answer.headers, **length},
        stream=_CutBody(answer.body[: delivery.kept], request),
    )


class _CutBody(httpx.AsyncByteStream):
    """Some of a body, and then the end of the connection."""

    def __init__(self, kept: bytes, request: httpx.Request) -> None:
        self._kept = kept
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._kept
        _break("the server closed the connection within the body", self._request)


def _break(how: str, request: httpx.Request) -> NoReturn:
    raise httpx.RemoteProtocolError(how, request=request)

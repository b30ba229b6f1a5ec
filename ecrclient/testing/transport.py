"""The way from a client to the service within one process."""

from __future__ import annotations

from collections.abc import Callable

import anyio.lowlevel
import httpx

from .wire import HttpAnswer, HttpRequest

__all__ = ["InMemoryTransport"]


class InMemoryTransport(httpx.AsyncBaseTransport):
    """Hands each request to a function and its answer back."""

    def __init__(self, handle: Callable[[HttpRequest], HttpAnswer]) -> None:
        self._handle = handle

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer *request*."""
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
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)

"""Middleware: code of the user's that runs around each attempt.

A middleware is run inside the retry loop and outside the signing: it sees the request before it is
signed and the answer before it is judged, once for each attempt.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from ecrclient._awsjson.protocol.argument_checks import check_instance

if TYPE_CHECKING:
    import httpx

__all__ = ["CallNext", "Middleware", "compose"]

CallNext = Callable[["httpx.Request"], Awaitable["httpx.Response"]]
"""Sends the request on: to the next middleware, at last to the signer and the transport."""

Middleware = Callable[["httpx.Request", CallNext], Awaitable["httpx.Response"]]
"""``async def m(request, call_next) -> response``."""


def compose(middleware: Sequence[Middleware], send: CallNext) -> CallNext:
    """*send* with the middleware around it, the first one outermost."""
    for layer in reversed(middleware):
        send = _around(layer, send)
    return send


def _around(layer: Middleware, send: CallNext) -> CallNext:
    async def call(request: httpx.Request) -> httpx.Response:
        returned = layer(request, send)
        check_instance("what middleware returns", returned, Awaitable, "an awaitable response")
        return await returned

    return call

"""Middleware: the user's code that runs around each attempt.

Middleware runs inside the retry loop and outside the signing: once per attempt, it receives the
request before it is signed, and the response before the client decides whether to retry.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from ecrclient._awsjson.protocol.argument_checks import check_instance

if TYPE_CHECKING:
    import httpx

__all__ = ["CallNext", "Middleware", "compose"]

CallNext = Callable[["httpx.Request"], Awaitable["httpx.Response"]]
"""Passes the request to the next middleware, and finally to the signer and the transport."""

Middleware = Callable[["httpx.Request", CallNext], Awaitable["httpx.Response"]]
"""``async def m(request, call_next) -> response``."""


def compose(middleware: Sequence[Middleware], send: CallNext) -> CallNext:
    """Return *send* with the middleware around it; the first one is outermost."""
    for layer in reversed(middleware):
        send = _around(layer, send)
    return send


def _around(layer: Middleware, send: CallNext) -> CallNext:
    async def call(request: httpx.Request) -> httpx.Response:
        returned = layer(request, send)
        check_instance("what middleware returns", returned, Awaitable, "an awaitable response")
        return await returned

    return call

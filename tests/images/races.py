"""Another client that acts between two calls of the client under test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx

from ecrclient import CallNext

__all__ = ["Before"]


class Before:
    """Middleware that does something once, before the next call of an operation.

    Args:
        operation: The operation, such as ``PutImage``.
        action: What the other client does.
    """

    def __init__(self, operation: str, action: Callable[[], Awaitable[object]]) -> None:
        self._target = f".{operation}"
        self._action: Callable[[], Awaitable[object]] | None = action

    async def __call__(self, request: httpx.Request, call_next: CallNext) -> httpx.Response:
        action = self._action
        if action is not None and request.headers["x-amz-target"].endswith(self._target):
            self._action = None
            await action()
        return await call_next(request)

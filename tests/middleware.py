"""Middleware that has no effect, for tests of the path through httpx."""

from __future__ import annotations

import httpx

from ecrclient import CallNext

__all__ = ["pass_on"]


async def pass_on(request: httpx.Request, call_next: CallNext) -> httpx.Response:
    """Send the request unchanged."""
    return await call_next(request)

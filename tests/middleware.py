"""Middleware for tests that are about something else."""

from __future__ import annotations

import httpx

from ecrclient import CallNext

__all__ = ["pass_on"]


async def pass_on(request: httpx.Request, call_next: CallNext) -> httpx.Response:
    """Change nothing."""
    return await call_next(request)

"""The longest time that an event loop was blocked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator

__all__ = ["longest_gap"]

_TICK = 0.001


@contextlib.asynccontextmanager
async def longest_gap() -> AsyncGenerator[list[float]]:
    """Tick each millisecond; the yielded list's only item becomes the largest delay, in seconds."""
    loop = asyncio.get_running_loop()
    late = [0.0]
    pending: list[asyncio.TimerHandle] = []

    def tick(due: float) -> None:
        now = loop.time()
        late[0] = max(late[0], now - due)
        pending[:] = [loop.call_at(now + _TICK, tick, now + _TICK)]

    tick(loop.time())
    await asyncio.sleep(_TICK * 2)
    late[0] = 0.0
    try:
        yield late
        await asyncio.sleep(_TICK * 2)
    finally:
        pending[0].cancel()

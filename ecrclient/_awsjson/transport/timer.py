"""The timer of one attempt, which can be paused.

The timer measures the service and the network. Waiting for a free connection and obtaining
credentials have separate limits, so they pause the timer: otherwise a pool that is too small, or a
source of credentials that hangs, would be reported as a slow service and retried.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager

import anyio

__all__ = ["EXTENSION", "AttemptTimer"]

EXTENSION = "awsjson.timer"
"""The key of the timer among the extensions of an ``httpx.Request``."""


class AttemptTimer:
    """Limits the time of an attempt, from `start` on.

    Args:
        timeout: Seconds for the attempt; None: no limit.
        pool_timeout: Seconds to wait for a free connection; None: no limit.
    """

    __slots__ = ("_left", "_pauses", "is_running", "pool_timeout", "scope", "timeout")

    def __init__(self, timeout: float | None, pool_timeout: float | None) -> None:
        self.timeout: float | None = timeout
        self.pool_timeout: float | None = pool_timeout
        self.scope: anyio.CancelScope = anyio.CancelScope()
        """Cancels the attempt; enter it as soon as the timer has been created."""
        self.is_running: bool = False
        """Whether the timer has been started; it may be paused."""
        self._pauses = 0
        self._left = math.inf

    def start(self) -> None:
        """Start the timer; before that, the time is not limited."""
        self.is_running = True
        if self.timeout is not None:
            self.scope.deadline = anyio.current_time() + self.timeout

    @contextmanager
    def paused(self) -> Generator[None]:
        """Pause the timer; it continues with the time that was left."""
        self._pauses += 1
        if self._pauses == 1:
            self._left = self.scope.deadline - anyio.current_time()
            self.scope.deadline = math.inf
        try:
            yield
        finally:
            # Middleware may send several requests concurrently: the last pause to end counts.
            self._pauses -= 1
            if not self._pauses:
                self.scope.deadline = anyio.current_time() + self._left

"""One attempt of a call: the headers that describe it, and a timer that can be paused.

The timer measures what the service and the network do. Waiting for a free connection and getting
credentials have limits of their own, so the timer stands still meanwhile: otherwise a pool that is
too small, or a source of credentials that hangs, would be reported as a slow service and retried.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from ecrclient._awsjson.settings.resolution import CallOptions

__all__ = ["EXTENSION", "Attempt"]

EXTENSION = "ecrclient.attempt"
"""The key of the attempt among the extensions of an ``httpx.Request``."""


class Attempt:
    """What the senders and the transports know of an attempt."""

    __slots__ = ("_left", "_pauses", "headers", "pool_timeout", "scope", "timeout")

    def __init__(self, headers: Mapping[str, str], options: CallOptions) -> None:
        self.headers = headers
        """The headers that describe the attempt to the service."""
        self.timeout = timeout = options.timeout
        """Seconds for the attempt, without waiting for a connection or credentials."""
        pool_timeout = options.pool_timeout
        self.pool_timeout = timeout if pool_timeout == "timeout" else pool_timeout
        """Seconds to wait for a free connection."""
        end = math.inf if timeout is None else anyio.current_time() + timeout
        self.scope = anyio.CancelScope(deadline=end)
        """The timer; enter it as soon as it has been made."""
        self._pauses = 0
        self._left = math.inf

    @contextmanager
    def paused(self) -> Generator[None]:
        """Stop the timer; it goes on with what was left of it."""
        self._pauses += 1
        if self._pauses == 1:
            self._left = self.scope.deadline - anyio.current_time()
            self.scope.deadline = math.inf
        try:
            yield
        finally:
            # Middleware may send several requests at the same time: the last one to wait counts.
            self._pauses -= 1
            if not self._pauses:
                self.scope.deadline = anyio.current_time() + self._left

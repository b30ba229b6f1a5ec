"""Values of a client that depend on the event loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

import anyio
import anyio.lowlevel

__all__ = ["LoopClock", "PerLoop"]

T = TypeVar("T")


class PerLoop(Generic[T]):
    """A value that belongs to an event loop, such as a lock; each loop gets a new one.

    ``anyio.Lock`` and ``anyio.Event`` work only in the loop in which they were first used. A client
    may be used in one loop after another, and a loop may have ended while the lock was taken.
    """

    __slots__ = ("_loop", "_make", "_value")

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._loop: object = None
        self._value: T

    def get(self) -> T:
        """The value of the running event loop."""
        loop: object = anyio.lowlevel.current_token()
        if self._loop is None or self._loop != loop:
            self._loop, self._value = loop, self._make()
        return self._value


class LoopClock:
    """The time of the event loop, in seconds, which continues when another loop follows.

    The clock of each loop has a different zero. Within a loop that clock is used, not the system's,
    so that a test can run on virtual time.
    """

    __slots__ = ("_last", "_last_real", "_zero")

    def __init__(self) -> None:
        self._last = self._last_real = 0.0
        # The offset of the loop's time; 0 in the first loop.
        self._zero: PerLoop[float] = PerLoop(self._new_zero)

    def __call__(self) -> float:
        """Seconds since the zero of the first loop."""
        self._last = anyio.current_time() + self._zero.get()
        self._last_real = time.monotonic()
        return self._last

    def _new_zero(self) -> float:
        if not self._last_real:
            return 0.0
        passed = time.monotonic() - self._last_real
        return self._last + passed - anyio.current_time()

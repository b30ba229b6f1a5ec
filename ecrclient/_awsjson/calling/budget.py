"""The time that a call may take, and the time that each of its phases took."""

from __future__ import annotations

import math
from typing import Literal

import anyio

__all__ = ["Budget", "Phase", "Stopwatch"]

Phase = Literal["setup", "throttle", "credentials", "attempts", "sleeps", "between"]


class Stopwatch:
    """Measures the seconds of each phase of a call, by the event loop's clock."""

    __slots__ = ("_phase", "_seconds", "_since")

    def __init__(self) -> None:
        self._phase: Phase = "setup"
        self._since = anyio.current_time()
        self._seconds: dict[str, float] = {}

    def enter(self, phase: Phase) -> None:
        """End the current phase and begin *phase*."""
        now = anyio.current_time()
        self._seconds[self._phase] = self._seconds.get(self._phase, 0.0) + now - self._since
        self._phase, self._since = phase, now

    def read(self) -> dict[str, float]:
        """Return the seconds of each phase so far, the current one included."""
        self.enter(self._phase)
        return dict(self._seconds)


class _InactiveStopwatch(Stopwatch):
    """Measures nothing, for calls without a deadline: only ``DeadlineExceeded`` has the times."""

    __slots__ = ()

    def __init__(self) -> None:
        """Do nothing; the base class needs an event loop."""

    def enter(self, phase: Phase) -> None:
        """Do nothing."""


_INACTIVE_STOPWATCH = _InactiveStopwatch()


class Budget:
    """The time that a call may take, or that all the calls of a paginator or a waiter may take.

    Create it inside an event loop: the time begins then.

    Args:
        seconds: ``CallOptions.deadline``; None: no limit.
    """

    __slots__ = ("at", "seconds", "stopwatch")

    def __init__(self, seconds: float | None) -> None:
        self.seconds: float | None = seconds
        """The whole time; None: no limit."""
        self.stopwatch: Stopwatch = _INACTIVE_STOPWATCH if seconds is None else Stopwatch()
        self.at: float = math.inf if seconds is None else anyio.current_time() + seconds
        """When the time ends, by the event loop's clock."""

    def branch(self) -> Budget:
        """Return a budget that ends at the same time and measures its phases separately.

        Concurrent calls that share a deadline need it.
        """
        branch = Budget(self.seconds)
        branch.at = self.at
        return branch

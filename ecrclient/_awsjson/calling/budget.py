"""Where the time of a call goes, and when it is over."""

from __future__ import annotations

import math
from typing import Literal

import anyio

__all__ = ["Budget", "Phase", "Stopwatch"]

Phase = Literal["setup", "throttle", "credentials", "attempts", "sleeps", "between"]


class Stopwatch:
    """Seconds for each phase, by the event loop's clock; one phase at a time."""

    __slots__ = ("_phase", "_seconds", "_since")

    def __init__(self) -> None:
        self._phase: Phase = "setup"
        self._since = anyio.current_time()
        self._seconds: dict[str, float] = {}

    def enter(self, phase: Phase) -> None:
        """What passes from now on belongs to *phase*."""
        now = anyio.current_time()
        self._seconds[self._phase] = self._seconds.get(self._phase, 0.0) + now - self._since
        self._phase, self._since = phase, now

    def read(self) -> dict[str, float]:
        """The seconds of each phase that there was, the running one included."""
        self.enter(self._phase)
        return dict(self._seconds)


class _Stopped(Stopwatch):
    """What stands in for one where nobody will ask: without a deadline."""

    __slots__ = ()

    def __init__(self) -> None:
        """Nothing to begin."""

    def enter(self, phase: Phase) -> None:
        """Nothing to measure."""


_STOPPED = _Stopped()


class Budget:
    """The time that a call may take; one for all the calls of a walk over pages, or of a wait.

    Make it inside an event loop: its time begins then.
    """

    __slots__ = ("at", "seconds", "stopwatch")

    def __init__(self, seconds: float | None) -> None:
        self.seconds: float | None = seconds
        """What ``CallOptions.deadline`` says; None: it has no end."""
        self.stopwatch: Stopwatch = _STOPPED if seconds is None else Stopwatch()
        self.at: float = math.inf if seconds is None else anyio.current_time() + seconds
        """When it ends, by the event loop's clock."""

    def branch(self) -> Budget:
        """One that ends at the same time, for a call beside others: each tells its own story."""
        other = Budget(self.seconds)
        other.at = self.at
        return other

"""Where the time of a call goes."""

from __future__ import annotations

from typing import Literal

import anyio

__all__ = ["Phase", "Stopwatch"]

Phase = Literal["setup", "throttle", "credentials", "attempts", "sleeps"]


class Stopwatch:
    """Seconds for each phase of a call, by the event loop's clock; one phase at a time."""

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

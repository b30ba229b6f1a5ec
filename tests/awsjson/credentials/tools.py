"""What the tests of credentials share: a clock, and sources that can be held up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import anyio

from ecrclient import Credentials

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class Source:
    """Gives a new key each time, or fails; ``hold()`` holds it up until ``let_go()``."""

    def __init__(self, clock: Clock, life: timedelta | None = timedelta(hours=1)) -> None:
        self.clock = clock
        self.life = life
        self.asked = 0
        self.answered = 0
        self.failure: BaseException | None = None
        self.repeat = False
        self._last: Credentials | None = None
        self._gate = threading.Event()
        self._gate.set()

    def __call__(self) -> Credentials:
        self.asked += 1
        key = f"KEY{self.asked}"
        try:
            assert self._gate.wait(10)
            if self.failure is not None:
                raise self.failure
            if not self.repeat or self._last is None:
                expires_at = self.clock() + self.life if self.life is not None else None
                self._last = Credentials(key, "secret", None, expires_at)
            return self._last
        finally:
            self.answered += 1

    def hold(self) -> None:
        self._gate.clear()

    def let_go(self) -> None:
        self._gate.set()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what a thread is about to do."""
    with anyio.fail_after(10):
        while not condition():
            await anyio.sleep(0.001)

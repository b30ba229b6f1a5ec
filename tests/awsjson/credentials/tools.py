"""Tools for tests of credentials: a clock, and a source that can be blocked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import anyio

from ecrclient import Credentials

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that only ``forward`` advances."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class Source:
    """Returns a new key each time, or fails; ``hold()`` blocks it until ``let_go()``."""

    def __init__(self, clock: Clock, life: timedelta | None = timedelta(hours=1)) -> None:
        self.clock = clock
        self.life = life
        self.calls = 0
        self.returns = 0
        self.failure: BaseException | None = None
        self.repeat = False
        self._last: Credentials | None = None
        self._gate = threading.Event()
        self._gate.set()

    def __call__(self) -> Credentials:
        self.calls += 1
        key = f"KEY{self.calls}"
        try:
            assert self._gate.wait(10)
            if self.failure is not None:
                raise self.failure
            if not self.repeat or self._last is None:
                expires_at = self.clock() + self.life if self.life is not None else None
                self._last = Credentials(key, "secret", None, expires_at)
            return self._last
        finally:
            self.returns += 1

    def hold(self) -> None:
        self._gate.clear()

    def let_go(self) -> None:
        self._gate.set()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition that another thread fulfils is true."""
    with anyio.fail_after(10):
        while not condition():
            await anyio.sleep(0.001)

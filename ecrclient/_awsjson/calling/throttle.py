"""Adaptive mode: a client that slows itself down when the service throttles it.

While nothing is throttled, attempts are only counted. The first throttled answer sets a sending
rate, which every further one cuts to 0.7 of what was really sent, and which then grows back along
the cubic curve of TCP CUBIC (RFC 9438, section 4.2): fast, flat near the rate that was too much,
fast again. The figures are those of botocore 1.44.5 (``adaptive.py``, ``throttling.py`` and
``bucket.py`` in ``botocore/retries``); there one limiter serves a whole client, here each operation
has its own, as ECR counts them.

The arithmetic takes the time as an argument; only :class:`Throttle` looks at the clock, which goes
on from one event loop to the next.
"""

from __future__ import annotations

import math

import anyio

from ecrclient._awsjson.support.per_loop import LoopClock, PerLoop

__all__ = ["CubicRate", "RateMeter", "Throttle", "Throttles", "TokenBucket"]

_SLOT = 0.5
_SMOOTHING = 0.8
_GROWTH = 0.4
_CUT = 0.7
_MIN_RATE = 0.5
_MIN_CAPACITY = 1.0
_HEADROOM = 2.0
# Far below any rate, far above what rounding makes of a sum of seconds.
_NEARLY = 1e-6


class RateMeter:
    """Attempts a second: a moving average over slots of half a second."""

    def __init__(self, now: float) -> None:
        self._since: float = math.floor(now)
        self._count = 0
        self._rate = 0.0

    def record(self, now: float) -> float:
        """Count one attempt; the rate."""
        self._count += 1
        slot = math.floor(now / _SLOT) * _SLOT
        if slot > self._since:
            latest = self._count / (slot - self._since)
            self._rate = latest * _SMOOTHING + self._rate * (1 - _SMOOTHING)
            self._count, self._since = 0, slot
        return self._rate


class CubicRate:
    """The rate to aim at, by how long ago which rate was too much."""

    def __init__(self, now: float) -> None:
        self._peak = 0.0
        self._cut_at = now
        self._recovery = 0.0

    def grow(self, now: float) -> float:
        """The rate after an attempt that was not throttled."""
        return _GROWTH * (now - self._cut_at - self._recovery) ** 3 + self._peak

    def cut(self, rate: float, now: float) -> float:
        """The rate after a throttled attempt, while *rate* was being sent."""
        self._peak, self._cut_at = rate, now
        self._recovery = (rate * (1 - _CUT) / _GROWTH) ** (1 / 3)
        return rate * _CUT


class TokenBucket:
    """One token an attempt; they come at a rate that may be changed."""

    def __init__(self, now: float) -> None:
        self._tokens = 0.0
        self._filled_at = now
        self._capacity = _MIN_CAPACITY
        self.rate = 1.0
        """Tokens a second."""

    @property
    def tokens(self) -> float:
        """Tokens left when it was last looked at."""
        return self._tokens

    def set_rate(self, rate: float, now: float) -> None:
        """Let tokens come at *rate* from now on, but never slower than one in two seconds."""
        self._fill(now)
        self.rate = max(rate, _MIN_RATE)
        self._capacity = max(rate, _MIN_CAPACITY)
        self._tokens = min(self._tokens, self._capacity)

    def take(self, now: float) -> float:
        """Take a token: 0.0; or, when there is none, the seconds until there is."""
        self._fill(now)
        missing = 1.0 - self._tokens
        if missing > _NEARLY:
            return missing / self.rate
        self._tokens -= 1.0
        return 0.0

    def _fill(self, now: float) -> None:
        self._tokens = min(self._tokens + (now - self._filled_at) * self.rate, self._capacity)
        self._filled_at = now


class _Line:
    """The attempts that wait in an event loop, the first come first."""

    def __init__(self) -> None:
        self.lock = anyio.Lock()
        self.rate_changed = anyio.Event()


class Throttle:
    """The limiter of one operation, for all tasks of a client. Make it inside an event loop.

    It may be used in one event loop after another.
    """

    def __init__(self) -> None:
        self._now = LoopClock()
        now = self._now()
        self._meter = RateMeter(now)
        self._cubic = CubicRate(now)
        self._bucket = TokenBucket(now)
        self._limiting = False
        self._line = PerLoop(_Line)

    @property
    def rate(self) -> float | None:
        """Attempts a second that are let through; None while there is no limit."""
        return self._bucket.rate if self._limiting else None

    async def acquire(self) -> None:
        """Wait until an attempt may be sent; the first caller goes first."""
        if not self._limiting:
            return
        line = self._line.get()
        async with line.lock:
            while seconds := self._bucket.take(self._now()):
                with anyio.move_on_after(seconds):
                    await line.rate_changed.wait()

    def received(self, *, throttled: bool) -> None:
        """An attempt has ended: adjust the rate."""
        now = self._now()
        measured = self._meter.record(now)
        if throttled:
            sent = min(measured, self._bucket.rate) if self._limiting else measured
            rate = self._cubic.cut(sent, now)
            self._limiting = True
        else:
            rate = self._cubic.grow(now)
        self._bucket.set_rate(min(rate, _HEADROOM * measured), now)
        line = self._line.get()
        if line.lock.locked():
            line.rate_changed.set()
            line.rate_changed = anyio.Event()


class Throttles:
    """The limiters of a client, made as operations are first called."""

    def __init__(self) -> None:
        self._throttles: dict[str, Throttle] = {}

    def of(self, operation: str) -> Throttle:
        """The limiter of an operation."""
        if operation not in self._throttles:
            self._throttles[operation] = Throttle()
        return self._throttles[operation]

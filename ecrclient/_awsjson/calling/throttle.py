"""Adaptive mode: limits the rate of attempts while the service throttles the client.

Until an attempt is throttled, attempts are only counted. A throttled response sets the rate to 0.7
of the measured rate. The rate then recovers along the curve of TCP CUBIC (RFC 9438, section 4.2):
fast at first, slowly near the rate at which it was throttled, and fast again beyond it. The
constants are those of botocore 1.44.5 (``adaptive.py``, ``throttling.py`` and ``bucket.py`` in
``botocore/retries``). There one limiter serves a whole client; here each operation has a limiter,
because services limit each operation separately.

The arithmetic takes the time as an argument. Only `Throttle` reads the clock, which
continues from one event loop to the next.
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
# Far below any rate, far above the rounding error of a sum of seconds.
_TOLERANCE = 1e-6


class RateMeter:
    """Attempts per second: a moving average over slots of half a second."""

    def __init__(self, now: float) -> None:
        self._since: float = math.floor(now)
        self._count = 0
        self._rate = 0.0

    def record(self, now: float) -> float:
        """Count one attempt and return the rate."""
        self._count += 1
        slot = math.floor(now / _SLOT) * _SLOT
        if slot > self._since:
            latest = self._count / (slot - self._since)
            self._rate = latest * _SMOOTHING + self._rate * (1 - _SMOOTHING)
            self._count, self._since = 0, slot
        return self._rate


class CubicRate:
    """The target rate, computed from the rate at the last throttling and the time since then."""

    def __init__(self, now: float) -> None:
        self._peak = 0.0
        self._cut_at = now
        self._recovery = 0.0

    def grow(self, now: float) -> float:
        """Return the rate after an attempt that was not throttled."""
        return _GROWTH * (now - self._cut_at - self._recovery) ** 3 + self._peak

    def cut(self, rate: float, now: float) -> float:
        """Return the rate after an attempt was throttled at *rate*."""
        self._peak, self._cut_at = rate, now
        self._recovery = (rate * (1 - _CUT) / _GROWTH) ** (1 / 3)
        return rate * _CUT


class TokenBucket:
    """Tokens, one per attempt, added at an adjustable rate."""

    def __init__(self, now: float) -> None:
        self._tokens = 0.0
        self._filled_at = now
        self._capacity = _MIN_CAPACITY
        self.rate = 1.0
        """Tokens per second."""

    @property
    def tokens(self) -> float:
        """The number of tokens at the last call of a method."""
        return self._tokens

    def set_rate(self, rate: float, now: float) -> None:
        """Add *rate* tokens per second from now on, but at least one in two seconds."""
        self._fill(now)
        self.rate = max(rate, _MIN_RATE)
        self._capacity = max(rate, _MIN_CAPACITY)
        self._tokens = min(self._tokens, self._capacity)

    def take(self, now: float) -> float:
        """Take a token and return 0.0, or return the seconds until there is one."""
        self._fill(now)
        missing = 1.0 - self._tokens
        if missing > _TOLERANCE:
            return missing / self.rate
        self._tokens -= 1.0
        return 0.0

    def _fill(self, now: float) -> None:
        self._tokens = min(self._tokens + (now - self._filled_at) * self.rate, self._capacity)
        self._filled_at = now


class _Queue:
    """The attempts that wait in an event loop, in order of arrival."""

    def __init__(self) -> None:
        self.lock = anyio.Lock()
        self.rate_changed = anyio.Event()


class Throttle:
    """The limiter of one operation, for all tasks of a client.

    Create it inside an event loop; it can then be used in one event loop after another.
    """

    def __init__(self) -> None:
        self._now = LoopClock()
        now = self._now()
        self._meter = RateMeter(now)
        self._cubic = CubicRate(now)
        self._bucket = TokenBucket(now)
        self._limiting = False
        self._queue = PerLoop(_Queue)

    @property
    def rate(self) -> float | None:
        """The maximum number of attempts per second; None while there is no limit."""
        return self._bucket.rate if self._limiting else None

    async def acquire(self) -> None:
        """Wait until an attempt may be sent; callers are served in order of arrival."""
        if not self._limiting:
            return
        queue = self._queue.get()
        async with queue.lock:
            while seconds := self._bucket.take(self._now()):
                with anyio.move_on_after(seconds):
                    await queue.rate_changed.wait()

    def received(self, *, throttled: bool) -> None:
        """Adjust the rate after an attempt has ended."""
        now = self._now()
        measured = self._meter.record(now)
        if throttled:
            sent = min(measured, self._bucket.rate) if self._limiting else measured
            rate = self._cubic.cut(sent, now)
            self._limiting = True
        else:
            rate = self._cubic.grow(now)
        self._bucket.set_rate(min(rate, _HEADROOM * measured), now)
        queue = self._queue.get()
        if queue.lock.locked():
            queue.rate_changed.set()
            queue.rate_changed = anyio.Event()


class Throttles:
    """The limiters of a client, each created at the first call of its operation."""

    def __init__(self) -> None:
        self._throttles: dict[str, Throttle] = {}

    def of(self, operation: str) -> Throttle:
        """Return the limiter of an operation."""
        if operation not in self._throttles:
            self._throttles[operation] = Throttle()
        return self._throttles[operation]

"""The rate of PutImage, which ECR limits for each account in each Region.

One limiter serves every client of the process whose calls count towards the same quota, as far as
that is known without a call: see `ClientState.quota_key`. Source: "Amazon ECR service quotas".
"""

from __future__ import annotations

import math
import threading
from collections.abc import Hashable
from weakref import WeakValueDictionary

import anyio

from ecrclient._awsjson.support.per_loop import LoopClock

__all__ = ["PutImageLimiter", "PutImageRate"]

_PER_SECOND = 10


class PutImageLimiter:
    """A token bucket: a second's calls may be sent immediately, and further ones at the rate.

    Any number of event loops, in several threads, may use it.
    """

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._now = LoopClock()
        self._free_at = -math.inf

    async def wait(self) -> None:
        """Wait until the next call may be sent."""
        with self._changing:
            now = self._now()
            # The bucket is full if no call was sent in the last second.
            self._free_at = max(self._free_at, now - 1) + 1 / _PER_SECOND
            delay = self._free_at - now
        await anyio.sleep(max(0.0, delay))


_LIMITERS: WeakValueDictionary[Hashable, PutImageLimiter] = WeakValueDictionary()
"""The limiters that clients use now."""
_FINDING = threading.Lock()


class PutImageRate:
    """Limits the calls of one client, together with other clients of the same quota."""

    def __init__(self) -> None:
        self._key: Hashable = None
        self._limiter: PutImageLimiter | None = None

    async def wait(self, quota_key: Hashable) -> None:
        """Wait until the next call may be sent.

        Args:
            quota_key: Identifies the quota; it changes with the credentials, for example.
        """
        limiter = self._limiter
        if limiter is None or quota_key != self._key:
            with _FINDING:
                limiter = _LIMITERS.get(quota_key)
                if limiter is None:
                    limiter = _LIMITERS[quota_key] = PutImageLimiter()
            self._key, self._limiter = quota_key, limiter
        await limiter.wait()

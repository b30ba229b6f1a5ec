"""Whether to retry, and after how long.

The ``standard`` and ``adaptive`` modes of the AWS SDKs, with the figures of botocore 1.44.5
(``botocore/retries/standard.py`` and ``quota.py``): exponential backoff with full jitter, and a
quota that all calls of a client share, so that retries do not overload a failing service.
``docs/retries.md`` documents the rules, and where and why they differ from botocore's.

`RetryPolicy` is the user's choice, `RetryQuota` is shared by all calls of a client,
and `Retry` is the state of one call. Whether an error is retryable is a property of the
error.
"""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from ecrclient._awsjson.protocol.errors import (
    AWSClientError,
    ResponseDecodeError,
)
from ecrclient._awsjson.protocol.service_error import is_throttling_error
from ecrclient._awsjson.transport.errors import TransportError

if TYPE_CHECKING:
    from ecrclient._awsjson.calling.clock import ServiceClock
    from ecrclient._awsjson.calling.throttle import Throttle
    from ecrclient._awsjson.settings.retry_policy import RetryPolicy

__all__ = ["Retry", "RetryQuota"]


_QUOTA = 500
_RETRY_COST = 14
_THROTTLED_COST = 5
_SUCCESS_REFUND = 1


def _may_have_succeeded(error: AWSClientError) -> bool:
    """Whether the service may have done what was requested although the response was lost."""
    if isinstance(error, TransportError):
        return error.may_have_arrived
    return isinstance(error, ResponseDecodeError)


class RetryQuota:
    """Tokens that retries cost and successes give back; shared by all calls of a client."""

    def __init__(self) -> None:
        self._available = _QUOTA

    @property
    def available(self) -> int:
        """The number of tokens that are available."""
        return self._available

    def acquire(self, error: AWSClientError) -> int | None:
        """Pay for a retry after *error* and return its cost; None if there are too few tokens."""
        cost = _THROTTLED_COST if is_throttling_error(error) else _RETRY_COST
        if cost > self._available:
            return None
        self._available -= cost
        return cost

    def release(self, last_cost: int | None) -> None:
        """Refund tokens after a success: the cost of the last retry, or 1 without a retry."""
        self._available = min(self._available + (last_cost or _SUCCESS_REFUND), _QUOTA)


def _uuid() -> str:
    """Return a random UUID (RFC 9562, version 4) without creating a ``UUID`` object."""
    digits = f"{random.getrandbits(128):032x}"
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


class Retry:
    """The attempts of one call: their number, and whether and when the next one may begin.

    Args:
        policy: The retry policy.
        quota: The quota for retries that all calls of the client share.
        clock: The clock that requests are signed with.
        throttle: The operation's limiter; None outside adaptive mode.
        idempotent: Whether the operation is idempotent.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        quota: RetryQuota,
        clock: ServiceClock,
        throttle: Throttle | None = None,
        *,
        idempotent: bool,
    ) -> None:
        self._policy = policy
        self._resend = idempotent or policy.retry_non_idempotent
        self._quota = quota
        self._clock = clock
        self._throttle = throttle
        self._invocation_id = _uuid()
        self._cost: int | None = None
        self._excused = 0
        self._corrected = False
        self._signed_with = clock.offset
        self._difference: timedelta | None = None
        self.attempts = 0
        """The number of attempts that have begun."""

    async def begin(self) -> None:
        """Begin the next attempt; in adaptive mode, wait until it may be sent."""
        if self._throttle is not None:
            await self._throttle.acquire()
        self.attempts += 1
        self._signed_with = self._clock.offset

    def headers(self, timeout: float | None) -> dict[str, str]:
        """Return the headers that state the attempt's number and when the client stops waiting.

        Args:
            timeout: Seconds that the attempt may take; None: no limit.
        """
        attempt = f"attempt={self.attempts}; max={self._policy.max_attempts + self._excused}"
        if self.attempts > 1 and timeout is not None and self._difference is not None:
            with suppress(OverflowError):  # the end of a very long timeout is not a valid date
                end = self._clock.local() + self._difference + timedelta(seconds=timeout)
                attempt = f"ttl={end:%Y%m%dT%H%M%SZ}; {attempt}"
        return {"amz-sdk-invocation-id": self._invocation_id, "amz-sdk-request": attempt}

    def succeeded(self) -> None:
        """Record that the last attempt succeeded."""
        if self._throttle is not None:
            self._throttle.received(throttled=False)
        self._quota.release(self._cost)

    def next_delay(self, error: AWSClientError, date: str | None = None) -> float | None:
        """Decide whether to retry, and pay for the retry.

        Args:
            error: The error of the last attempt.
            date: The ``Date`` of the response, if there was one.

        Returns:
            Seconds until the next attempt; None if there must not be another one.
        """
        if self._throttle is not None:
            self._throttle.received(throttled=is_throttling_error(error))
        difference = self._clock.difference(date)
        if difference is not None:
            self._difference = difference
        if not self._corrected and self._clock.learn(error, difference, self._signed_with):
            # The service refused the request because of the local clock: not a service failure.
            self._corrected = True
            self.excuse()
            return 0.0
        counted = self.attempts - self._excused
        if counted >= self._policy.max_attempts or not error.is_retryable:
            return None
        if not self._resend and _may_have_succeeded(error):
            return None
        cost = self._quota.acquire(error)
        if cost is None:
            return None
        self._cost = cost
        return self._policy.delay(error, counted)

    def excuse(self) -> None:
        """Do not count the last attempt: its time or its credentials were refused."""
        self._excused += 1

    def abandon(self) -> None:
        """Refund the attempt that ``next_delay`` allowed: the deadline leaves no time for it."""
        if self._cost is not None:
            self._quota.release(self._cost)

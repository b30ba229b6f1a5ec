"""When to try again, and when.

The ``standard`` mode of the AWS SDKs, with the figures of botocore 1.44.5
(``botocore/retries/standard.py`` and ``quota.py``): exponential backoff with full jitter, and a
quota that all calls of a client share, so that a service in trouble is not flooded with retries.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecrclient._runtime.errors import (
    ConfigurationError,
    ECRClientError,
    PoolTimeout,
    ServiceError,
    TransportError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RetryPolicy", "RetryQuota", "is_retryable"]

_QUOTA = 500
_RETRY_COST = 14
_THROTTLED_COST = 5
_SUCCESS_REFUND = 1


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a call is tried and how long it waits in between."""

    max_attempts: int = 3
    """Attempts in all, the first included; 1 means no retry."""
    base_delay: float = 0.05
    """Seconds: the upper bound of the first wait after a transient failure."""
    throttling_base_delay: float = 1.0
    """Seconds: the upper bound of the first wait after a throttled attempt."""
    max_delay: float = 20.0
    """Seconds: no wait is longer."""

    def __post_init__(self) -> None:
        if self.max_attempts < 1:
            raise ConfigurationError(f"max_attempts must be at least 1, not {self.max_attempts}")
        for name in ("base_delay", "throttling_base_delay", "max_delay"):
            if getattr(self, name) < 0:
                raise ConfigurationError(f"{name} must not be negative")

    def delay(
        self,
        error: ECRClientError,
        attempt: int,
        *,
        random: Callable[[], float] = random.random,
    ) -> float:
        """Seconds to wait after *attempt* (the first is 1) has failed with *error*."""
        throttled = isinstance(error, ServiceError) and error.is_throttling
        base = self.throttling_base_delay if throttled else self.base_delay
        return random() * min(base * 2.0 ** (attempt - 1), self.max_delay)


def is_retryable(error: ECRClientError) -> bool:
    """Whether the same request may succeed if it is sent again."""
    match error:
        case ServiceError():
            return error.is_retryable
        case PoolTimeout():
            # The bottleneck is on this side: another attempt would only queue again.
            return False
        case TransportError():
            return True
        case _:
            return False


class RetryQuota:
    """Tokens that retries cost and successes give back; shared by all calls of a client."""

    def __init__(self) -> None:
        self._available = _QUOTA

    @property
    def available(self) -> int:
        """Tokens left."""
        return self._available

    def acquire(self, error: ECRClientError) -> int | None:
        """Pay for a retry after *error*; the price, or None when too little is left."""
        throttled = isinstance(error, ServiceError) and error.is_throttling
        cost = _THROTTLED_COST if throttled else _RETRY_COST
        if cost > self._available:
            return None
        self._available -= cost
        return cost

    def release(self, last_cost: int | None) -> None:
        """Give back after a success: the last retry's price, or 1 when there was none."""
        self._available = min(self._available + (last_cost or _SUCCESS_REFUND), _QUOTA)

"""How often a call is attempted, and how long it waits between two attempts."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from ecrclient._awsjson.protocol.argument_checks import check_count, check_seconds
from ecrclient._awsjson.protocol.errors import AWSClientError, ConfigurationError
from ecrclient._awsjson.protocol.service_error import ServiceError, is_throttling_error

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RetryMode", "RetryPolicy"]

RetryMode = Literal["standard", "adaptive"]

_MAX_BEYOND_BACKOFF = 5.0
# 2.0 ** 1024 exceeds a float; max_delay applies long before.
_MAX_DOUBLINGS = 64


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a call is tried and how long it waits in between."""

    max_attempts: int = 3
    """Attempts in all, the first included; 1 means no retry."""
    mode: RetryMode = "standard"
    """``adaptive`` also slows the client down, for each operation, while it is throttled."""
    base_delay: float = 0.05
    """Seconds: the upper bound of the first wait after a transient failure."""
    throttling_base_delay: float = 1.0
    """Seconds: the upper bound of the first wait after a throttled attempt."""
    max_delay: float = 20.0
    """Seconds: no wait is longer, unless the service asks for more (``x-amz-retry-after``)."""
    retry_non_idempotent: bool = True
    """Whether an operation that is not idempotent is sent again when the response to an earlier
    attempt may have been lost."""

    def __post_init__(self) -> None:
        check_count("max_attempts", self.max_attempts)
        if self.mode not in get_args(RetryMode):
            raise ConfigurationError(f"mode must be standard or adaptive, not {self.mode!r}")
        if type(self.retry_non_idempotent) is not bool:
            raise ConfigurationError(
                f"retry_non_idempotent must be True or False, not {self.retry_non_idempotent!r}"
            )
        for name in ("base_delay", "throttling_base_delay", "max_delay"):
            check_seconds(name, getattr(self, name), zero=True)

    def delay(
        self,
        error: AWSClientError,
        attempt: int,
        *,
        random: Callable[[], float] = random.random,
    ) -> float:
        """Seconds to wait after *attempt* (the first is 1) has failed with *error*."""
        base = self.throttling_base_delay if is_throttling_error(error) else self.base_delay
        longest = min(base * 2.0 ** min(attempt - 1, _MAX_DOUBLINGS), self.max_delay)
        backoff = random() * longest
        wanted = error.retry_after if isinstance(error, ServiceError) else None
        if wanted is None:
            return backoff
        return max(backoff, min(wanted, backoff + _MAX_BEYOND_BACKOFF))

"""The number of attempts of a call, and the delays between them."""

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
    """The number of attempts of a call, and the delays between them."""

    max_attempts: int = 3
    """Maximum number of attempts, the first one included; at least 1, which means no retry."""
    mode: RetryMode = "standard"
    """``adaptive`` also limits the rate of each operation while the service throttles it."""
    base_delay: float = 0.05
    """Seconds: the upper bound of the first delay after a transient failure."""
    throttling_base_delay: float = 1.0
    """Seconds: the upper bound of the first delay after a throttled attempt."""
    max_delay: float = 20.0
    """Seconds: the upper bound of every delay, unless the service asks for a longer one
    (``x-amz-retry-after``)."""
    retry_non_idempotent: bool = True
    """Whether an operation that is not idempotent is retried when an earlier attempt may have
    succeeded and its response was lost."""

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
        """Return the seconds to wait after *attempt* (the first is 1) failed with *error*."""
        base = self.throttling_base_delay if is_throttling_error(error) else self.base_delay
        longest = min(base * 2.0 ** min(attempt - 1, _MAX_DOUBLINGS), self.max_delay)
        backoff = random() * longest
        requested = error.retry_after if isinstance(error, ServiceError) else None
        if requested is None:
            return backoff
        return max(backoff, min(requested, backoff + _MAX_BEYOND_BACKOFF))

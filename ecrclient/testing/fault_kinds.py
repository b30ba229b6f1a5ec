"""The kinds of faults: which calls they apply to, and their effect on a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from .calls import Call, operation_name
from .http_messages import Delivery

if TYPE_CHECKING:
    from ecrclient._awsjson.credentials import Credentials
    from ecrclient._awsjson.protocol.operation import Operation
    from ecrclient._awsjson.protocol.service_error import ServiceError

    from .store import Clock

__all__ = [
    "ClockOffset",
    "Conditions",
    "Ending",
    "Expiry",
    "Fault",
    "Latency",
    "Plan",
    "Predicate",
    "RateLimit",
    "Scripted",
]

Predicate: TypeAlias = Callable[[Call], bool]
"""Returns whether a fault applies to a call, by its operation, body or request model."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ends, other than with the service's regular response."""

    error: ServiceError | None = None
    """The error to respond with."""
    arrives: bool = True
    """Whether the request reaches the service."""
    lost: bool = False
    """Whether the response is lost."""
    kept: int | None = None
    """The number of bytes of the response's body that arrive; None means all."""


@dataclass(slots=True)
class Plan:
    """The combined effect of all faults on one call."""

    delay: float = 0.0
    """Seconds before the response is sent."""
    ending: Ending | None = None

    @property
    def arrives(self) -> bool:
        """Whether the request reaches the service."""
        return self.ending is None or self.ending.arrives

    @property
    def error(self) -> ServiceError | None:
        """The error to respond with before the request is examined; None if there is none."""
        return self.ending.error if self.ending else None

    def delivery(self, length: int) -> Delivery:
        """Return how a response with a body of *length* bytes is delivered."""
        ending = self.ending or Ending()
        # At least the last byte is missing; otherwise the fault would have no effect.
        kept = None if ending.kept is None else max(0, min(ending.kept, length - 1))
        return Delivery(self.delay, ending.lost, kept)


class Conditions:
    """The conditions under which a fault applies to a call.

    Raises:
        ValueError: there is no such operation, or *times* is less than 1.
    """

    def __init__(
        self, operation: str | Operation[Any] | None, when: Predicate | None, times: int | None
    ) -> None:
        if times is not None and times < 1:
            raise ValueError(f"times must be at least 1, not {times}")
        self._operation = None if operation is None else operation_name(operation)
        self._when = when
        self.times = times
        """The number of remaining calls; None means all."""

    def match(self, call: Call) -> bool:
        """Return whether the fault applies to the call."""
        return (self._operation in (None, call.operation)) and (
            self._when is None or self._when(call)
        )

    def __repr__(self) -> str:
        calls = "all calls" if self.times is None else f"{self.times} more"
        return f"{calls} of {self._operation or 'any operation'}"


class Fault:
    """One fault, which is in effect until it is used up or removed."""

    def __init__(self, remove: Callable[[Fault], None]) -> None:
        self._remove = remove

    def remove(self) -> None:
        """Remove the fault. Idempotent."""
        self._remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.remove()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def join(self, plan: Plan, call: Call) -> None:
        """Add this fault's effect on the call to *plan*."""


class Expiry(Fault):
    """Credentials that count as expired."""

    def __init__(self, remove: Callable[[Fault], None], credentials: Credentials) -> None:
        super().__init__(remove)
        self.credentials = credentials


class ClockOffset(Fault):
    """A wrong service clock."""

    def __init__(self, remove: Callable[[Fault], None], offset: timedelta) -> None:
        super().__init__(remove)
        self.offset = offset


class _CallFault(Fault):
    """A fault that affects calls."""

    def __init__(self, conditions: Conditions, remove: Callable[[Fault], None]) -> None:
        super().__init__(remove)
        self._conditions = conditions

    def __repr__(self) -> str:
        return f"<{type(self).__name__} for {self._conditions!r}>"

    def _count(self) -> None:
        if self._conditions.times is not None:
            self._conditions.times -= 1
            if not self._conditions.times:
                self.remove()


class Latency(_CallFault):
    """A delayed response."""

    def __init__(
        self, conditions: Conditions, remove: Callable[[Fault], None], seconds: float
    ) -> None:
        super().__init__(conditions, remove)
        self._seconds = seconds

    def join(self, plan: Plan, call: Call) -> None:
        """Delay the response."""
        if self._conditions.match(call):
            plan.delay += self._seconds
            self._count()


class Scripted(_CallFault):
    """A call that ends with an error, a lost response or a truncated body."""

    def __init__(
        self, conditions: Conditions, remove: Callable[[Fault], None], ending: Ending
    ) -> None:
        super().__init__(conditions, remove)
        self._ending = ending

    def join(self, plan: Plan, call: Call) -> None:
        """Set how the call ends, unless an older fault has done so."""
        if plan.ending is None and self._conditions.match(call) and self._triggers(call):
            plan.ending = self._ending
            self._count()

    def _triggers(self, call: Call) -> bool:  # noqa: ARG002 - some faults depend on the call
        return True


class RateLimit(Scripted):
    """Calls of an operation above a rate.

    Raises:
        ValueError: the rate is not positive, or the burst is less than 1.
    """

    def __init__(
        self,
        conditions: Conditions,
        remove: Callable[[Fault], None],
        ending: Ending,
        rate: float,
        burst: int,
        clock: Clock,
    ) -> None:
        if rate <= 0 or burst < 1:
            raise ValueError(
                f"rate must be positive, and burst at least 1; they are {rate} and {burst}"
            )
        super().__init__(conditions, remove, ending)
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def _triggers(self, call: Call) -> bool:
        now = self._clock()
        bucket = self._buckets.setdefault(call.operation, _Bucket(float(self._burst), now))
        return not bucket.take(now, self._rate, self._burst)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: datetime

    def take(self, now: datetime, rate: float, burst: int) -> bool:
        """Take a token; return whether there was one."""
        seconds = (now - self.filled_at).total_seconds()
        self.tokens = min(burst, self.tokens + max(0.0, seconds) * rate)
        self.filled_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

"""The kinds of faults: which calls they are for, and what they do to one."""

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
"""Whether a fault is for a call. It may look at the operation, the body and the request model."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ends, other than with the service's answer."""

    error: ServiceError | None = None
    """What it is answered with."""
    arrives: bool = True
    """Whether the request reaches the service."""
    lost: bool = False
    """Whether the answer is lost."""
    kept: int | None = None
    """How many bytes of the answer's body arrive; None: all."""


@dataclass(slots=True)
class Plan:
    """What goes wrong with one call."""

    delay: float = 0.0
    """Seconds before the answer leaves."""
    ending: Ending | None = None

    @property
    def arrives(self) -> bool:
        """Whether the request reaches the service."""
        return self.ending is None or self.ending.arrives

    @property
    def error(self) -> ServiceError | None:
        """What the service answers, without looking at the request."""
        return self.ending.error if self.ending else None

    def delivery(self, length: int) -> Delivery:
        """What becomes of an answer with a body of *length* bytes."""
        ending = self.ending or Ending()
        # The last byte at least is missing, or nobody would notice.
        kept = None if ending.kept is None else max(0, min(ending.kept, length - 1))
        return Delivery(self.delay, ending.lost, kept)


class Conditions:
    """Which calls a fault is for.

    Raises:
        ValueError: there is no such operation, or it is for less than one call.
    """

    def __init__(
        self, operation: str | Operation[Any] | None, when: Predicate | None, times: int | None
    ) -> None:
        if times is not None and times < 1:
            raise ValueError(f"a fault is for one call at least, not for {times}")
        self._operation = None if operation is None else operation_name(operation)
        self._when = when
        self.times = times
        """For how many calls more; None: for all."""

    def fit(self, call: Call) -> bool:
        """Whether the fault is for the call."""
        return (self._operation in (None, call.operation)) and (
            self._when is None or self._when(call)
        )

    def __repr__(self) -> str:
        calls = "all calls" if self.times is None else f"{self.times} more"
        return f"{calls} of {self._operation or 'any operation'}"


class Fault:
    """One thing that goes wrong, until it is used up or removed."""

    def __init__(self, remove: Callable[[Fault], None]) -> None:
        self._remove = remove

    def remove(self) -> None:
        """End it; twice is once."""
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
        """Take part in what goes wrong with a call."""


class Expiry(Fault):
    """Credentials that are over before their time."""

    def __init__(self, remove: Callable[[Fault], None], credentials: Credentials) -> None:
        super().__init__(remove)
        self.credentials = credentials


class ClockOffset(Fault):
    """A clock that is wrong."""

    def __init__(self, remove: Callable[[Fault], None], offset: timedelta) -> None:
        super().__init__(remove)
        self.offset = offset


class _CallFault(Fault):
    """A fault that some calls meet."""

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
    """An answer that comes late."""

    def __init__(
        self, conditions: Conditions, remove: Callable[[Fault], None], seconds: float
    ) -> None:
        super().__init__(conditions, remove)
        self._seconds = seconds

    def join(self, plan: Plan, call: Call) -> None:
        """Delay the answer."""
        if self._conditions.fit(call):
            plan.delay += self._seconds
            self._count()


class Scripted(_CallFault):
    """A call that ends in another way than it should."""

    def __init__(
        self, conditions: Conditions, remove: Callable[[Fault], None], ending: Ending
    ) -> None:
        super().__init__(conditions, remove)
        self._ending = ending

    def join(self, plan: Plan, call: Call) -> None:
        """End the call, unless an older fault does."""
        if plan.ending is None and self._conditions.fit(call) and self._strikes(call):
            plan.ending = self._ending
            self._count()

    def _strikes(self, call: Call) -> bool:  # noqa: ARG002 - some faults depend on the call
        return True


class RateLimit(Scripted):
    """Calls of an operation that are too fast.

    Raises:
        ValueError: the rate or the burst lets nothing pass.
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
            raise ValueError(f"a rate of {rate} with bursts of {burst} lets nothing pass")
        super().__init__(conditions, remove, ending)
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def _strikes(self, call: Call) -> bool:
        now = self._clock()
        bucket = self._buckets.setdefault(call.operation, _Bucket(float(self._burst), now))
        return not bucket.take(now, self._rate, self._burst)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: datetime

    def take(self, now: datetime, rate: float, burst: int) -> bool:
        """Whether there was a token."""
        seconds = (now - self.filled_at).total_seconds()
        self.tokens = min(burst, self.tokens + max(0.0, seconds) * rate)
        self.filled_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

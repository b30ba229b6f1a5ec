"""Faults that a test injects.

::

    ecr.faults.error(ServerException, times=2)                   # the next two calls
    ecr.faults.throttle(operation="ListImages")                  # the next one of this operation
    ecr.faults.drop(executed=True, when=lambda call: b"v1" in call.body)
    ecr.faults.rate_limit(10, burst=20)                          # a token bucket per operation
    with ecr.faults.latency(2.0, times=None):                    # all calls, until it is removed
        ...

Faults take effect before the service examines a request. Of the faults that determine how a call
ends (errors, drops and truncated bodies), the oldest that matches the call is used, and the others
remain for the next calls; a sequence of them therefore acts as a script. Latency is added to any.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import scripted_error
from .fault_kinds import (
    ClockOffset,
    Conditions,
    Ending,
    Expiry,
    Fault,
    Latency,
    Plan,
    RateLimit,
    Scripted,
)

if TYPE_CHECKING:
    from ecrclient._awsjson.credentials import Credentials
    from ecrclient._awsjson.protocol.operation import Operation
    from ecrclient._awsjson.protocol.service_error import ServiceError

    from .calls import Call
    from .fault_kinds import Predicate
    from .store import Clock

__all__ = ["Faults"]

FaultT = TypeVar("FaultT", bound=Fault)

_THROTTLED = "ThrottlingException", "Rate exceeded"


class Faults:
    """The faults that are in effect, oldest first.

    Most methods take the same conditions:

    - ``operation``: the operation's name, such as ``"ListImages"``, or an object from
      ``ecrclient.operations``; None means any request, including downloads.
    - ``when``: a function that takes the `Call` and returns whether the
      fault applies to it.
    - ``times``: the number of matching calls that the fault applies to; None means all, until the
      fault is removed.

    Each method returns the `Fault`. Its ``remove()`` ends it; used as a context manager, it
    ends with the block.

    Args:
        clock: The service's clock, which rate limits use.
        credentials: The credentials that `expire_credentials` expires by default.
    """

    def __init__(self, clock: Clock, credentials: Credentials) -> None:
        self._clock = clock
        self._credentials = credentials
        self._faults: list[Fault] = []

    def __repr__(self) -> str:
        return f"<Faults: {', '.join(map(repr, self._faults)) or 'none'}>"

    def clear(self) -> None:
        """Remove all faults."""
        self._faults.clear()

    # -- how a call ends --------------------------------------------------------------------------

    def error(
        self,
        error: ServiceError | type[ServiceError] | str,
        message: str = "",
        *,
        status: int | None = None,
        operation: str | Operation[Any] | None = None,
        when: Predicate | None = None,
        times: int | None = 1,
    ) -> Fault:
        """Respond with an error; the request is not executed.

        Args:
            error: A modelled error's class, any code, or an error instance, whose ``details`` and
                ``retry_after`` (seconds) are sent, too.
            message: The error's message.
            status: The HTTP status; None means the error's usual status.
            operation: See the class.
            when: See the class.
            times: See the class.

        Raises:
            TypeError: the class is ``ServiceError`` itself, or an instance comes with a message or
                a status.
            ValueError: there is no such operation, or *times* is less than 1.
        """
        ending = Ending(error=scripted_error(error, message, status))
        return self._add(Scripted(Conditions(operation, when, times), self._remove, ending))

    def throttle(
        self,
        *,
        operation: str | Operation[Any] | None = None,
        when: Predicate | None = None,
        times: int | None = 1,
    ) -> Fault:
        """Respond with ``ThrottlingException``; the request is not executed."""
        code, message = _THROTTLED
        return self.error(code, message, operation=operation, when=when, times=times)

    def rate_limit(
        self,
        rate: float,
        *,
        burst: int = 1,
        operation: str | Operation[Any] | None = None,
        when: Predicate | None = None,
    ) -> Fault:
        """Throttle each operation that is called too fast, with one token bucket per operation.

        Args:
            rate: The number of calls per second, by the service's clock.
            burst: The capacity of the bucket: the number of calls that may follow a pause without
                any delay between them.
            operation: See the class.
            when: See the class.

        Raises:
            ValueError: the rate is not positive, or the burst is less than 1.
        """
        ending = Ending(error=scripted_error(*_THROTTLED, None))
        conditions = Conditions(operation, when, None)
        return self._add(RateLimit(conditions, self._remove, ending, rate, burst, self._clock))

    def drop(
        self,
        *,
        executed: bool = False,
        operation: str | Operation[Any] | None = None,
        when: Predicate | None = None,
        times: int | None = 1,
    ) -> Fault:
        """Close the connection instead of responding.

        Over HTTP, a client may assume that a reused connection was closed while it was idle, and
        resend the request immediately, which does not count as a retry.

        Args:
            executed: Whether the request is executed first, so that only its response is lost.
            operation: See the class.
            when: See the class.
            times: See the class.
        """
        ending = Ending(lost=True, arrives=executed)
        return self._add(Scripted(Conditions(operation, when, times), self._remove, ending))

    def truncate(
        self,
        keep: int = 1,
        *,
        operation: str | Operation[Any] | None = None,
        when: Predicate | None = None,
        times: int | None = 1,
    ) -> Fault:
        """Close the connection within the body of the response; the request is executed.

        Args:
            keep: The number of bytes of the body that arrive. If the body is not longer than this,
                only its last byte is missing.
            operation: See the class.
            when: See the class.
            times: See the class.

        Raises:
            ValueError: *keep* is negative.
        """
        if keep < 0:
            raise ValueError(f"keep must be at least 0, not {keep}")
        ending = Ending(kept=keep)
        return self._add(Scripted(Conditions(operation, when, times), self._remove, ending))

    # -- latency, credentials and clocks ----------------------------------------------------------

    def latency(
        self,
        seconds: float,
        *,
        operation: str | Operation[Any] | None = None,
        when: Predicate | None = None,
        times: int | None = 1,
    ) -> Fault:
        """Delay the response. The request is executed immediately, even if the caller gives up.

        Args:
            seconds: The minimum delay.
            operation: See the class.
            when: See the class.
            times: See the class.

        Raises:
            ValueError: *seconds* is negative.
        """
        if seconds < 0:
            raise ValueError(f"seconds must be at least 0, not {seconds:g}")
        return self._add(Latency(Conditions(operation, when, times), self._remove, seconds))

    def expire_credentials(self, credentials: Credentials | None = None) -> Fault:
        """Refuse credentials with ``ExpiredTokenException`` from now on.

        Other accepted credentials remain valid, so a caller that renews its credentials continues.
        Credentials with ``expires_at`` expire without this fault.

        Args:
            credentials: The credentials to refuse; None means ``InMemoryECR.credentials``.
        """
        return self._add(Expiry(self._remove, credentials or self._credentials))

    def clock_offset(self, offset: timedelta) -> Fault:
        """Offset the clock by which the service checks signatures and sets the ``Date`` header.

        As with ECR, signatures that are off by more than 15 minutes are refused with
        ``InvalidSignatureException``, whose message begins with "Signature expired" or "Signature
        not yet current".
        """
        return self._add(ClockOffset(self._remove, offset))

    # -- for the service --------------------------------------------------------------------------

    def plan(self, call: Call) -> Plan:
        """Return the combined effect of the faults on a call; remove faults that are used up."""
        plan = Plan()
        for fault in tuple(self._faults):
            fault.join(plan, call)
        return plan

    def has_expired(self, credentials: Credentials) -> bool:
        """Return whether a fault makes these credentials count as expired."""
        return any(fault.credentials == credentials for fault in self._of(Expiry))

    def total_offset(self) -> timedelta:
        """Return how far the service's clock is ahead."""
        return sum((fault.offset for fault in self._of(ClockOffset)), timedelta(0))

    def _of(self, kind: type[FaultT]) -> list[FaultT]:
        return [fault for fault in self._faults if isinstance(fault, kind)]

    def _add(self, fault: FaultT) -> FaultT:
        self._faults.append(fault)
        return fault

    def _remove(self, fault: Fault) -> None:
        if fault in self._faults:
            self._faults.remove(fault)

"""What goes wrong on demand.

::

    ecr.faults.error(ServerException, times=2)                   # the next two calls
    ecr.faults.throttle(operation="ListImages")                  # the next one of this operation
    ecr.faults.drop(executed=True, when=lambda call: b"v1" in call.body)
    ecr.faults.rate_limit(10, burst=20)                          # a token bucket per operation
    with ecr.faults.latency(2.0, times=None):                    # all calls, until it is removed
        ...

A fault is met before the service looks at a request. Of those that decide how a call ends (errors,
drops, truncated bodies) the oldest that fits is used, and the others wait for the next call; so a
row of them is a script. Latency comes on top of any.
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
    """The faults that are in force, oldest first.

    Most methods take the same conditions:

    - ``operation``: the operation's name, as in ``"ListImages"``, or as it stands in
      ``ecrclient.operations``; None: any, and what is no operation (downloads) too.
    - ``when``: a function from the :class:`~ecrclient.testing.Call` to whether the fault is for it.
    - ``times``: for how many of the calls that fit; None: for all, until the fault is removed.

    Each returns the :class:`Fault`, which can be removed, or used as a context manager that removes
    it at the end.

    Args:
        clock: The service's, by which rate limits count.
        credentials: Those that expire if no others are named.
    """

    def __init__(self, clock: Clock, credentials: Credentials) -> None:
        self._clock = clock
        self._credentials = credentials
        self._faults: list[Fault] = []

    def __repr__(self) -> str:
        return f"<Faults: {', '.join(map(repr, self._faults)) or 'none'}>"

    def clear(self) -> None:
        """Remove all."""
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
        """Answer with an error; nothing is executed.

        Args:
            error: A modelled error's class, any code, or an error as a whole, whose ``details`` and
                ``retry_after`` (seconds) are sent, too.
            message: What the service says.
            status: The HTTP status; None: the usual one of the error.
            operation: See the class.
            when: See the class.
            times: See the class.
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
        """Answer with ``ThrottlingException``; nothing is executed."""
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
        """Throttle each operation that is called too fast, by a token bucket of its own.

        Args:
            rate: Calls a second, by the service's clock.
            burst: Calls at once, after a pause.
            operation: See the class.
            when: See the class.

        Raises:
            ValueError: the rate or the burst lets nothing pass.
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
        """Break the connection instead of answering.

        Over HTTP, a client may take the end of a connection that it has used before for that of an
        idle one, and send the request again at once, which is not counted as a retry.

        Args:
            executed: Whether the request is executed first, and only its answer lost.
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
        """Break the connection within the body of the answer; the request is executed.

        Args:
            keep: How many bytes of the body arrive. If it is shorter, the last byte is missing.
            operation: See the class.
            when: See the class.
            times: See the class.

        Raises:
            ValueError: no number of bytes can be negative.
        """
        if keep < 0:
            raise ValueError(f"{keep} bytes cannot arrive")
        ending = Ending(kept=keep)
        return self._add(Scripted(Conditions(operation, when, times), self._remove, ending))

    # -- what comes on top ------------------------------------------------------------------------

    def latency(
        self,
        seconds: float,
        *,
        operation: str | Operation[Any] | None = None,
        when: Predicate | None = None,
        times: int | None = 1,
    ) -> Fault:
        """Answer late. The request is executed at once, whether or not its caller waits.

        Args:
            seconds: How late, at the least.
            operation: See the class.
            when: See the class.
            times: See the class.

        Raises:
            ValueError: it would be early.
        """
        if seconds < 0:
            raise ValueError(f"an answer cannot be {-seconds:g} s early")
        return self._add(Latency(Conditions(operation, when, times), self._remove, seconds))

    def expire_credentials(self, credentials: Credentials | None = None) -> Fault:
        """Refuse credentials with ``ExpiredTokenException`` from now on.

        Others that the service accepts are not concerned: a caller that renews its credentials goes
        on. Credentials with ``expires_at`` expire by themselves.

        Args:
            credentials: Which; None: ``InMemoryECR.credentials``.
        """
        return self._add(Expiry(self._remove, credentials or self._credentials))

    def clock_offset(self, offset: timedelta) -> Fault:
        """Let the service's clock be wrong, as it checks signatures by it and tells it in ``Date``.

        Signatures are refused from 15 minutes on, as with ECR: ``InvalidSignatureException``, which
        begins with "Signature expired" or "Signature not yet current".
        """
        return self._add(ClockOffset(self._remove, offset))

    # -- for the service --------------------------------------------------------------------------

    def plan(self, call: Call) -> Plan:
        """What will go wrong with a call; faults that are used up are removed."""
        plan = Plan()
        for fault in tuple(self._faults):
            fault.join(plan, call)
        return plan

    def has_expired(self, credentials: Credentials) -> bool:
        """Whether they are to be refused."""
        return any(fault.credentials == credentials for fault in self._of(Expiry))

    def total_offset(self) -> timedelta:
        """How far the service's clock is ahead."""
        return sum((fault.offset for fault in self._of(ClockOffset)), timedelta(0))

    def _of(self, kind: type[FaultT]) -> list[FaultT]:
        return [fault for fault in self._faults if isinstance(fault, kind)]

    def _add(self, fault: FaultT) -> FaultT:
        self._faults.append(fault)
        return fault

    def _remove(self, fault: Fault) -> None:
        if fault in self._faults:
            self._faults.remove(fault)

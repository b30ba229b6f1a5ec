"""Waiters: repeat a call until its response ends the wait.

The pauses follow "Waiters" in the Smithy specification. Each is a random number of seconds between
``min_delay`` and a limit, so that waits that start together do not keep polling together. The limit
starts at ``min_delay`` and doubles with each poll, up to ``max_delay``. The last poll starts early
enough for its response to arrive before the wait ends.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar, cast

import anyio

from ecrclient._awsjson.many.acceptors import compared, is_met
from ecrclient._awsjson.many.errors import (
    WaiterFailureError,
    WaiterTimeoutError,
)
from ecrclient._awsjson.protocol.argument_checks import (
    check_callable,
    check_instance,
    check_seconds,
)
from ecrclient._awsjson.protocol.errors import ConfigurationError, DeadlineExceeded
from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient._awsjson.protocol.shapes import Response
from ecrclient._awsjson.support.bounded_text import MAX_NAME, shorten

if TYPE_CHECKING:
    from ecrclient._awsjson.calling.budget import Budget
    from ecrclient._awsjson.protocol.operation import Acceptor, Waiter

__all__ = ["Goal", "OnPoll", "Pace", "Poll", "PredicateGoal", "WaiterGoal", "wait"]

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)
T_co = TypeVar("T_co", covariant=True)

Verdict = Literal["success", "failure", "pending"]

_ERROR_CLASSES = "a tuple of subclasses of ServiceError"
# 2.0 ** 1024 overflows a float; max_delay limits the pause long before that.
_MAX_DOUBLINGS = 64


@dataclass(frozen=True, slots=True)
class Poll(Generic[T_co]):
    """One poll of a wait, as passed to ``on_poll``."""

    number: int
    """The number of the poll; the first is 1."""
    elapsed: float
    """Seconds since the wait started."""
    response: T_co | None
    """The response; None if the poll failed with an error."""
    error: ServiceError | None
    """The error of the poll, if the wait goes on after it, or waits for it."""
    state: str
    """The state that the poll found, such as ``status is IN_PROGRESS``, or the error's code."""


OnPoll = Callable[[Poll[T]], Awaitable[None] | None]
"""A function that is called after each poll, including the last; it may be a coroutine function."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The lengths of the pauses between polls, in seconds."""

    min_delay: float
    max_delay: float

    def __post_init__(self) -> None:
        check_seconds("min_delay", self.min_delay)
        check_seconds("max_delay", self.max_delay)
        if self.min_delay > self.max_delay:
            raise ConfigurationError(
                f"min_delay must be at most max_delay ({self.max_delay!r}), not {self.min_delay!r}"
            )

    def delay(self, polls: int, left: float) -> tuple[float, bool]:
        """Return the seconds until the next poll, and whether that poll is the last one.

        Args:
            polls: The number of polls so far.
            left: Seconds until the wait ends.
        """
        longest = min(self.min_delay * 2.0 ** min(polls - 1, _MAX_DOUBLINGS), self.max_delay)
        delay = random.uniform(self.min_delay, longest)  # noqa: S311 - not a secret
        if left - delay >= self.min_delay:
            return delay, False
        return max(left - self.min_delay, left / 2), True


class Goal(Protocol[T_contra]):
    """The condition that a wait is for."""

    def evaluate(self, response: T_contra) -> tuple[Verdict, str]:
        """Return whether the response ends the wait, and the state that it reports, as text."""
        ...

    def evaluate_error(self, error: ServiceError) -> Verdict | None:
        """Return whether the error ends the wait; None if it must be raised."""
        ...


class WaiterGoal:
    """The goal of a waiter in the service's model: its first acceptor that is met decides."""

    def __init__(self, waiter: Waiter[Any]) -> None:
        self._acceptors = waiter.acceptors

    def evaluate(self, response: object) -> tuple[Verdict, str]:
        """Find the acceptor that the response meets; the wait continues if there is none."""
        acceptor = self._met_by(response)
        verdict = _VERDICTS[acceptor.state] if acceptor else "pending"
        # The state of a pending poll is described by what the waiter looks at first.
        return verdict, _state(acceptor or self._acceptors[0], response)

    def evaluate_error(self, error: ServiceError) -> Verdict | None:
        """Find the acceptor that the error meets."""
        acceptor = self._met_by(error)
        return _VERDICTS[acceptor.state] if acceptor else None

    def _met_by(self, outcome: object) -> Acceptor | None:
        return next((each for each in self._acceptors if is_met(each, outcome)), None)


_VERDICTS: Mapping[str, Verdict] = {"success": "success", "failure": "failure", "retry": "pending"}


def _state(acceptor: Acceptor, response: object) -> str:
    match acceptor.matcher:
        case "error":
            return "there is no error"
        case "status":
            subject = "HTTP status"
        case _:
            subject = acceptor.expression or acceptor.path
    value = compared(acceptor, response)
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    return shorten(f"{subject} is {', '.join(map(str, items))}", MAX_NAME)


class PredicateGoal(Generic[T]):
    """A goal that the caller defines."""

    def __init__(
        self, predicate: Callable[[T], bool], retry_errors: tuple[type[ServiceError], ...]
    ) -> None:
        check_callable("predicate", predicate)
        check_instance("retry_errors", retry_errors, tuple, _ERROR_CLASSES)
        if not all(_is_service_error(kind) for kind in retry_errors):
            raise ConfigurationError(f"retry_errors must be {_ERROR_CLASSES}")
        self._predicate = predicate
        self._retry_errors = retry_errors

    def evaluate(self, response: T) -> tuple[Verdict, str]:
        """Succeed if the predicate is true; the predicate reports a failure by raising."""
        if self._predicate(response):
            return "success", "the predicate holds"
        return "pending", "the predicate does not hold"

    def evaluate_error(self, error: ServiceError) -> Verdict | None:
        """Continue after an instance of one of the caller's classes."""
        return "pending" if isinstance(error, self._retry_errors) else None


async def wait(
    name: str,
    call: Callable[[], Awaitable[T]],
    goal: Goal[T],
    budget: Budget,
    pace: Pace,
    *,
    max_wait: float,
    on_poll: OnPoll[T] | None = None,
) -> T | None:
    """Poll until *goal* is reached.

    Args:
        name: The name of the wait in errors.
        call: One poll.
        goal: What ends the wait.
        budget: The time of the wait; its deadline ends the wait too.
        pace: The pauses.
        max_wait: Maximum number of seconds, polls included; a poll in progress is cancelled.
        on_poll: Called after each poll.

    Returns:
        The response that reached the goal; None if an error did.

    Raises:
        WaiterTimeoutError: *max_wait* has passed, or the rest of it is too short for another poll.
        WaiterFailureError: the goal can no longer be reached.
        DeadlineExceeded: the deadline of *budget* has passed.
        ConfigurationError: an argument has the wrong type or is out of range.
    """
    check_seconds("max_wait", max_wait, infinite=True)
    check_callable("call", call)
    check_callable("on_poll", on_poll, none=True)
    polls = _Polls(call, goal, budget, on_poll)
    end = min(polls.started + max_wait, budget.at)
    is_last = False
    with anyio.CancelScope(deadline=end):
        while True:
            verdict = await polls.poll()
            if verdict == "success":
                return None if polls.error else polls.response
            if verdict == "failure":
                response = _as_response(polls.response)
                raise WaiterFailureError(name, polls.state, response) from polls.error
            if is_last:
                break
            delay, is_last = pace.delay(polls.number, end - anyio.current_time())
            await anyio.sleep(delay)
    if budget.seconds is not None and end == budget.at:
        spent = budget.stopwatch.read()
        raise DeadlineExceeded(name, budget.seconds, polls.number, spent, counted="poll")
    problem = f"not done within {max_wait:g} s: {polls.state}"
    raise WaiterTimeoutError(name, problem, _as_response(polls.response))


class _Polls(Generic[T]):
    """The polls of one wait."""

    def __init__(
        self,
        call: Callable[[], Awaitable[T]],
        goal: Goal[T],
        budget: Budget,
        on_poll: OnPoll[T] | None,
    ) -> None:
        self._call = call
        self._goal = goal
        self._stopwatch = budget.stopwatch
        self._on_poll = on_poll
        self.started = anyio.current_time()
        self.number = 0
        """The number of polls that were started."""
        self.response: T | None = None
        """The last response."""
        self.error: ServiceError | None = None
        """The error of the last poll, if the goal has a verdict about it."""
        self.state = "no response yet"
        """The state that the last poll found, as text."""

    async def poll(self) -> Verdict:
        """Poll once and report the poll to ``on_poll``."""
        self.number += 1
        response: T | None = None
        self.error = None
        verdict: Verdict | None
        try:
            response = self.response = await _awaitable(self._call())
        except ServiceError as error:
            verdict = self._goal.evaluate_error(error)
            if verdict is None:
                raise
            self.error, self.state = error, error.code
        else:
            verdict, self.state = self._goal.evaluate(response)
        self._stopwatch.enter("sleeps")
        await self._report(response)
        return verdict

    async def _report(self, response: T | None) -> None:
        if self._on_poll is None:
            return
        elapsed = anyio.current_time() - self.started
        returned = self._on_poll(Poll(self.number, elapsed, response, self.error, self.state))
        if inspect.isawaitable(returned):
            await returned


def _is_service_error(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, ServiceError)


def _awaitable(poll: Awaitable[T]) -> Awaitable[T]:
    check_instance("what call returns", poll, Awaitable, "an awaitable, such as a coroutine")
    return poll


def _as_response(value: object) -> Response | None:
    return value if isinstance(value, Response) else None

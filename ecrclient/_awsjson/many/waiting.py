"""Waiters: call an operation again and again until its answer says that the wait is over.

The pauses are those of "Waiters" in the Smithy specification: the first is ``min_delay`` long, each
may be twice as long as the one before, up to ``max_delay``, and a random part of what goes beyond
``min_delay`` is taken off, so that what was started together does not poll together for ever. The
last poll is made a while before the end, so that there is time for its answer.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar, cast

import anyio

from ecrclient._awsjson.many.errors import WaiterFailureError, WaiterTimeoutError
from ecrclient._awsjson.protocol.argument_checks import (
    check_callable,
    check_instance,
    check_seconds,
)
from ecrclient._awsjson.protocol.errors import ConfigurationError, DeadlineExceeded
from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient._awsjson.protocol.shapes import Response

if TYPE_CHECKING:
    from ecrclient._awsjson.calling.budget import Budget
    from ecrclient._awsjson.protocol.operation import Waiter

__all__ = ["Goal", "OnPoll", "Pace", "Poll", "PredicateGoal", "StatusGoal", "wait"]

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)
T_co = TypeVar("T_co", covariant=True)

Verdict = Literal["success", "failure", "pending"]

_ERROR_CLASSES = "a tuple of subclasses of ServiceError"
# 2.0 ** 1024 is more than a float holds; long before that max_delay is what counts.
_MAX_DOUBLINGS = 64


@dataclass(frozen=True, slots=True)
class Poll(Generic[T_co]):
    """One poll, as ``on_poll`` is told of it."""

    number: int
    """The first is 1."""
    elapsed: float
    """Seconds since the wait began."""
    response: T_co | None
    """The answer; None when it was an error that is waited out."""
    error: ServiceError | None
    """The error that is waited out."""
    state: str
    """What it says of the wait, such as ``image_scan_status.status is IN_PROGRESS``."""


OnPoll = Callable[[Poll[T]], Awaitable[None] | None]
"""Called after each poll, the last one too; a coroutine function is awaited."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the pauses between polls are, in seconds."""

    min_delay: float
    max_delay: float

    def __post_init__(self) -> None:
        check_seconds("min_delay", self.min_delay)
        check_seconds("max_delay", self.max_delay)
        if self.min_delay > self.max_delay:
            raise ConfigurationError(
                "min_delay must be at most max_delay, but they are "
                f"{self.min_delay!r} and {self.max_delay!r}"
            )

    def delay(self, polls: int, left: float) -> tuple[float, bool]:
        """Seconds until the next poll after that many, and whether it is the last one.

        Args:
            polls: How many there have been.
            left: Seconds until the end of the wait.
        """
        longest = min(self.min_delay * 2.0 ** min(polls - 1, _MAX_DOUBLINGS), self.max_delay)
        delay = random.uniform(self.min_delay, longest)  # noqa: S311 - no secret
        if left - delay >= self.min_delay:
            return delay, False
        return max(left - self.min_delay, left / 2), True


class Goal(Protocol[T_contra]):
    """What a wait is for."""

    def judge(self, response: T_contra) -> tuple[Verdict, str]:
        """Whether the answer ends the wait, and what it says in words."""
        ...

    def tolerates(self, error: ServiceError) -> bool:
        """Whether the error is waited out."""
        ...


class StatusGoal:
    """The goal of a waiter that the service's model knows: a status in the answer."""

    def __init__(self, waiter: Waiter[Any]) -> None:
        self._waiter = waiter

    def judge(self, response: object) -> tuple[Verdict, str]:
        """By the lists of statuses; one that is in none of them goes on."""
        waiter = self._waiter
        status: Any = response
        for step in waiter.path:
            status = getattr(status, step, None)
        state = f"{'.'.join(waiter.path)} is {status}"
        if status in waiter.success:
            return "success", state
        return "failure" if status in waiter.failure else "pending", state

    def tolerates(self, error: ServiceError) -> bool:
        """By the error's code."""
        return error.code in self._waiter.retry_errors


class PredicateGoal(Generic[T]):
    """A goal of the caller's own."""

    def __init__(
        self, predicate: Callable[[T], bool], retry_errors: tuple[type[ServiceError], ...]
    ) -> None:
        check_callable("predicate", predicate)
        check_instance("retry_errors", retry_errors, tuple, _ERROR_CLASSES)
        if not all(_is_service_error(kind) for kind in retry_errors):
            raise ConfigurationError(f"retry_errors must be {_ERROR_CLASSES}")
        self._predicate = predicate
        self._retry_errors = retry_errors

    def judge(self, response: T) -> tuple[Verdict, str]:
        """Success as soon as the predicate is true; it fails by raising."""
        if self._predicate(response):
            return "success", "the predicate holds"
        return "pending", "the predicate does not hold"

    def tolerates(self, error: ServiceError) -> bool:
        """By the error's class."""
        return isinstance(error, self._retry_errors)


async def wait(
    name: str,
    call: Callable[[], Awaitable[T]],
    goal: Goal[T],
    budget: Budget,
    pace: Pace,
    *,
    max_wait: float,
    on_poll: OnPoll[T] | None = None,
) -> T:
    """Poll until *goal* is reached; the answer that reached it.

    Args:
        name: What the errors call the wait.
        call: One poll.
        goal: What ends the wait.
        budget: The time of the call that waits; its deadline ends the wait too.
        pace: The pauses.
        max_wait: Seconds at the most, polls included; the one under way is cancelled.
        on_poll: Told of each poll.

    Raises:
        WaiterTimeoutError: *max_wait* has passed, or what is left of it is too short for a poll.
        WaiterFailureError: the goal cannot be reached any more.
        DeadlineExceeded: the deadline came before.
        ConfigurationError: an argument is of a wrong type or out of range.
    """
    check_seconds("max_wait", max_wait, infinite=True)
    check_callable("call", call)
    check_callable("on_poll", on_poll, none=True)
    begun = anyio.current_time()
    end = min(begun + max_wait, budget.at)
    last: T | None = None
    state = "no answer yet"
    polls, is_last = 0, False
    with anyio.CancelScope(deadline=end):
        while True:
            polls += 1
            response, error = None, None
            verdict: Verdict = "pending"
            try:
                response = last = await _awaitable(call())
            except ServiceError as failure:
                if not goal.tolerates(failure):
                    raise
                error, state = failure, failure.code
            else:
                verdict, state = goal.judge(response)
            budget.stopwatch.enter("sleeps")
            if on_poll is not None:
                elapsed = anyio.current_time() - begun
                told = on_poll(Poll(polls, elapsed, response, error, state))
                if inspect.isawaitable(told):
                    await told
            if verdict == "success":
                return cast("T", response)
            if verdict == "failure":
                raise WaiterFailureError(name, state, _as_response(last))
            if is_last:
                break
            delay, is_last = pace.delay(polls, end - anyio.current_time())
            await anyio.sleep(delay)
    if budget.seconds is not None and end == budget.at:
        raise DeadlineExceeded(name, budget.seconds, polls, budget.stopwatch.read())
    raise WaiterTimeoutError(name, f"not done within {max_wait:g} s: {state}", _as_response(last))


def _is_service_error(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, ServiceError)


def _awaitable(poll: Awaitable[T]) -> Awaitable[T]:
    check_instance("what call returns", poll, Awaitable, "an awaitable, such as a coroutine")
    return poll


def _as_response(answer: object) -> Response | None:
    return answer if isinstance(answer, Response) else None

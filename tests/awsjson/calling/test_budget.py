"""The deadline of a call: no delay beyond it, and an error that reports the time of each phase."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Sequence

import anyio
import httpx
import pytest

from ecrclient import (
    AttemptTimeout,
    CallNext,
    CallOptions,
    Credentials,
    DeadlineExceeded,
    Middleware,
    ReadError,
    RetryPolicy,
    ServiceError,
)
from ecrclient._awsjson.calling.budget import Budget, Stopwatch
from tests.awsjson.calling.players import OpenStage, Stage
from tests.awsjson.calling.script import OK, Call, Failure, Response, Step, error
from tests.tools.records import changed
from tests.virtual_time import anyio_backend as anyio_backend

FAULT = error("ServerException", 500)


def _always(policy: RetryPolicy, seconds: float) -> RetryPolicy:
    """The policy with constant delays."""

    class Fixed(RetryPolicy):
        def delay(self, *_: object, **__: object) -> float:
            return seconds

    return Fixed(max_attempts=policy.max_attempts, mode=policy.mode)


async def _stage(
    open_stage: OpenStage,
    *steps: Step,
    deadline: float,
    wait: float = 1.0,
    mode: str = "standard",
    attempts: int = 3,
    middleware: Sequence[Middleware] = (),
) -> Stage:
    adaptive = RetryPolicy(attempts, "adaptive" if mode == "adaptive" else "standard")
    options = CallOptions(deadline=deadline)
    stage = await open_stage(_always(adaptive, wait), options, middleware)
    stage.steps = Call(steps).play()
    return stage


@pytest.mark.anyio
async def test_a_branch_ends_at_the_same_time_and_has_its_own_phases() -> None:
    budget = Budget(5)
    await anyio.sleep(2)
    branch = budget.branch()
    assert (branch.seconds, branch.at) == (5, 5)
    assert branch.stopwatch is not budget.stopwatch
    await anyio.sleep(1)
    assert branch.stopwatch.read() == {"setup": 1}
    assert budget.stopwatch.read() == {"setup": 3}


def test_without_a_limit_nothing_is_measured_and_no_event_loop_is_needed() -> None:
    for budget in (Budget(None), Budget(None).branch()):
        assert (budget.seconds, budget.at) == (None, math.inf)
        budget.stopwatch.enter("sleeps")


@pytest.mark.anyio
@pytest.mark.parametrize("deadline", [0.5, 1.0])
async def test_a_delay_beyond_the_deadline_ends_the_call_immediately(
    open_stage: OpenStage, deadline: float
) -> None:
    stage = await _stage(open_stage, FAULT, OK, deadline=deadline)
    with pytest.raises(DeadlineExceeded) as caught:
        await stage.call("list_images")

    assert anyio.current_time() == 0
    assert caught.value.attempts == len(stage.record.sent) == 1
    cause = caught.value.__cause__
    assert isinstance(cause, ServiceError)
    assert (cause.code, cause.status) == ("ServerException", 500)
    assert stage.core.quota.available == 500, "a retry that is not made costs nothing"


@pytest.mark.anyio
async def test_a_delay_within_the_deadline_is_made(open_stage: OpenStage) -> None:
    stage = await _stage(open_stage, FAULT, OK, deadline=1.01)
    await stage.call("list_images")

    assert stage.record.sent == pytest.approx([0, 1])


@pytest.mark.anyio
async def test_the_last_error_is_the_cause(open_stage: OpenStage) -> None:
    stage = await _stage(open_stage, FAULT, Failure("closed"), deadline=1.5)
    with pytest.raises(DeadlineExceeded) as caught:
        await stage.call("list_images")

    assert isinstance(caught.value.__cause__, ReadError)
    assert caught.value.attempts == 2


@pytest.mark.anyio
async def test_the_deadline_ends_an_attempt(open_stage: OpenStage) -> None:
    stage = await _stage(open_stage, FAULT, Response(takes=1000), deadline=5)
    with pytest.raises(DeadlineExceeded) as caught:
        await stage.call("list_images")

    assert anyio.current_time() == pytest.approx(5)
    assert isinstance(caught.value.__cause__, ServiceError)
    assert caught.value.attempts == 2


@pytest.mark.anyio
async def test_a_timeout_ends_one_attempt(open_stage: OpenStage) -> None:
    slow = Response(takes=1000)
    stage = await open_stage(_always(RetryPolicy(), 1), CallOptions(timeout=5))
    stage.steps = Call([slow, slow, OK, slow]).play()
    found = await stage.call("list_images")

    assert found.response_metadata.attempts == 3
    assert anyio.current_time() == pytest.approx(12)
    with pytest.raises(AttemptTimeout, match="within 5 s") as caught:
        await stage.call("list_images")
    assert caught.value.attempts == 3


@pytest.mark.anyio
async def test_without_an_earlier_error_there_is_no_cause(open_stage: OpenStage) -> None:
    stage = await _stage(open_stage, Response(takes=1000), deadline=5)
    with pytest.raises(DeadlineExceeded) as caught:
        await stage.call("list_images")

    assert caught.value.__cause__ is None


@pytest.mark.anyio
async def test_a_final_error_is_raised_even_shortly_before_the_deadline(
    open_stage: OpenStage,
) -> None:
    stage = await _stage(open_stage, error("RepositoryNotFoundException", takes=0.9), deadline=1)
    with pytest.raises(ServiceError, match="RepositoryNotFoundException"):
        await stage.call("list_images")


@pytest.mark.anyio
async def test_the_error_reports_the_time_of_each_phase(open_stage: OpenStage) -> None:
    class Slow:
        async def get(self) -> Credentials:
            await anyio.sleep(0.25)
            return Credentials("AKID", "secret")

        async def invalidate(self) -> None: ...

    async def slow(request: httpx.Request, call_next: CallNext) -> httpx.Response:
        await anyio.sleep(0.5)
        return await call_next(request)

    fault = error("ServerException", 500, takes=3)
    stage = await _stage(open_stage, fault, fault, fault, deadline=10, middleware=(slow,))
    connection = await stage.core.resources()
    stage.core._resources = changed(connection, credentials=Slow())
    with pytest.raises(DeadlineExceeded) as caught:
        await stage.call("list_images")

    spent = caught.value.spent
    # 3.75 + 1 + 3.75 + 1, then 0.5 in the middleware.
    assert spent == pytest.approx(
        {"setup": 0, "throttle": 0, "attempts": 7.5, "credentials": 0.5, "sleeps": 2}
    )
    assert str(caught.value) == (
        "ListImages: not done within 10 s (3 attempts begun, attempts 7.50 s, credentials 0.50 s, "
        "sleeps 2.00 s)"
    )


@pytest.mark.anyio
async def test_the_renewal_of_credentials_is_reported(open_stage: OpenStage) -> None:
    class Renewing:
        async def get(self) -> Credentials:
            return Credentials("AKID", "secret")

        async def invalidate(self) -> None:
            await anyio.sleep(20)

    stage = await _stage(open_stage, error("ExpiredTokenException", takes=3), deadline=10)
    connection = await stage.core.resources()
    stage.core._resources = changed(connection, credentials=Renewing())
    with pytest.raises(DeadlineExceeded) as caught:
        await stage.call("list_images")

    assert caught.value.spent == pytest.approx(
        {"setup": 0, "throttle": 0, "attempts": 3, "sleeps": 0, "credentials": 7}
    )


@pytest.mark.anyio
async def test_the_wait_of_adaptive_mode_is_reported(open_stage: OpenStage) -> None:
    stage = await _stage(
        open_stage, error("SlowDown"), deadline=30, wait=0, mode="adaptive", attempts=99
    )
    with pytest.raises(DeadlineExceeded) as caught:
        await stage.call("list_images")

    # One attempt in two seconds.
    assert anyio.current_time() == pytest.approx(30)
    assert caught.value.spent["throttle"] == pytest.approx(30)
    assert sum(caught.value.spent.values()) == pytest.approx(30)


@pytest.mark.parametrize("spent", [None, {"attempts": 1.25, "sleeps": 0.5}])
def test_the_error_pickles_and_copies(spent: dict[str, float] | None) -> None:
    error = DeadlineExceeded("PutImage", 2.5, 1, spent)
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(other) is DeadlineExceeded
        assert (other.operation, other.deadline, other.attempts) == ("PutImage", 2.5, 1)
        assert other.spent == (spent or {})
        assert str(other) == str(error)


@pytest.mark.anyio
async def test_a_stopwatch_measures_one_phase_at_a_time() -> None:
    watch = Stopwatch()
    await anyio.sleep(1)
    watch.enter("attempts")
    await anyio.sleep(2)
    watch.enter("credentials")
    await anyio.sleep(4)
    watch.enter("attempts")
    await anyio.sleep(8)

    assert watch.read() == pytest.approx({"setup": 1, "attempts": 10, "credentials": 4})
    await anyio.sleep(16)
    assert watch.read()["attempts"] == pytest.approx(26)

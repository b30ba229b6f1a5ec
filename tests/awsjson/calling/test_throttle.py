"""Adaptive mode's limiter: botocore's arithmetic, and fair waits that can be cancelled."""

from __future__ import annotations

import importlib
import math
from types import SimpleNamespace
from typing import Any, cast

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecrclient._awsjson.calling.throttle import (
    CubicRate,
    RateMeter,
    Throttle,
    Throttles,
    TokenBucket,
)
from tests.virtual_time import anyio_backend as anyio_backend

_adaptive: Any = importlib.import_module("botocore.retries.adaptive")
_bucket: Any = importlib.import_module("botocore.retries.bucket")
_throttling: Any = importlib.import_module("botocore.retries.throttling")

STEPS = st.lists(
    st.tuples(st.floats(0, 5, allow_nan=False), st.booleans()), min_size=1, max_size=60
)
START = st.floats(0, 1e9, allow_nan=False)


class _Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def current_time(self) -> float:
        return self.now


@settings(deadline=None)
@given(START, STEPS)
def test_the_rate_is_measured_as_botocore_does(
    start: float, steps: list[tuple[float, bool]]
) -> None:
    clock = _Clock(start)
    theirs, ours = _adaptive.RateClocker(clock), RateMeter(start)

    for seconds, _ in steps:
        clock.now += seconds
        assert ours.record(clock.now) == pytest.approx(theirs.record())


@settings(deadline=None)
@given(START, STEPS, st.floats(0, 1000))
def test_the_cubic_curve_is_botocores(
    start: float, steps: list[tuple[float, bool]], rate: float
) -> None:
    theirs, ours = _throttling.CubicCalculator(0, start), CubicRate(start)

    now = start
    for seconds, throttled in steps:
        now += seconds
        if throttled:
            assert ours.cut(rate, now) == pytest.approx(theirs.error_received(rate, now))
        else:
            assert ours.grow(now) == pytest.approx(theirs.success_received(now), abs=1e-6)


@settings(deadline=None)
@given(START, STEPS, st.lists(st.floats(0, 50), min_size=60, max_size=60))
def test_the_bucket_is_botocores(
    start: float, steps: list[tuple[float, bool]], rates: list[float]
) -> None:
    clock = _Clock(start)
    theirs, ours = _bucket.TokenBucket(max_rate=1, clock=clock), TokenBucket(start)

    for (seconds, changes), rate in zip(steps, rates, strict=False):
        clock.now += seconds
        if changes:
            theirs.max_rate = rate
            ours.set_rate(rate, clock.now)
            assert ours.rate == theirs.max_rate
        elif (wait := ours.take(clock.now)) > 0:
            with pytest.raises(Exception, match="Insufficient request capacity"):
                theirs.acquire(block=False)
            assert wait == pytest.approx(theirs._sleep_amount(1))
        else:
            theirs._refill()
            # Our bucket tolerates rounding errors.
            theirs._current_capacity += max(0, min(1e-6, 1 - theirs._current_capacity))
            assert theirs.acquire(block=False)
        assert ours.tokens == pytest.approx(theirs.available_capacity, abs=1e-5)


def _is_throttled(*, throttled: bool) -> bool:
    return throttled


@pytest.mark.anyio
@pytest.mark.parametrize("every", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("pause", [0.013, 0.0973, 0.31, 1.7])
async def test_the_rates_of_a_whole_run_are_botocores(every: int, pause: float) -> None:
    """botocore's limiter and ours record the same attempts at the same times."""
    clock = _Clock(anyio.current_time())
    detector = SimpleNamespace(is_throttling_error=_is_throttled)
    bucket = _bucket.TokenBucket(max_rate=1, clock=clock)
    theirs = _adaptive.ClientRateLimiter(
        rate_adjustor=_throttling.CubicCalculator(0, clock.now),
        rate_clocker=_adaptive.RateClocker(clock),
        token_bucket=bucket,
        throttling_detector=detector,
        clock=clock,
    )
    ours = Throttle()
    our_bucket = cast(Any, ours)._bucket
    assert ours.rate is None

    for number in range(1, 200):
        await anyio.sleep(pause)
        clock.now = anyio.current_time()
        throttled = number % every == 0
        theirs.on_receiving_response(throttled=throttled)
        ours.received(throttled=throttled)
        assert our_bucket.rate == pytest.approx(bucket.max_rate)
        assert our_bucket.tokens == pytest.approx(bucket.available_capacity)
        assert (ours.rate is not None) is theirs._enabled


async def _throttled() -> Throttle:
    """A limiter at its slowest: one attempt in two seconds."""
    throttle = Throttle()
    throttle.received(throttled=True)
    assert throttle.rate == 0.5
    await throttle.acquire()  # the token that was left in the bucket
    return throttle


@pytest.mark.anyio
async def test_attempts_do_not_wait_before_one_is_throttled() -> None:
    throttle = Throttle()
    throttle.received(throttled=False)
    for _ in range(100):
        await throttle.acquire()

    assert anyio.current_time() == 0


@pytest.mark.anyio
async def test_attempts_are_sent_in_order_of_arrival() -> None:
    throttle = await _throttled()
    start = anyio.current_time()
    went: list[tuple[int, float]] = []

    async def attempt(number: int) -> None:
        await anyio.sleep(number / 100)
        await throttle.acquire()
        went.append((number, anyio.current_time() - start))

    async with anyio.create_task_group() as tasks:
        for number in range(5):
            tasks.start_soon(attempt, number)

    assert [number for number, _ in went] == [0, 1, 2, 3, 4]
    assert [at for _, at in went] == pytest.approx([2, 4, 6, 8, 10])


@pytest.mark.anyio
async def test_a_cancelled_wait_takes_no_token() -> None:
    throttle = await _throttled()
    start = anyio.current_time()
    with anyio.move_on_after(1.5) as scope:
        await throttle.acquire()
    assert scope.cancelled_caught
    await throttle.acquire()

    assert anyio.current_time() - start == pytest.approx(2)


@pytest.mark.anyio
async def test_a_changed_rate_shortens_a_wait() -> None:
    throttle = await _throttled()
    start, took = anyio.current_time(), math.inf

    async def recover() -> None:
        for _ in range(20):
            await anyio.sleep(0.1)
            throttle.received(throttled=False)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(recover)
        await throttle.acquire()
        tasks.cancel_scope.cancel()

    assert throttle.rate is not None
    assert throttle.rate > 0.5
    took = anyio.current_time() - start
    assert took < 1, "at the initial rate a token takes 2 s"


@pytest.mark.anyio
async def test_each_operation_has_one_limiter() -> None:
    throttles = Throttles()

    assert throttles.of("ListImages") is throttles.of("ListImages")
    assert throttles.of("ListImages") is not throttles.of("DescribeImages")

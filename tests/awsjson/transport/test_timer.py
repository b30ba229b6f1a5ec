"""The timer of an attempt, on virtual time."""

from __future__ import annotations

import math

import anyio
import pytest

from ecrclient import CallOptions
from ecrclient._awsjson.transport.timer import AttemptTimer
from tests.virtual_time import anyio_backend as anyio_backend

pytestmark = pytest.mark.anyio


async def test_timer_cancels_after_the_timeout() -> None:
    timer = AttemptTimer(5, 7)
    assert (timer.timeout, timer.pool_timeout) == (5, 7)
    with timer.scope:
        timer.start()
        await anyio.sleep(100)
    assert anyio.current_time() == pytest.approx(5)


async def test_timer_does_not_run_before_it_is_started() -> None:
    timer = AttemptTimer(5, None)
    with timer.scope:
        await anyio.sleep(1000)
        with timer.paused():
            await anyio.sleep(1000)
        assert not timer.is_running
        timer.start()
        await anyio.sleep(100)
    assert anyio.current_time() == pytest.approx(2005)


async def test_paused_timer_does_not_run() -> None:
    timer = AttemptTimer(5, None)
    with timer.scope:
        timer.start()
        await anyio.sleep(3)
        with timer.paused():
            await anyio.sleep(1000)
        await anyio.sleep(100)
    assert anyio.current_time() == pytest.approx(1005)


async def test_pauses_may_overlap() -> None:
    timer = AttemptTimer(5, None)

    async def pause(seconds: float) -> None:
        with timer.paused():
            await anyio.sleep(seconds)

    with timer.scope:
        timer.start()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pause, 100)
            tasks.start_soon(pause, 300)
        await anyio.sleep(100)
    assert anyio.current_time() == pytest.approx(305)


async def test_timer_without_a_timeout_does_not_cancel() -> None:
    timer = AttemptTimer(None, None)
    with timer.scope:
        timer.start()
        with timer.paused():
            await anyio.sleep(80_000)
    assert timer.scope.deadline == math.inf


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        (CallOptions(), 60),
        (CallOptions(timeout=7), 7),
        (CallOptions(timeout=None), None),
        (CallOptions(pool_timeout=3), 3),
        (CallOptions(pool_timeout=None), None),
    ],
)
def test_pool_timeout_defaults_to_the_timeout_of_the_attempt(
    options: CallOptions, seconds: float | None
) -> None:
    assert options.seconds_for_pool == seconds

"""Adaptive mode in one event loop after another, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import anyio
import pytest
import trio.testing

from ecrclient import ECRClient, RetryPolicy, ServiceError
from tests.tools.scripted import Scripted, client, fail, ok
from tests.virtual_time import VirtualLoop

LOOPS = [("asyncio", "asyncio"), ("asyncio", "trio"), ("trio", "asyncio"), ("trio", "trio")]
ADAPTIVE = RetryPolicy(max_attempts=1, mode="adaptive")


def run(backend: str, main: Callable[[], Awaitable[None]]) -> None:
    """Run a new event loop."""
    options: dict[str, Any] = (
        {"loop_factory": VirtualLoop}
        if backend == "asyncio"
        else {"clock": trio.testing.MockClock(autojump_threshold=0)}
    )
    anyio.run(main, backend=backend, backend_options=options)


def throttled_once(*, then: int) -> ECRClient:
    responses = [fail(400, "ThrottlingException"), *[ok({}) for _ in range(then)]]
    return client(Scripted(*responses), retry=ADAPTIVE)


async def be_throttled(ecr: ECRClient) -> None:
    with pytest.raises(ServiceError):
        await ecr.describe_registry()


async def call_together(ecr: ECRClient, calls: int) -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(calls):
            tasks.start_soon(ecr.describe_registry)


@pytest.mark.parametrize("loops", LOOPS)
def test_a_second_loop_works_after_a_throttled_call(loops: tuple[str, str]) -> None:
    ecr = throttled_once(then=2)

    async def second() -> None:
        with anyio.fail_after(30):
            await call_together(ecr, 2)
            await ecr.aclose()

    run(loops[0], lambda: be_throttled(ecr))
    run(loops[1], second)


@pytest.mark.parametrize("loops", LOOPS)
def test_a_second_loop_works_after_cancelled_queued_calls(
    loops: tuple[str, str],
) -> None:
    ecr = throttled_once(then=9)

    async def first() -> None:
        await be_throttled(ecr)
        with anyio.move_on_after(0.05):
            await call_together(ecr, 3)

    async def second() -> None:
        with anyio.fail_after(30):
            await ecr.describe_registry()

    run(loops[0], first)
    run(loops[1], second)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_second_loop_works_after_one_that_ended_with_a_queued_call(backend: str) -> None:
    ecr = throttled_once(then=9)
    throttles = cast(Any, ecr)._state.throttles

    async def die() -> None:
        await be_throttled(ecr)
        await throttles.of("DescribeRegistry").acquire()
        # A task that is never resumed leaves the lock like this.
        await throttles.of("DescribeRegistry")._queue.get().lock.acquire()

    async def second() -> None:
        with anyio.fail_after(30):
            await ecr.describe_registry()

    loop = asyncio.new_event_loop()
    loop.run_until_complete(die())
    loop.close()
    run(backend, second)

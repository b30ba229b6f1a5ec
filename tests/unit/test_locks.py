"""The lock of what a client shares."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from ecrclient._runtime.locks import BriefLock

pytestmark = pytest.mark.anyio


async def test_one_at_a_time() -> None:
    lock, inside, most = BriefLock(), 0, 0

    async def enter() -> None:
        nonlocal inside, most
        async with lock:
            inside += 1
            most = max(most, inside)
            await anyio.lowlevel.checkpoint()
            inside -= 1

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(enter)
    assert (inside, most) == (0, 1)


async def test_who_gives_up_waiting_takes_nothing_from_who_holds_it() -> None:
    lock, events = BriefLock(), list[str]()

    async def hold(until: anyio.Event) -> None:
        async with lock:
            events.append("held")
            await until.wait()
        events.append("released")

    async def wait() -> None:
        async with lock:
            events.append("held by the next")

    async with anyio.create_task_group() as tasks:
        until = anyio.Event()
        tasks.start_soon(hold, until)
        await anyio.wait_all_tasks_blocked()
        with anyio.CancelScope() as impatient:
            impatient.cancel()
            await wait()
        tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        until.set()
    assert events == ["held", "released", "held by the next"]


async def test_who_is_cancelled_on_the_way_in_leaves_it_free() -> None:
    lock = BriefLock()
    with anyio.CancelScope() as cancelled:
        cancelled.cancel()
        async with lock:
            raise AssertionError("a cancelled task got in")
    with anyio.fail_after(5):
        async with lock:
            pass


def test_it_outlives_event_loops() -> None:
    lock = BriefLock()

    async def enter() -> None:
        async with lock:
            await anyio.lowlevel.checkpoint()

    async def enter_together() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(enter)
            tasks.start_soon(enter)

    for backend in ("asyncio", "trio", "asyncio"):
        anyio.run(enter_together, backend=backend)

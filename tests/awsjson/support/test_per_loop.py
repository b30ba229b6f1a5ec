"""Values of a client in one event loop after another."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from ecrclient._awsjson.support.per_loop import LoopClock, PerLoop
from tests.virtual_time import VirtualLoop

LOOPS = [("asyncio", "asyncio"), ("asyncio", "trio"), ("trio", "asyncio"), ("trio", "trio")]


@pytest.mark.anyio
async def test_a_loop_has_one_lock() -> None:
    lock, inside, most = PerLoop(anyio.Lock), 0, 0

    async def enter() -> None:
        nonlocal inside, most
        async with lock.get():
            inside += 1
            most = max(most, inside)
            await anyio.lowlevel.checkpoint()
            inside -= 1

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(enter)
    assert (inside, most) == (0, 1)


@pytest.mark.parametrize("loops", LOOPS)
def test_the_next_loop_has_another_lock(loops: tuple[str, str]) -> None:
    lock = PerLoop(anyio.Lock)

    async def leave_locked() -> None:
        await lock.get().acquire()

    async def enter() -> str:
        async with lock.get():
            return "entered"

    anyio.run(leave_locked, backend=loops[0])
    assert anyio.run(enter, backend=loops[1]) == "entered"


def test_clock_continues_in_the_next_loop() -> None:
    clock = LoopClock()
    times: list[float] = []

    async def spend(seconds: float) -> None:
        times.append(clock())
        await anyio.sleep(seconds)
        times.append(clock())

    virtual = {"loop_factory": VirtualLoop}
    anyio.run(spend, 100, backend_options=virtual)
    anyio.run(spend, 0, backend="trio")
    anyio.run(spend, 50, backend_options=virtual)

    assert times == sorted(times)
    assert times[:2] == [0, 100]
    assert times[5] - times[4] == pytest.approx(50)
    assert times[5] < 150 + 60, "the clocks of the loops have different zeros"

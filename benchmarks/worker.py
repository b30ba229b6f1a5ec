"""One peer in a process of its own: it is told what to call, calls it, and tells what it took.

Commands are lines of JSON on the standard input, answers the same on the standard output::

    {"open": {"url": ..., "ca": ...}, "connections": 32}
    {"case": "tiny", "concurrency": 32, "seconds": 0.5, "ticking": false}
    {"once": "walk"}
    {"close": true}
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.cases import CASES, PAGE_SIZE, PAGES
from benchmarks.gap import longest_gap
from benchmarks.peers import Calls, load
from benchmarks.server import Target, pin

__all__ = ["measure"]

Call = Callable[[], Awaitable[int | None]]

_LEAST = 3
"""Calls that each task makes at the least."""
_LONG = 0.005
"""Seconds: of calls that take longer, one a task is enough."""
_PROBE = 8
"""Calls that tell how long one takes."""


async def measure(
    call: Call,
    *,
    tiny: Call,
    concurrency: int,
    seconds: float,
    ticking: bool = False,
) -> dict[str, float]:
    """Call for about that long; per call, in seconds.

    Args:
        call: Makes one call.
        tiny: Makes one that is answered at once: so connections that have expired are opened.
        concurrency: Tasks that call, each one call at a time.
        seconds: How long, about; each task makes three calls at the least, or
            one where it is a long one.
        ticking: Watch the event loop for the longest time in which it did nothing else. It costs
            CPU time, so it is measured apart.
    """
    await _run(tiny, concurrency, concurrency)
    probe = await _run(call, min(concurrency, _PROBE), _PROBE)
    least = 1 if probe["wall"] > _LONG else _LEAST
    count = max(int(seconds / probe["wall"]), concurrency * least)
    gc.collect()
    if not ticking:
        return await _run(call, concurrency, count)
    async with longest_gap() as gap:
        await _run(call, concurrency, count)
    return {"gap": gap[0]}


async def _run(call: Call, concurrency: int, count: int) -> dict[str, float]:
    latencies: list[float] = []
    clock = time.perf_counter
    numbers = iter(range(count))

    async def work() -> None:
        for _ in numbers:
            begun = clock()
            await call()
            latencies.append(clock() - begun)

    cpu, wall = time.process_time(), clock()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    cpu, wall = time.process_time() - cpu, clock() - wall
    latencies.sort()
    return {
        "calls": count,
        "cpu": cpu / count,
        "wall": wall / count,
        "p50": latencies[len(latencies) // 2],
        "p99": latencies[len(latencies) * 99 // 100],
    }


async def _check(calls: Calls, case: str) -> None:
    found = await calls[case]()
    wanted = CASES[case].result if case in CASES else PAGES * PAGE_SIZE
    if found not in {None, wanted}:
        raise RuntimeError(f"{case}: found {found} where {wanted} were sent")


async def _once(calls: Calls, case: str) -> dict[str, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    await _check(calls, case)
    return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}


async def _obey(name: str) -> None:
    """Do what the commands say, one after the other, until the input ends."""
    open_ = load(name)
    async with contextlib.AsyncExitStack() as stack:
        calls: Calls = {}
        while line := await asyncio.to_thread(sys.stdin.readline):
            command: dict[str, Any] = json.loads(line)
            answer: dict[str, float] = {}
            if "open" in command:
                target = Target(**command["open"])
                calls = await stack.enter_async_context(open_(target, command["connections"]))
            elif "close" in command:
                await stack.aclose()
            elif "once" in command:
                answer = await _once(calls, command["once"])
            else:
                case = command.pop("case")
                await _check(calls, case)
                answer = await measure(calls[case], tiny=calls["tiny"], **command)
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    pin(server=False)
    asyncio.run(_obey(sys.argv[1]))

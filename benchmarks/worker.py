"""One peer in a separate process: it reads commands, makes calls and prints what it measured.

Commands are lines of JSON on standard input, results are lines of JSON on standard output::

    {"open": {"url": ..., "ca": ...}, "connections": 32}
    {"case": "tiny", "concurrency": 32, "seconds": 0.5, "ticking": false}
    {"once": "walk"}
    {"close": true}
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.cases import CASES, PAGE_SIZE, PAGES
from benchmarks.gap import longest_gap
from benchmarks.peers import PEERS, Calls, load
from benchmarks.server import Target, pin

__all__ = ["measure"]

Call = Callable[[], Awaitable[int | None]]

_LEAST = 3
"""The smallest number of calls that each task makes."""
_LONG = 0.005
"""In seconds. Each task makes only one call of those that take longer."""
_PROBE = 8
"""The largest number of calls that estimate the duration of one."""


async def measure(
    call: Call,
    *,
    tiny: Call,
    concurrency: int,
    seconds: float,
    ticking: bool = False,
) -> dict[str, float]:
    """Make calls for about *seconds*; return the metrics per call, in seconds.

    Args:
        call: Makes one call.
        tiny: Makes a quick call, which reopens expired connections.
        concurrency: Tasks that call, each one call at a time.
        seconds: The approximate duration. Each task makes at least three calls, or
            one if it is slow.
        ticking: Measure the longest gap of the event loop. This costs CPU time, so
            it is measured separately.
    """
    await _run(tiny, concurrency, concurrency)
    probes = min(concurrency, _PROBE)
    probe = await _run(call, probes, probes)
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
    """Run the commands one after the other until the input ends."""
    open_ = load(name)
    async with contextlib.AsyncExitStack() as stack:
        calls: Calls = {}
        while line := await asyncio.to_thread(sys.stdin.readline):
            command: dict[str, Any] = json.loads(line)
            result: dict[str, float] = {}
            if "open" in command:
                target = Target(**command["open"])
                calls = await stack.enter_async_context(open_(target, command["connections"]))
            elif "close" in command:
                await stack.aclose()
            elif "once" in command:
                result = await _once(calls, command["once"])
            else:
                case = command.pop("case")
                await _check(calls, case)
                result = await measure(calls[case], tiny=calls["tiny"], **command)
            print(json.dumps(result), flush=True)


def _run_loop(name: str) -> None:
    make: Any = asyncio.new_event_loop
    if PEERS[name].is_on_uvloop:
        make = importlib.import_module("uvloop").new_event_loop
    with asyncio.Runner(loop_factory=make) as runner:
        runner.run(_obey(name))


if __name__ == "__main__":
    pin(server=False)
    _run_loop(sys.argv[1])

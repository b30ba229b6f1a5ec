"""Where the time of a page goes: CPU microseconds, TLS, 8 calls at a time, with ``[fast]``.

Runs in a separate process. A page is decoded and freed alone, and the fastest repetition counts.
The collections of garbage are those of the complete calls, each of which frees its page. On Python
3.11, a collection follows a page of more than 700 containers, and some of them visit all objects.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable

from pydantic_core import from_json

from benchmarks.cases import CASES, response_to
from benchmarks.peers import ours
from benchmarks.server import Target, pin
from ecrclient._awsjson.protocol import codec
from ecrclient.operations import DESCRIBE_IMAGES, DESCRIBE_REPOSITORIES

__all__ = ["PAGES"]

PAGES = {
    "images-100": DESCRIBE_IMAGES,
    "images-1000": DESCRIBE_IMAGES,
    "repositories-100": DESCRIBE_REPOSITORIES,
    "repositories-1000": DESCRIBE_REPOSITORIES,
}
_TASKS = 8
_TRIES = 7
_SECONDS = 1.0
"""Approximate duration of the calls of one case."""


class _Collections:
    """The time of the collections of garbage."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._begun = 0.0

    def __call__(self, phase: str, _: object) -> None:
        now = time.process_time()
        if phase == "start":
            self._begun = now
        else:
            self.seconds += now - self._begun


def _fastest(step: Callable[[], object], times: int) -> tuple[float, float]:
    """Seconds of a step, and seconds to free its result; without collections."""
    made: list[float] = []
    freed: list[float] = []
    gc.disable()
    for _ in range(times):
        begun = time.process_time()
        result = step()
        done = time.process_time()
        del result
        made.append(done - begun)
        freed.append(time.process_time() - done)
    gc.enable()
    return min(made), min(freed)


def _decoding(name: str) -> dict[str, float]:
    case, operation = CASES[name], PAGES[name]
    head = f"X-Amz-Target: {case.target}\r\n".encode()
    content = response_to(head, case.body).partition(b"\r\n\r\n")[2]
    times = 200_000 // case.result

    def decode() -> object:
        return codec.decode_response(operation, content, status=200, request_id=None)

    parsing, _ = _fastest(lambda: from_json(content), times)
    decoding, freeing = _fastest(decode, times)
    return {"JSON alone": parsing, "JSON to models": decoding, "freeing": freeing}


async def _calls(call: Callable[[], Awaitable[int]]) -> tuple[float, float]:
    """CPU seconds of a call, and of its collections: the try with the median CPU time."""
    collections = _Collections()
    gc.callbacks.append(collections)
    found: list[tuple[float, float]] = []

    async def work(times: int) -> None:
        for _ in range(times):
            await call()

    begun = time.process_time()
    await asyncio.gather(*(work(2) for _ in range(_TASKS)))
    times = max(2, int(_SECONDS / _TRIES / (time.process_time() - begun) * 2))
    for _ in range(_TRIES):
        collections.seconds = 0.0
        begun = time.process_time()
        await asyncio.gather(*(work(times) for _ in range(_TASKS)))
        passed = time.process_time() - begun
        found.append((passed / times / _TASKS, collections.seconds / times / _TASKS))
    gc.callbacks.remove(collections)
    return sorted(found)[_TRIES // 2]


async def _main(url: str) -> dict[str, dict[str, float]]:
    found = {name: _decoding(name) for name in PAGES}
    async with ours.fast(Target(url, os.environ["AWS_CA_BUNDLE"]), _TASKS) as calls:
        for name, stages in found.items():
            whole, collections = await _calls(calls[name])
            parts = stages["JSON to models"] + stages["freeing"] + collections
            stages |= {
                "collections": collections,
                "the rest of the call": whole - parts,
                "a call": whole,
            }
    return {
        name: {stage: seconds * 1e6 for stage, seconds in stages.items()}
        for name, stages in found.items()
    }


if __name__ == "__main__":
    pin(server=False)
    print(json.dumps(asyncio.run(_main(sys.argv[1]))))

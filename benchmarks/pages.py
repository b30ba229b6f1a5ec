"""Where the time of a page goes: CPU microseconds, TLS, 8 calls at a time, with ``[fast]``.

Runs in a separate process. All stages are parts of complete calls, but for *JSON alone*: the
fastest of many repetitions of parsing the same text into dictionaries. On Python 3.11, a collection
of garbage follows a page of more than 700 containers, and some collections visit all objects.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Any

from pydantic_core import from_json

from benchmarks.cases import CASES, response_to
from benchmarks.peers import ours
from benchmarks.server import Target, pin
from ecrclient._awsjson.protocol import codec

_PAGES = ("images-100", "images-1000", "repositories-100", "repositories-1000")
_TASKS = 8
_TRIES = 7
_SECONDS = 0.3
"""Approximate duration of one try."""

_COLLECTIONS, _DECODING, _CALL = "collections", "decoding into models", "a call"


class _Clock:
    """The CPU seconds of the collections of garbage and of decoding."""

    def __init__(self) -> None:
        self.spent = {_DECODING: 0.0, _COLLECTIONS: 0.0}
        self._begun = 0.0

    def collecting(self, phase: str, _: object) -> None:
        """A callback of the collector."""
        now = time.process_time()
        if phase == "start":
            self._begun = now
        else:
            self.spent[_COLLECTIONS] += now - self._begun

    def decoding(self, decode: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap the function that decodes responses."""

        def timed(*arguments: Any, **options: Any) -> Any:
            begun = time.process_time()
            decoded = decode(*arguments, **options)
            self.spent[_DECODING] += time.process_time() - begun
            return decoded

        return timed


def _parsing(name: str) -> float:
    """CPU seconds to parse a page's JSON."""
    case = CASES[name]
    head = f"X-Amz-Target: {case.target}\r\n".encode()
    content = response_to(head, case.body).partition(b"\r\n\r\n")[2]
    found: list[float] = []
    for _ in range(200_000 // case.result):
        begun = time.process_time()
        from_json(content)
        found.append(time.process_time() - begun)
    return min(found)


async def _stages(call: Callable[[], Awaitable[object]], clock: _Clock) -> dict[str, float]:
    """CPU seconds of a call by stage: medians of several tries."""

    async def work(times: int) -> float:
        begun = time.process_time()

        async def repeat() -> None:
            for _ in range(times):
                await call()

        await asyncio.gather(*(repeat() for _ in range(_TASKS)))
        return (time.process_time() - begun) / times

    times = max(2, int(_SECONDS / await work(2)))
    tries: list[dict[str, float]] = []
    for _ in range(_TRIES):
        clock.spent = dict.fromkeys(clock.spent, 0.0)
        whole = await work(times) / _TASKS
        parts = {stage: spent / times / _TASKS for stage, spent in clock.spent.items()}
        tries.append({**parts, "the rest": whole - sum(parts.values()), _CALL: whole})
    return {stage: median(found[stage] for found in tries) for stage in tries[0]}


async def _main(url: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    clock = _Clock()
    gc.callbacks.append(clock.collecting)
    decode = codec.decode_response
    setattr(codec, "decode_response", clock.decoding(decode))  # noqa: B010 - to measure it
    async with ours.fast(Target(url, os.environ["AWS_CA_BUNDLE"]), _TASKS) as calls:
        for name in _PAGES:
            stages = {"JSON alone": _parsing(name), **await _stages(calls[name], clock)}
            found[name] = {stage: seconds * 1e6 for stage, seconds in stages.items()}
    return found


if __name__ == "__main__":
    pin(server=False)
    print(json.dumps(asyncio.run(_main(sys.argv[1]))))

"""Measure transfers of layers: CPU time, memory and the longest gap of the event loop.

::

    python -m benchmarks.transfer [--gib 0.5] [--rounds 3] [--copy-gib 5]

Every case runs in a separate process, pinned to one core, against servers in another process on
another core. All clients send the same parts of 10 MiB, or the same layer, and compute the same
hashes. The cases ``plain`` do the same work with a loop over a socket and a file: what they take is
what hashing, encoding, reading, writing, sending and receiving cost without a client. Figures are
medians of the rounds. ``--copy-gib 5`` copies a layer of that size between repositories, once.

skopeo and crane are measured if they are installed, or named by the variables SKOPEO and CRANE.
They use the ``/v2/`` API of an in-memory ECR.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.server import pin
from benchmarks.transfer_cases import CASES, Zeros, prepare
from benchmarks.transfer_servers import serve
from benchmarks.transfer_tools import TOOLS, find, run_tool

_GIB = 1024**3
_PIECE = 1024 * 1024
_WARM_UP = 32 * 1024 * 1024
_TICK = 0.001
_COPY = "copy ecrclient"
_MISSING = math.nan

_RATIOS = (
    ("push ecrclient", "push boto3"),
    ("push ecrclient[fast]", "push boto3"),
    ("push ecrclient", "push plain"),
    ("push ecrclient[fast]", "push plain[fast]"),
    ("pull ecrclient", "pull plain"),
    ("pull ecrclient[fast]", "pull plain"),
    ("push ecrclient[fast]", "push skopeo"),
    ("push ecrclient[fast]", "push crane"),
    ("pull ecrclient[fast]", "pull skopeo"),
    ("pull ecrclient[fast]", "pull crane"),
)

Result = dict[str, float]


# -- one case, in a separate process ---------------------------------------------------------------


class _Waits:
    """The time that this thread was ready to run and waited for a core, in seconds."""

    def __init__(self) -> None:
        try:
            self._file = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        except OSError:  # not Linux
            self._file = -1

    def read(self) -> float:
        if self._file < 0:
            return 0.0
        return int(os.pread(self._file, 64, 0).split()[1]) / 1e9


async def _with_gap(work: Awaitable[None]) -> tuple[float, float]:
    """Await *work*; return the longest gap of the event loop, and without waits for a core."""
    longest = blocked = 0.0
    waits = _Waits()

    async def watch() -> None:
        nonlocal longest, blocked
        last, waited = time.perf_counter(), waits.read()
        while True:
            await asyncio.sleep(_TICK)
            now, waited_now = time.perf_counter(), waits.read()
            gap = now - last - _TICK
            longest = max(longest, gap)
            blocked = max(blocked, gap - (waited_now - waited))
            last, waited = now, waited_now

    watcher = asyncio.create_task(watch())
    try:
        await work
    finally:
        watcher.cancel()
    return longest, blocked


def _run_case(name: str, addresses: dict[str, str], folder: Path, size: int) -> Result:
    """Transfer a short layer, to import everything, and then the layer that is measured."""
    if name in TOOLS:
        return run_tool(name, addresses["registry"], addresses["login"], folder, size)
    prepare(name)
    url = addresses["ecr"]
    _transfer(name, url, Zeros(folder, _WARM_UP))
    layer = Zeros(folder, size)
    started, cpu = time.perf_counter(), time.process_time()
    gap, blocked = _transfer(name, url, layer)
    return {
        "cpu": time.process_time() - cpu,
        "seconds": time.perf_counter() - started,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "gap": gap * 1000,
        "blocked": blocked * 1000,
    }


def _transfer(name: str, url: str, layer: Zeros) -> tuple[float, float]:
    work = CASES[name](url, layer)
    return (_MISSING, _MISSING) if work is None else asyncio.run(_with_gap(work))


# -- the report ------------------------------------------------------------------------------------


def _measure(name: str, addresses: dict[str, str], folder: str, size: int) -> Result:
    command = [sys.executable, "-m", "benchmarks.transfer"]
    command += ["--case", name, json.dumps(addresses), folder, str(size)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603
    measured: Result = json.loads(output)
    for key in ("cpu", "seconds"):
        measured[key] *= _GIB / size
    return measured


@contextmanager
def _serving() -> Generator[dict[str, str]]:
    command = [sys.executable, "-m", "benchmarks.transfer", "--serve"]
    with subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # tools try TLS first
        text=True,
    ) as server:
        assert server.stdout is not None
        try:
            yield json.loads(server.stdout.readline())
        finally:
            server.kill()


def _round(names: Iterable[str], size: int) -> dict[str, Result]:
    """Measure the cases in turn, so that a change of the machine's load affects all of them."""
    results: dict[str, Result] = {}
    with _serving() as addresses, tempfile.TemporaryDirectory() as tools:
        for name in names:
            with tempfile.TemporaryDirectory() as folder:
                where = tools if name in TOOLS else folder
                results[name] = _measure(name, addresses, where, size)
    return results


def _report(gib: float, rounds: int, copy_gib: float) -> None:
    names = [name for name in CASES if name != _COPY]
    names += [name for name in TOOLS if find(name.split()[1]) is not None]
    found = [_round(names, _bytes(gib)) for _ in range(rounds)]
    medians = {name: _medians([one[name] for one in found]) for name in names}
    _print({**medians, **_round([_COPY], _bytes(copy_gib))})


def _bytes(gib: float) -> int:
    return int(gib * _GIB) // _PIECE * _PIECE


def _medians(results: list[Result]) -> Result:
    return {key: statistics.median(one[key] for one in results) for key in results[0]}


def _print(medians: dict[str, Result]) -> None:
    print(f"{'':24}{'CPU s/GiB':>11}{'s/GiB':>8}{'MiB':>6}{'gap ms':>9}{'own gap ms':>12}")
    for name in (*CASES, *TOOLS):
        found: dict[str, Any] | None = medians.get(name)
        if found is None:
            print(f"{name:24}{'not installed':>19}")
            continue
        gaps = [found.get(key, _MISSING) for key in ("gap", "blocked")]
        shown = ["" if math.isnan(gap) else f"{gap:.1f}" for gap in gaps]
        print(
            f"{name:24}{found['cpu']:11.2f}{found['seconds']:8.2f}{found['memory']:6.0f}"
            f"{shown[0]:>9}{shown[1]:>12}"
        )
    for name, other in _RATIOS:
        if name in medians and other in medians:
            ratio = medians[name]["cpu"] / medians[other]["cpu"]
            print(f"{name}: {ratio:.2f} of the CPU time of {other}")
    for name in ("pull plain", "pull ecrclient", "pull ecrclient[fast]"):
        print(f"{name}: {medians['SHA-256']['cpu'] / medians[name]['cpu']:.2f} of SHA-256's speed")


def main() -> None:
    """Run one case, the servers, or the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=0.5, help="size of the layer")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each case")
    parser.add_argument("--copy-gib", type=float, default=1.0, help="size of the copied layer")
    parser.add_argument("--case", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    pin(server=options.serve)
    if options.serve:
        asyncio.run(serve())
    elif options.case:
        name, addresses, folder, size = options.case
        print(json.dumps(_run_case(name, json.loads(addresses), Path(folder), int(size))))
    else:
        _report(options.gib, options.rounds, options.copy_gib)


if __name__ == "__main__":
    main()

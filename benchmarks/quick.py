"""The quick run: what the targets need, in sweeps over all cases until the time is used up.

Other programs disturb a measurement for seconds at a time. A short round of every case in each
sweep spreads a disturbance over all of them, and the run takes as long on a busy machine as on an
idle one: it has fewer sweeps.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable, Collection, Sequence
from functools import partial

from benchmarks.coldstart import BARE
from benchmarks.rounds import Bench, Worker
from benchmarks.startup import Step

__all__ = ["PARTS", "PEERS", "run", "transfers"]

PARTS = ("calls", "cold", "memory", "imports", "transfers")
PEERS = (
    *("ecrclient", "ecrclient[fast]", "aiobotocore", "boto3", "aiohttp"),
    *("ecrclient[fast]+uvloop", "aiohttp+uvloop"),
)

_SECONDS = 85
"""From the start of the process to the end of the sweeps; what follows takes 15 to 30 more."""
_LEAST_SWEEPS = 2
_TRANSFER_GIB = 0.03

_DEFAULT, _FAST, _OTHER = "ecrclient", "ecrclient[fast]", "aiobotocore"
_SMALL = (_DEFAULT, _FAST, _OTHER, "aiohttp", "ecrclient[fast]+uvloop", "aiohttp+uvloop")
_PAGES = (_DEFAULT, _FAST, _OTHER)
_LATENCY = (_DEFAULT, _OTHER)
_STARTS = (_DEFAULT, _OTHER, "boto3")

_CALLS: tuple[tuple[str, int, Sequence[str]], ...] = (
    ("tiny", 32, _SMALL),
    ("images-100", 8, _PAGES),
    ("repositories-100", 8, _PAGES),
    ("tiny", 128, _SMALL),
    ("images-1000", 8, _PAGES),
    ("repositories-1000", 8, _PAGES),
    ("collect", 1, _PAGES),
)
_MOST_CONCURRENT = max(concurrency for _, concurrency, _ in _CALLS)
_SLOW = 512


def run(bench: Bench, parts: Collection[str]) -> dict[str, Step]:
    """Make sweeps over the cases of *parts*; return the steps of the fastest start."""
    steps: list[dict[str, Step]] = []
    measures: list[Callable[[], object]] = []
    tls, slow = bench.targets["tls"], bench.targets["tls-slow"]
    is_measured = "calls" in parts
    callers = [peer for peer in _SMALL if peer in bench.peers and is_measured]
    waiters = [peer for peer in _LATENCY if peer in bench.peers and is_measured]
    with (
        bench.workers(tls, _MOST_CONCURRENT, callers) as workers,
        bench.workers(slow, _SLOW, waiters) as slow_workers,
    ):
        if is_measured:
            measures += _calls(bench, workers, slow_workers)
        if "cold" in parts:
            _cold(bench)
            bench.samples.values.clear()  # the first starts may compile modules
            measures.append(partial(_cold, bench))
            steps = [bench.startup(1) for _ in range(3)]
        if "memory" in parts:  # once: it hardly varies, and measuring it takes long
            _memory(bench)
        _sweep(bench, measures)
    return min(steps, key=_cpu) if steps else {}


def _cpu(steps: dict[str, Step]) -> float:
    return sum(cpu for cpu, _ in steps.values())


def _sweep(bench: Bench, measures: Sequence[Callable[[], object]]) -> None:
    """Call *measures* in turn until the time is used up."""
    for number, measure in enumerate(itertools.cycle(measures)):
        sweep = number // len(measures)
        if sweep >= _LEAST_SWEEPS and bench.progress.passed() > _SECONDS:
            break
        if number % len(measures) == 0:
            bench.progress.show(f"sweep {sweep + 1}")
        measure()


def _calls(
    bench: Bench, workers: dict[str, Worker], slow_workers: dict[str, Worker]
) -> list[Callable[[], object]]:
    measures: list[Callable[[], object]] = []
    for case, concurrency, peers in _CALLS:
        able = {peer: workers[peer] for peer in peers if peer in workers}
        measures.append(partial(bench.round, case, case, concurrency, able))
    return [*measures, partial(bench.round, "tiny, 20 ms", "tiny", _SLOW, slow_workers)]


def _cold(bench: Bench) -> None:
    for peer in _STARTS:
        if peer in bench.peers:
            bench.samples.add("cold start", 1, peer, bench.start(peer, "start"))
            bench.samples.add("loop gap", 1, peer, bench.start(peer, "gap"))
    bench.samples.add("cold start", 1, BARE, bench.start(BARE, "start"))


def _memory(bench: Bench) -> None:
    for peer in (*_STARTS, BARE):
        if peer in bench.peers or peer == BARE:
            bench.samples.add("memory", 1, peer, bench.start(peer, "memory"))


def transfers() -> None:
    """Measure transfers of a small layer, in other processes, which print their figures."""
    size = str(_TRANSFER_GIB)
    print("\nTransfers of a layer of 30 MiB\n", flush=True)
    subprocess.run(  # noqa: S603 - a module of this package
        [
            sys.executable,
            "-m",
            "benchmarks.transfer",
            "--gib",
            size,
            "--copy-gib",
            size,
            "--rounds",
            "1",
        ],
        check=True,
    )

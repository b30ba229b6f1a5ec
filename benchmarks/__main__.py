"""Compare the client with its alternatives.

::

    python -m benchmarks [--quick] [calls] [cold] [memory] [imports] [stages] [pagination]

Without names, all parts are measured, or with ``--quick`` those that the targets need. The peers
need a separate environment (``--peers-python``), which ``nox -s bench`` makes; without it only this
project's clients are measured.
A full run, or one with ``--save``, writes its results into ``benchmarks/results/`` and charts of
them into ``docs/charts/``.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks import report
from benchmarks.imports import import_times
from benchmarks.machine import describe
from benchmarks.peers import PEERS
from benchmarks.results import write
from benchmarks.rounds import Bench
from benchmarks.server import pin, serving

_PARTS = ("calls", "cold", "memory", "imports", "stages", "pagination")
_QUICK_PARTS = ("calls", "cold", "memory", "imports")
_QUICK_PEERS = ("ecrclient", "ecrclient[fast]", "aiobotocore", "boto3", "aiohttp")
_LATENCY_PEERS = ("ecrclient", "aiobotocore")
_ALL_CALLS = ("tiny", "images-100", "images-1000", "manifest", "layer", "error", "retry")


def main() -> int:
    """Measure the chosen parts; return 1 if a target is missed."""
    options = _options()
    quick: bool = options.quick
    parts = options.parts or (_QUICK_PARTS if quick else _PARTS)
    names = options.peers.split(",") if options.peers else _QUICK_PEERS if quick else tuple(PEERS)
    peers = [name for name in names if options.peers_python or PEERS[name].is_ours]
    if len(peers) < len(names):
        print("No --peers-python: only ecrclient is measured.", file=sys.stderr)
    pin(server=False)
    with serving() as targets:
        bench = Bench(
            targets,
            peers,
            rounds=options.rounds or (3 if quick else 5),
            seconds=0.15 if quick else 0.3,
            enough=5.0 if quick else 45.0,
            peers_python=options.peers_python,
        )
        modules: list[tuple[str, float]] = []
        for part in parts:
            _measure(part, bench, modules, quick=quick)
    samples = bench.samples
    print(f"\n{describe(options.peers_python).summary()}")
    good = report.targets(samples)
    if options.save or not (quick or options.parts):
        for path in write(samples, modules, options.peers_python, quick=quick):
            print(f"wrote {path}")
    return 0 if good else 1


def _measure(part: str, bench: Bench, modules: list[tuple[str, float]], *, quick: bool) -> None:
    if part == "calls":
        if quick:
            bench.calls(("tiny",), (32, 128), gaps=False)
            bench.calls(("images-100", "images-1000"), (8,), gaps=False)
        else:
            bench.calls(_ALL_CALLS, (1, 8, 32, 128, 512), gaps=True)
        bench.latency(512, _LATENCY_PEERS if quick else bench.peers)
    elif part == "cold":
        bench.cold(4 if quick else 20)
        steps = bench.startup(3 if quick else 10)
        bench.progress.clear()
        report.startup(steps)
    elif part == "memory":
        bench.memory(1 if quick else 5)
    elif part == "pagination":
        bench.pagination(1 if quick else 3)
    elif part == "stages":
        found = {parser: bench.stages(parser) for parser in ("h11", "httptools")}
        bench.progress.clear()
        for parser, stages in found.items():
            report.stages(parser, stages)
        return
    else:
        bench.progress.show("python -X importtime")
        modules += import_times()
    bench.progress.clear()
    if part == "imports":
        report.imports(modules[1:], modules[0][1])
    else:
        getattr(report, part)(bench.samples)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(_PARTS)}")
    parser.add_argument(
        "--quick", action="store_true", help="only what the targets need; takes 2 minutes"
    )
    parser.add_argument("--save", action="store_true", help="save the results of a partial run too")
    parser.add_argument("--rounds", type=int, help="rounds of all peers in quick cases")
    parser.add_argument("--peers", help=f"comma-separated names of {', '.join(PEERS)}")
    parser.add_argument("--peers-python", help="the interpreter that has the peers installed")
    options = parser.parse_args()
    unknown = {*options.parts} - {*_PARTS}
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    return options


if __name__ == "__main__":
    sys.exit(main())

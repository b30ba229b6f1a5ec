"""Compare the client with its alternatives.

::

    python -m benchmarks [--quick] [calls] [cold] [memory] [imports] [stages] [pagination]
                         [transfers]

Without names, all parts are measured, or with ``--quick`` those that the targets need. The peers
need a separate environment (``--peers-python``), which ``nox -s bench`` makes; without it only this
project's clients are measured.
A full run, or one with ``--save``, writes its results into ``benchmarks/results/`` and charts of
them into ``docs/charts/``.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks import quick as quick_run
from benchmarks import report
from benchmarks.cases import CASES
from benchmarks.imports import import_times
from benchmarks.machine import describe
from benchmarks.peers import PEERS
from benchmarks.results import write
from benchmarks.rounds import Bench
from benchmarks.server import pin, serving
from benchmarks.startup import Step

_PARTS = ("calls", "cold", "memory", "imports", "stages", "pagination", "transfers")
_SWEPT = ("calls", "cold", "memory")
"""The parts that a quick run measures in sweeps."""


def main() -> int:
    """Measure the chosen parts; return 1 if a target is missed."""
    options = _options()
    quick: bool = options.quick
    parts = options.parts or (quick_run.PARTS if quick else _PARTS)
    names = options.peers.split(",") if options.peers else quick_run.PEERS if quick else [*PEERS]
    if sys.platform == "win32":
        names = [name for name in names if not PEERS[name].is_on_uvloop]
    peers = [name for name in names if options.peers_python or PEERS[name].is_ours]
    if len(peers) < len(names):
        print("No --peers-python: only ecrclient is measured.", file=sys.stderr)
    pin(server=False)
    with serving() as targets:
        bench = Bench(
            targets,
            peers,
            rounds=options.rounds or 5,
            seconds=0.1 if quick else 0.3,
            enough=45.0,
            peers_python=options.peers_python,
        )
        modules: list[tuple[str, float]] = []
        swept: dict[str, Step] = quick_run.run(bench, parts) if quick else {}
        for part in parts:
            if quick and part in _SWEPT:
                _report(part, bench, swept)
            else:
                _measure(part, bench, modules)
    samples = bench.samples
    print(f"\n{describe(options.peers_python).summary()}")
    good = report.targets(samples)
    if options.save or not (quick or options.parts):
        for path in write(samples, modules, options.peers_python, quick=quick):
            print(f"wrote {path}")
    return 0 if good else 1


def _measure(part: str, bench: Bench, modules: list[tuple[str, float]]) -> None:
    steps: dict[str, Step] = {}
    if part == "calls":
        bench.calls(CASES, (1, 8, 32, 128, 512), gaps=True)
        bench.latency(512, bench.peers)
    elif part == "cold":
        bench.cold(20)
        steps = bench.startup(10)
    elif part == "memory":
        bench.memory(5)
    elif part == "pagination":
        bench.pagination(3)
    elif part == "stages":
        found = {parser: bench.stages(parser) for parser in ("h11", "httptools")}
        pages = bench.pages()
        bench.progress.clear()
        for parser, stages in found.items():
            report.stages(parser, stages)
        report.pages(pages)
        return
    elif part == "transfers":
        bench.progress.clear()
        quick_run.transfers()
        return
    else:
        bench.progress.show("python -X importtime")
        modules += import_times()
        bench.progress.clear()
        report.imports(modules[1:], modules[0][1])
        return
    _report(part, bench, steps)


def _report(part: str, bench: Bench, steps: dict[str, Step]) -> None:
    bench.progress.clear()
    if steps and part == "cold":
        report.startup(steps)
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

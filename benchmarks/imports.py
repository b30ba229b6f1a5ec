"""The time of ``import ecrclient``, by package."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

__all__ = ["import_times"]

_RUNS = 5
_SHOWN = 14


def import_times() -> list[tuple[str, float]]:
    """Microseconds of the fastest of five runs: the total first, then the largest packages.

    A package includes its modules; the standard library counts as one.
    """
    best = min((_run() for _ in range(_RUNS)), key=lambda run: run.total())
    return [("all", float(best.total())), *((n, float(us)) for n, us in best.most_common(_SHOWN))]


def _run() -> Counter[str]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import ecrclient"],
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    packages: Counter[str] = Counter()
    for line in done.stderr.splitlines():
        own, _, name = line.removeprefix("import time:").split("|")
        if own.strip().isdigit():
            packages[_package(name.strip())] += int(own)
    return packages


def _package(module: str) -> str:
    name = module.partition(".")[0]
    if name == "ecrclient":
        return ".".join(module.split(".")[:2])
    return "standard library" if name in sys.stdlib_module_names else name

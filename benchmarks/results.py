"""A run as files: ``results/<date>.json`` or ``<date>-quick.json``, and ``docs/charts``."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks import charts
from benchmarks.figures import Samples
from benchmarks.machine import describe
from benchmarks.targets import TARGETS

__all__ = ["write"]

_RESULTS = Path(__file__).parent / "results"
_CHARTS = Path(__file__).parents[1] / "docs/charts"


def write(
    samples: Samples,
    modules: list[tuple[str, float]],
    peers_python: str | None,
    *,
    quick: bool,
) -> list[Path]:
    """Write the results and the charts; where they are."""
    machine = describe(peers_python)
    path = _RESULTS / f"{machine.date}{'-quick' if quick else ''}.json"
    path.parent.mkdir(exist_ok=True)
    _CHARTS.mkdir(exist_ok=True)
    reached = [(target, target.reached(samples)) for target in TARGETS]
    content = {
        "machine": machine.as_json(),
        "targets": [
            {
                "case": f"{target.told}, {target.key.peer}",
                "against": target.against,
                "limit": target.limit,
                "ratio": figure.median,
                "spread": figure.spread,
                "holds": target.holds(figure),
            }
            for target, figure in reached
            if figure is not None
        ],
        "import_us": dict(modules),
        "samples": samples.as_json(),
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return [path, *charts.write(samples, machine, _CHARTS)]

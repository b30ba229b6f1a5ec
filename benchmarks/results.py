"""A run as files: ``results/<date>.json`` or ``<date>-quick.json``, and ``docs/charts``.

A results file has the facts of the machine, the targets and the figures: for each metric the median
of the rounds, their spread, their number, the lowest and the highest. The rounds themselves are not
saved.

``python -m benchmarks.results benchmarks/results/2026-11-25.json [NAME ...]`` redraws the
charts of a saved run: all of them, or those named.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks import charts
from benchmarks.figures import COLUMNS, Figures, Samples
from benchmarks.machine import Machine, describe
from benchmarks.targets import TARGETS

__all__ = ["CHARTS", "RESULTS", "read", "write"]

RESULTS = Path(__file__).parent / "results"
CHARTS = Path(__file__).parents[1] / "docs/charts"


def write(
    samples: Samples,
    modules: list[tuple[str, float]],
    peers_python: str | None,
    *,
    quick: bool,
) -> list[Path]:
    """Write the results and the charts; return their paths."""
    machine = describe(peers_python)
    path = RESULTS / f"{machine.date}{'-quick' if quick else ''}.json"
    path.parent.mkdir(exist_ok=True)
    CHARTS.mkdir(exist_ok=True)
    reached = [(target, target.reached(samples)) for target in TARGETS]
    targets = [
        {
            "case": f"{target.title}, {target.key.peer}",
            "against": target.against,
            "limit": target.limit,
            "ratio": float(f"{figure.median:.4g}"),
            "spread": float(f"{figure.spread:.4g}"),
            "holds": target.holds(figure),
        }
        for target, figure in reached
        if figure is not None
    ]
    # Rounded, so that the charts are those of the file.
    figures = Figures.of_rows(samples.figures().as_rows())
    path.write_text(_text(machine, targets, dict(modules), figures), encoding="utf-8")
    return [path, *charts.write(figures, machine, CHARTS)]


def read(path: Path) -> tuple[Machine, Figures]:
    """Read the machine and the figures of a results file."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return Machine(**content["machine"]), Figures.of_rows(content["figures"])


def _text(
    machine: Machine,
    targets: list[dict[str, Any]],
    import_us: dict[str, float],
    figures: Figures,
) -> str:
    """The file's text: JSON with one row of each table on a line, so that a diff can be read."""
    parts = {
        "machine": json.dumps(machine.as_json(), indent=1).replace("\n", "\n "),
        "targets": _rows(targets),
        "import_us": json.dumps(import_us),
        "columns": json.dumps(COLUMNS),
        "figures": _rows(figures.as_rows()),
    }
    lines = ",\n".join(f' "{name}": {part}' for name, part in parts.items())
    return f"{{\n{lines}\n}}\n"


def _rows(rows: Iterable[object]) -> str:
    return "[\n" + ",\n".join(f"  {json.dumps(row)}" for row in rows) + "\n ]"


def main() -> None:
    """Draw the charts of a saved run."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.results")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("results", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(charts.CHARTS)}")
    options = parser.parse_args()
    machine, figures = read(options.results)
    for path in charts.write(figures, machine, CHARTS, options.names or charts.CHARTS):
        print(f"wrote {path}")


if __name__ == "__main__":
    main()

"""Bar charts as SVG, without a library.

They are narrow enough for a phone, and follow the page's light or dark colour scheme.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from html import escape
from pathlib import Path

from benchmarks.figures import MAX_SPREAD, Figure, Figures, Key
from benchmarks.machine import Machine

__all__ = ["CHARTS", "Chart", "draw", "write"]

_WIDTH, _BAR, _ROW, _TOP, _LEFT, _RIGHT = 480, 18, 26, 58, 162, 124
"""In pixels: the drawing, a bar, a row, the space above the bars and to their left."""

_STYLE = """\
text { font: 13px ui-sans-serif, system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; }
.note { font-size: 11px; fill: #59636e; }
.ours { fill: #0969da; }
.others { fill: #818b98; }
.raw { fill: #c3cbd4; }
.unsteady { fill-opacity: 0.5; }
.range { stroke: #1f2328; stroke-width: 1.5; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .note { fill: #9198a1; }
  .ours { fill: #4493f8; }
  .others { fill: #7d8590; }
  .raw { fill: #484f58; }
  .range { stroke: #e6edf3; }
}"""


@dataclass(frozen=True)
class Chart:
    """One metric of one case, a bar for each client."""

    title: str
    detail: str
    key: Key
    """The key of any client's figures; its peer is not used."""
    factor: float
    """Converts measured values to *unit*."""
    unit: str


CHARTS = {
    "tiny-call": Chart(
        "CPU time of a small call",
        "32 at a time over TLS",
        Key("tiny", 32, "", "cpu"),
        1e6,
        "us",
    ),
    "page-1000": Chart(
        "CPU time of a page of 1,000 images",
        "8 at a time over TLS",
        Key("images-1000", 8, "", "cpu"),
        1e3,
        "ms",
    ),
    "collect": Chart(
        "CPU time of collecting 10,000 images",
        "With default arguments, over TLS",
        Key("collect", 1, "", "cpu"),
        1e3,
        "ms",
    ),
    "p99": Chart(
        "p99 latency of a small call",
        "512 at a time, server latency 20 ms",
        Key("tiny, 20 ms", 512, "", "p99"),
        1e3,
        "ms",
    ),
    "cold-start": Chart(
        "CPU time from the start of Python to the first response",
        "A process for each run",
        Key("cold start", 1, "", "cpu"),
        1e3,
        "ms",
    ),
    "memory": Chart(
        "Resident memory after the first call",
        "A process for each run",
        Key("memory", 1, "", "rss-call"),
        2**-20,
        "MiB",
    ),
}


def write(
    figures: Figures, machine: Machine, folder: Path, names: Container[str] = CHARTS
) -> list[Path]:
    """Draw the charts that have figures; return their paths."""
    paths: list[Path] = []
    for name, chart in CHARTS.items():
        bars = {
            peer: figures[key]
            for peer in figures.peers(chart.key.case)
            if (key := chart.key._replace(peer=peer)) in figures
        }
        if bars and name in names:
            path = folder / f"{name}.svg"
            path.write_text(draw(chart, machine, bars), encoding="utf-8")
            paths.append(path)
    return paths


def draw(chart: Chart, machine: Machine, bars: dict[str, Figure]) -> str:
    """The chart as an SVG document.

    A bar is the median. Where the rounds differ by more than :data:`MAX_SPREAD`, it is faded, with
    a line and figures for the quartiles; no client is omitted.
    """
    unsteady = not all(figure.is_steady for figure in bars.values())
    notes = [f"{machine.cpu}, {machine.cores} cores, Python {machine.python}, {machine.date}"]
    if unsteady:
        notes.insert(
            0, f"Faded: rounds differ by over {MAX_SPREAD:.0%}; the line is the middle half"
        )
    height = _TOP + len(bars) * _ROW + 16 * len(notes) + 8
    longest = max(figure.median if figure.is_steady else figure.high for figure in bars.values())
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img">',
        f"<title>{escape(f'{chart.title}, {chart.detail}')}</title>",
        f"<style>\n{_STYLE}\n</style>",
        f'<text class="title" x="0" y="18">{escape(chart.title)}</text>',
        f'<text class="note" x="0" y="38">{escape(f"{chart.detail}; less is better")}</text>',
    ]
    for number, (peer, figure) in enumerate(bars.items()):
        scale = (_WIDTH - _LEFT - _RIGHT) / longest
        lines += _row(peer, figure, _TOP + number * _ROW, scale, chart)
    first = height - 16 * len(notes) + 8
    lines += [
        f'<text class="note" x="0" y="{first + 16 * number}">{escape(note)}</text>'
        for number, note in enumerate(notes)
    ]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _row(peer: str, figure: Figure, y: int, scale: float, chart: Chart) -> list[str]:
    width = max(figure.median * scale, 1)
    kind, value = _kind(peer), _number(figure.median * chart.factor)
    lines = [
        f'<text x="{_LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(peer)}</text>',
        f'<rect class="{kind}{"" if figure.is_steady else " unsteady"}" x="{_LEFT}" y="{y}" '
        f'width="{width:.1f}" height="{_BAR}" rx="2"/>',
    ]
    if not figure.is_steady:
        low, high = _LEFT + figure.low * scale, _LEFT + figure.high * scale
        middle = y + _BAR / 2
        lines.append(
            f'<path class="range" d="M{low:.1f} {middle:g}H{high:.1f}'
            f'M{low:.1f} {middle - 4:g}v8M{high:.1f} {middle - 4:g}v8"/>'
        )
        low, high = figure.low * chart.factor, figure.high * chart.factor
        value = f"{_number(low)} to {_number(high)}"
    shown = f"{value} {chart.unit}"
    lines.append(f'<text x="{_WIDTH}" y="{y + 14}" text-anchor="end">{shown}</text>')
    return lines


def _kind(peer: str) -> str:
    """The CSS class: this client, another client of ECR, or an HTTP client."""
    if peer.startswith("ecrclient"):
        return "ours"
    return "others" if peer.startswith(("aiobotocore", "boto3")) else "raw"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"  # noqa: PLR2004

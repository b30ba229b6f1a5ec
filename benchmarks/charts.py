"""Bar charts as SVG, without a library: bars, names and figures are all that they have."""

from __future__ import annotations

from html import escape
from pathlib import Path

from benchmarks.figures import Key, Samples
from benchmarks.machine import Machine

__all__ = ["write"]

_WIDTH, _BAR, _GAP, _LEFT, _RIGHT = 720, 22, 8, 170, 90
_OURS, _OTHERS, _RAW = "#2f6fab", "#9aa4af", "#d0d5da"

_CHARTS: tuple[tuple[str, str, Key, float, str], ...] = (
    (
        "tiny-call",
        "CPU for a tiny call, 32 at a time over TLS, microseconds",
        Key("tiny", 32, "", "cpu"),
        1e6,
        "us",
    ),
    (
        "page-1000",
        "CPU for a page of 1,000 images, 32 at a time over TLS, milliseconds",
        Key("images-1000", 32, "", "cpu"),
        1e3,
        "ms",
    ),
    (
        "p99",
        "p99 latency of a tiny call, 512 at a time, a server that takes 20 ms, milliseconds",
        Key("tiny, 20 ms", 512, "", "p99"),
        1e3,
        "ms",
    ),
    (
        "cold-start",
        "CPU from the start of Python to the first answer, milliseconds",
        Key("cold start", 1, "", "cpu"),
        1e3,
        "ms",
    ),
    ("memory", "Memory after the first call, MiB", Key("memory", 1, "", "rss-call"), 2**-20, "MiB"),
)


def write(samples: Samples, machine: Machine, folder: Path) -> list[Path]:
    """Write the charts; where they are. What scatters too much is not drawn."""
    paths: list[Path] = []
    for name, title, key, factor, unit in _CHARTS:
        bars: list[tuple[str, float]] = []
        for peer in samples.peers(key.case):
            figure = samples.figure(key._replace(peer=peer))
            if figure is not None and figure.is_steady:
                bars.append((peer, figure.median * factor))
        if bars:
            path = folder / f"{name}.svg"
            path.write_text(_chart(title, machine, bars, unit), encoding="utf-8")
            paths.append(path)
    return paths


def _chart(title: str, machine: Machine, bars: list[tuple[str, float]], unit: str) -> str:
    height = 62 + len(bars) * (_BAR + _GAP)
    longest = max(value for _, value in bars)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        'font-family="system-ui, sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="12" y="24" font-weight="600" fill="#1f2328">{escape(title)}</text>',
    ]
    for number, (name, value) in enumerate(bars):
        y = 40 + number * (_BAR + _GAP)
        width = max((_WIDTH - _LEFT - _RIGHT) * value / longest, 1)
        lines += [
            f'<text x="{_LEFT - 8}" y="{y + 16}" text-anchor="end" fill="#1f2328">'
            f"{escape(name)}</text>",
            f'<rect x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR}" rx="2" '
            f'fill="{_colour(name)}"/>',
            f'<text x="{_LEFT + width + 6:.1f}" y="{y + 16}" fill="#1f2328">'
            f"{_number(value)} {unit}</text>",
        ]
    told = f"{machine.cpu}, {machine.cores} cores, Python {machine.python}, {machine.date}"
    lines += [
        f'<text x="12" y="{height - 10}" font-size="11" fill="#656d76">{escape(told)}</text>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _colour(peer: str) -> str:
    if peer.startswith("ecrclient"):
        return _OURS
    return _OTHERS if peer.startswith(("aiobotocore", "boto3")) else _RAW


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"  # noqa: PLR2004

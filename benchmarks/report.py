"""The tables on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from benchmarks.cases import CASES, PAGE_SIZE, PAGES, WORK
from benchmarks.figures import MAX_SPREAD, Figure, Key, Samples
from benchmarks.server import LATENCY
from benchmarks.startup import Step
from benchmarks.targets import TARGETS

__all__ = [
    "WALK_LIMIT",
    "calls",
    "cold",
    "imports",
    "memory",
    "pagination",
    "stages",
    "startup",
    "targets",
]

WALK_LIMIT = 1.15
"""The limit as a multiple of the larger sum, of the latencies or of the work."""

_US, _MS, _MIB = 1e6, 1e3, 1 / 2**20
_METRICS: tuple[tuple[str, str, float, str], ...] = (
    ("cpu", "CPU us a call", _US, ".0f"),
    ("wall", "wall-clock us a call", _US, ".0f"),
    ("p50", "p50 latency, ms", _MS, ".1f"),
    ("p99", "p99 latency, ms", _MS, ".1f"),
    ("gap", "longest loop gap, ms", _MS, ".1f"),
)


def _shown(figure: Figure | None, factor: float, form: str) -> str:
    """The figure; its quartiles if the rounds did not agree."""
    return "-" if figure is None else figure.shown(factor, form)


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    shown = [[*row] for row in rows]
    widths = [max(len(row[i]) for row in [heads, *shown]) for i in range(len(heads))]
    print(f"\n{title}\n")
    for row in [heads, ["-" * width for width in widths], *shown]:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  " + "  ".join(cells))


def calls(samples: Samples) -> None:
    """A table for each case and metric: a row per peer, a column per concurrency."""
    names = [*CASES, "tiny, 20 ms"]
    for case in names:
        peers = samples.peers(case)
        concurrencies = sorted({key.concurrency for key in samples.values if key.case == case})
        for metric, metric_title, factor, form in _METRICS if peers else ():
            if metric == "gap" and not any(key.metric == "gap" for key in samples.values):
                continue
            _table(
                f"{CASES[case].title if case in CASES else case}: {metric_title}",
                ["at a time", *map(str, concurrencies)],
                (
                    [peer]
                    + [
                        _shown(samples.figure(Key(case, c, peer, metric)), factor, form)
                        for c in concurrencies
                    ]
                    for peer in peers
                ),
            )


def cold(samples: Samples) -> None:
    """The cost of starting a process."""
    cells: tuple[tuple[str, str], ...] = (
        ("cold start", "cpu"),
        ("cold start", "wall"),
        ("loop gap", "gap"),
    )
    _table(
        "Cold start: import, construct, first response; milliseconds",
        ["", "CPU", "wall clock", "longest loop gap after import"],
        _rows(samples, "cold start", cells, lambda figure: _shown(figure, _MS, ".0f")),
    )


def startup(steps: Mapping[str, Step]) -> None:
    """The steps of ecrclient's start."""
    cpus, sizes = zip(*steps.values(), strict=True)
    _table(
        "ecrclient's first response by step, the fastest run",
        ["", "CPU ms", "MiB"],
        (
            [name, f"{cpu * _MS:.0f}", f"{size * _MIB:.1f}"]
            for name, (cpu, size) in [*steps.items(), ("the sum", (sum(cpus), sum(sizes)))]
        ),
    )


def memory(samples: Samples) -> None:
    """Resident memory."""
    metrics = ("rss-import", "rss-call", "rss-images", "rss-made", "rss-clients")
    _table(
        "Memory, MiB",
        ["", "after import", "first call", "+10,000 images", "+100 clients", "+ that made a call"],
        _rows(
            samples,
            "memory",
            tuple(("memory", metric) for metric in metrics),
            lambda figure: _shown(figure, _MIB, ".1f"),
        ),
    )


def _rows(
    samples: Samples,
    case: str,
    cells: tuple[tuple[str, str], ...],
    shown: Callable[[Figure | None], str],
) -> Iterable[list[str]]:
    for peer in samples.peers(case):
        yield [peer, *(shown(samples.figure(Key(name, 1, peer, metric))) for name, metric in cells)]


def pagination(samples: Samples) -> None:
    """The iteration over pages, compared with the larger of the two sums."""
    bound = PAGES * max(LATENCY, WORK)
    rows: list[list[str]] = []
    for walk in ("walk", "walk-and-work", "walk-ahead"):
        for peer in samples.peers(walk):
            figure = samples.figure(Key(walk, 1, peer, "wall"))
            cpu = samples.figure(Key(walk, 1, peer, "cpu"))
            assert figure is not None
            ratio = f"{figure.median / bound:.2f}"
            if walk == "walk-ahead":
                ratio += " ok" if figure.median <= WALK_LIMIT * bound else f" > {WALK_LIMIT}"
            rows.append([walk, peer, _shown(figure, 1, ".2f"), ratio, _shown(cpu, 1, ".2f")])
    if rows:
        _table(
            f"{PAGES} pages of {PAGE_SIZE} images, {LATENCY * _MS:.0f} ms of latency and (but for "
            f"walk) {WORK * _MS:.0f} ms of work a page; the larger sum is {bound:.1f} s",
            ["", "", "seconds", "of the larger sum", "CPU seconds"],
            rows,
        )


def imports(modules: Sequence[tuple[str, float]], total: float) -> None:
    """The time of ``import ecrclient`` by package."""
    _table(
        f"import ecrclient: {total / 1000:.0f} ms (python -X importtime), of which",
        ["package", "ms"],
        ([name, f"{us / 1000:.1f}"] for name, us in modules),
    )


def stages(parser: str, found: Mapping[str, float]) -> None:
    """The time of a call by stage."""
    _table(
        f"A tiny call over TLS, 32 at a time, {parser}: CPU us by stage",
        ["stage", "us"],
        ([name, f"{us:.1f}"] for name, us in found.items()),
    )


def pages(found: Mapping[str, Mapping[str, float]]) -> None:
    """The time of a page by stage."""
    cases = list(found)
    _table(
        "Pages over TLS, 8 at a time, with [fast]: CPU us by stage",
        ["stage", *(CASES[case].title for case in cases)],
        ([stage, *(f"{found[case][stage]:.0f}" for case in cases)] for stage in found[cases[0]]),
    )


def targets(samples: Samples) -> bool:
    """Print the table of targets; return whether all that were measured are reached."""
    rows: list[list[str]] = []
    good = True
    for target in TARGETS:
        reached = target.reached(samples)
        if reached is None:
            continue
        holds = target.holds(reached)
        good = good and holds is not False
        ratio = _shown(reached, 1, ".2f")
        verdict = {True: "holds", False: "MISSED", None: "undecided"}[holds]
        limit = f"<= {target.limit:.2f}"
        rows.append([target.title, target.key.peer, target.against, limit, ratio, verdict])
    if rows:
        _table(
            "Targets: ratios within each round, medians; where the middle half of the rounds "
            f"differs\nby more than {MAX_SPREAD:.0%}, the quartiles (undecided: the target is "
            "between them)",
            ["", "of", "against", "target", "reached", ""],
            rows,
        )
    return good

"""The report: a table, the worst case of each measure, and every case beyond a bound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.torture.worker import Result


@dataclass(frozen=True)
class Bounds:
    """The bounds on the cost of one response for the client."""

    cpu: float = 2.0
    """Seconds of CPU time."""
    mib: float = 200.0
    """MiB above the process's memory before the case."""


@dataclass(frozen=True)
class Played:
    """A case with its result and its label."""

    family: str
    kind: str
    """Event loop, parser, TLS and middleware."""
    result: Result


def faults(result: Result, bounds: Bounds) -> list[str]:
    """The faults of a result; empty if there are none."""
    found: list[str] = []
    if result.outcome.startswith("RAW"):
        found.append(f"{result.outcome}: {result.text}")
    if result.cpu > bounds.cpu:
        found.append(f"{result.cpu:.1f} s of CPU, more than {bounds.cpu:g}")
    if result.mib > bounds.mib:
        found.append(f"{result.mib:.0f} MiB, more than {bounds.mib:g}")
    if not result.usable:
        found.append("a good call after the case failed")
    return found


def report(
    played: Sequence[Played], bounds: Bounds, name_of: Callable[[int], str]
) -> tuple[str, bool]:
    """The report, and whether no case is beyond a bound; *name_of* describes a case's response."""

    def title(each: Played) -> str:
        number = each.result.number
        return f"case {number} ({each.family}: {name_of(number)}; {each.kind})"

    lines = [
        f"{'family':14}{'cases':>7}{'models':>8}{'errors':>8}{'CPU s':>8}{'MiB':>8}  errors",
        *(
            _row(family, [each.result for each in played if each.family == family])
            for family in dict.fromkeys(each.family for each in played)
        ),
        _row("all", [each.result for each in played]),
        "",
    ]
    for unit, key in (("s of CPU", "cpu"), ("MiB", "mib"), ("characters of text", "text_length")):
        worst = max(played, key=lambda each: float(getattr(each.result, key)))
        lines.append(f"most {unit}: {getattr(worst.result, key):.2f}, {title(worst)}")
    bad = [(each, faults(each.result, bounds)) for each in played]
    bad = [(each, wrong) for each, wrong in bad if wrong]
    lines.append(f"\n{len(bad)} of {len(played)} cases are beyond a bound")
    lines += [f"  {title(each)}: {'; '.join(wrong)}" for each, wrong in bad]
    return "\n".join(lines), not bad


def _row(family: str, results: Sequence[Result]) -> str:
    ends = Counter(result.outcome for result in results)
    models = ends.pop("model", 0)
    summary = ", ".join(f"{name} {count}" for name, count in ends.most_common())
    cpu = max(result.cpu for result in results)
    mib = max(result.mib for result in results)
    counts = f"{len(results):7}{models:8}{len(results) - models:8}"
    return f"{family:14}{counts}{cpu:8.2f}{mib:8.0f}  {summary}"

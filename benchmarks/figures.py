"""Medians, their spread, and whether it is too large."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from typing import Any, NamedTuple

__all__ = ["COLUMNS", "LEAST_ROUNDS", "MAX_SPREAD", "Figure", "Figures", "Key", "Samples"]

MAX_SPREAD = 0.15
"""The largest interquartile range, relative to the median, of a figure that is one number."""

LEAST_ROUNDS = 3
"""The smallest number of rounds that have quartiles."""


class Key(NamedTuple):
    """A metric of a peer in a case."""

    case: str
    concurrency: int
    peer: str
    metric: str


@dataclass(frozen=True)
class Figure:
    """A median, and how far the rounds agreed."""

    median: float
    spread: float
    """The difference between *high* and *low*, relative to the median."""
    rounds: int
    low: float
    high: float
    """The quartiles; of two rounds, both."""

    @property
    def is_steady(self) -> bool:
        """Whether the rounds agreed well enough to report only the median."""
        return self.spread <= MAX_SPREAD

    def shown(self, factor: float, form: str) -> str:
        """The median as text; the quartiles where the rounds did not agree."""
        if self.is_steady:
            return format(self.median * factor, form)
        return f"{format(self.low * factor, form)} to {format(self.high * factor, form)}"

    @classmethod
    def of(cls, values: Iterable[float]) -> Figure:
        """The figure of some rounds."""
        found = sorted(values)
        median = statistics.median(found)
        if not median:
            return cls(median, 0.0, len(found), found[0], found[-1])
        low, high = found[0], found[-1]
        if len(found) >= LEAST_ROUNDS:
            low, _, high = statistics.quantiles(found, n=4, method="inclusive")
        return cls(median, (high - low) / abs(median), len(found), low, high)


COLUMNS = tuple(field.name for field in fields(Figure))
"""The order of a figure's values in a file."""

_NOT_SAVED = frozenset({"calls"})
"""The number of calls in a round, which is not a property of the client."""


class Figures(dict[Key, Figure]):
    """The figures of a run, as they are saved: no rounds, one row for each client in a case."""

    def peers(self, case: str) -> list[str]:
        """The clients that a case was measured for, in the order in which they were measured."""
        return _peers(self, case)

    def as_rows(self) -> list[dict[str, Any]]:
        """One row for each case, concurrency and client, with a list for each metric."""
        rows: dict[Key, dict[str, Any]] = {}
        for key, figure in self.items():
            head = key._asdict()
            metric = head.pop("metric")
            row = rows.setdefault(key._replace(metric=""), head)
            row[metric] = [_rounded(value) for value in astuple(figure)]
        return list(rows.values())

    @classmethod
    def of_rows(cls, rows: Iterable[dict[str, Any]]) -> Figures:
        """Read the result of :meth:`as_rows`."""
        return cls(
            (Key(row["case"], row["concurrency"], row["peer"], metric), Figure(*values))
            for row in rows
            for metric, values in row.items()
            if metric not in Key._fields
        )


def _peers(keys: Iterable[Key], case: str) -> list[str]:
    return list(dict.fromkeys(key.peer for key in keys if key.case == case))


def _rounded(value: float) -> float:
    """Four significant digits: more than the rounds of any run agree on."""
    return value if isinstance(value, int) else float(f"{value:.4g}")


class Samples:
    """All measurements: for each key one value per round, in the order of the rounds."""

    def __init__(self) -> None:
        self.values: defaultdict[Key, list[float]] = defaultdict(list)

    def add(self, case: str, concurrency: int, peer: str, found: dict[str, float]) -> None:
        """Add the measurements of a peer in one round."""
        for metric, value in found.items():
            self.values[Key(case, concurrency, peer, metric)].append(value)

    def figure(self, key: Key) -> Figure | None:
        """The figure; None if it was not measured."""
        values = self.values.get(key)
        return Figure.of(values) if values else None

    def ratio(self, key: Key, against: str) -> Figure | None:
        """The ratio between two peers: the median of the ratios within each round."""
        ours, theirs = self.values.get(key), self.values.get(key._replace(peer=against))
        if not ours or not theirs:
            return None
        return Figure.of(mine / other for mine, other in zip(ours, theirs, strict=False) if other)

    def is_steady(self, case: str, concurrency: int, metric: str) -> bool:
        """Whether all peers' rounds of a case agreed."""
        return all(
            Figure.of(values).is_steady
            for key, values in self.values.items()
            if (key.case, key.concurrency, key.metric) == (case, concurrency, metric)
        )

    def peers(self, case: str) -> list[str]:
        """The clients that a case was measured for, in the order in which they were measured."""
        return _peers(self.values, case)

    def figures(self) -> Figures:
        """The figures that are saved."""
        return Figures(
            (key, Figure.of(values))
            for key, values in self.values.items()
            if key.metric not in _NOT_SAVED
        )

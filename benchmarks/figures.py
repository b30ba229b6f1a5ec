"""Medians, spread, and when there is too much of it."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["LEAST_ROUNDS", "MAX_SPREAD", "Figure", "Key", "Samples"]

MAX_SPREAD = 0.15
"""Beyond this no figure is given: of the middle half of the rounds, its width by the median."""

LEAST_ROUNDS = 3
"""That a spread can be told of."""


class Key(NamedTuple):
    """What was measured, and of whom."""

    case: str
    concurrency: int
    peer: str
    metric: str


@dataclass(frozen=True)
class Figure:
    """A median, which is to be believed only as far as the rounds agreed."""

    median: float
    spread: float
    """The interquartile range, relative to the median."""
    rounds: int
    low: float
    high: float
    """Of all rounds."""

    @property
    def is_steady(self) -> bool:
        """Whether the rounds agreed well enough for the figure to be told."""
        return self.spread <= MAX_SPREAD

    @classmethod
    def of(cls, values: Iterable[float]) -> Figure:
        """The figure of some rounds."""
        found = sorted(values)
        median = statistics.median(found)
        if len(found) < LEAST_ROUNDS or not median:
            return cls(median, 0.0, len(found), found[0], found[-1])
        low, _, high = statistics.quantiles(found, n=4, method="inclusive")
        return cls(median, (high - low) / abs(median), len(found), found[0], found[-1])


class Samples:
    """Everything that was measured: for each key a value a round, in the order of the rounds."""

    def __init__(self) -> None:
        self.values: defaultdict[Key, list[float]] = defaultdict(list)

    def add(self, case: str, concurrency: int, peer: str, found: dict[str, float]) -> None:
        """Add what one round has found of a peer."""
        for metric, value in found.items():
            self.values[Key(case, concurrency, peer, metric)].append(value)

    def figure(self, key: Key) -> Figure | None:
        """What was measured; None: it was not."""
        values = self.values.get(key)
        return Figure.of(values) if values else None

    def ratio(self, key: Key, against: str) -> Figure | None:
        """How a peer compares with another one: the median of the ratios within each round."""
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
        """Whom a case was measured of, in the order in which they were measured."""
        return list(dict.fromkeys(key.peer for key in self.values if key.case == case))

    def as_json(self) -> list[dict[str, object]]:
        """Everything, rounds included."""
        rows: list[dict[str, object]] = []
        for key, values in self.values.items():
            figure = Figure.of(values)
            facts = {"median": figure.median, "spread": figure.spread, "rounds": values}
            rows.append({**key._asdict(), **facts})
        return rows

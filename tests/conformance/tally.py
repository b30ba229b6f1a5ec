"""Counts what was held against which judge, for the table that the session prints."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["JUDGES", "Judge"]


@dataclass(eq=False)
class Judge:
    """Somebody else's program or data, asked about one side of this package."""

    name: str
    agreed: int = 0
    failed: int = 0
    stays: dict[str, int] = field(default_factory=dict[str, int])
    """The disagreements that are meant, by their reasons."""

    def __post_init__(self) -> None:
        JUDGES.append(self)

    @contextmanager
    def case(self) -> Generator[None]:
        """One case; it agrees unless the block raises."""
        try:
            yield
        except Exception:
            self.failed += 1
            raise
        self.agreed += 1

    @contextmanager
    def differs(self, reason: str) -> Generator[None]:
        """One case in which the two are known to differ; the block asserts how."""
        try:
            yield
        except Exception:
            self.failed += 1
            raise
        self.stays[reason] = self.stays.get(reason, 0) + 1

    @property
    def disagreed(self) -> int:
        """Cases that did not agree, meant or not."""
        return self.failed + sum(self.stays.values())

    @property
    def cases(self) -> int:
        """All of them."""
        return self.agreed + self.disagreed


JUDGES: list[Judge] = []


def table() -> Iterator[str]:
    """The table: judge, cases, agreed, disagreed; below it the reasons for what disagrees."""
    asked = [judge for judge in JUDGES if judge.cases]
    width = max((len(judge.name) for judge in asked), default=0)
    yield f"{'judge':<{width}} {'cases':>8} {'agreed':>8} {'disagreed':>9}"
    for judge in asked:
        yield f"{judge.name:<{width}} {judge.cases:8,} {judge.agreed:8,} {judge.disagreed:9,}"
    for judge in asked:
        for reason, count in judge.stays.items():
            yield f"  {judge.name}: {count:,} by intent: {reason}"
        if judge.failed:
            yield f"  {judge.name}: {judge.failed:,} FAILED"

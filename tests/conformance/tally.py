"""Counts what was held against which judge, for the table that the session prints."""

from __future__ import annotations

import textwrap
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

__all__ = ["JUDGES", "Judge", "table"]

_WIDTH = 100


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
        self._stay(reason)

    def count(self, report: pytest.TestReport) -> None:
        """One case that is a whole test; where the two are known to differ, it is an xfail."""
        if report.passed:
            self.agreed += 1
        elif report.skipped:
            self._stay(report.wasxfail)
        else:
            self.failed += 1

    def _stay(self, reason: str) -> None:
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
    asked = sorted((judge for judge in JUDGES if judge.cases), key=lambda judge: judge.name.lower())
    width = max((len(judge.name) for judge in asked), default=0)
    head = f"{'judge':<{width}}  {'cases':>8}  {'agreed':>8}  {'disagreed':>9}"
    yield head
    yield "-" * len(head)
    for judge in asked:
        disagreed = f"{judge.disagreed:,}" if judge.disagreed else "-"
        yield f"{judge.name:<{width}}  {judge.cases:8,}  {judge.agreed:8,}  {disagreed:>9}"
    yield "-" * len(head)
    cases, agreed = sum(judge.cases for judge in asked), sum(judge.agreed for judge in asked)
    yield f"{'':<{width}}  {cases:8,}  {agreed:8,}  {cases - agreed:>9,}"
    for judge in asked:
        yield from _reasons(judge)


def _reasons(judge: Judge) -> Iterator[str]:
    if judge.disagreed:
        yield ""
        yield f"{judge.name}:"
    if judge.failed:
        yield f"{judge.failed:5,}  FAILED"
    for reason, count in judge.stays.items():
        yield from textwrap.wrap(
            reason, _WIDTH, initial_indent=f"{count:5,}  ", subsequent_indent=" " * 7
        )

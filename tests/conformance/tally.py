"""Count the cases of each reference implementation for the table that the session prints."""

from __future__ import annotations

import textwrap
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

__all__ = ["REFERENCES", "Reference", "table"]

_WIDTH = 100


@dataclass(eq=False)
class Reference:
    """A program or data set of another project that this package is checked against."""

    name: str
    agreed: int = 0
    failed: int = 0
    intended: dict[str, int] = field(default_factory=dict[str, int])
    """The intended disagreements: how many cases for each reason."""

    def __post_init__(self) -> None:
        REFERENCES.append(self)

    @contextmanager
    def case(self) -> Generator[None]:
        """Count one case, which agrees unless the block raises."""
        try:
            yield
        except Exception:
            self.failed += 1
            raise
        self.agreed += 1

    @contextmanager
    def differs(self, reason: str) -> Generator[None]:
        """Count one case that is known to differ; the block asserts how."""
        try:
            yield
        except Exception:
            self.failed += 1
            raise
        self._count_intended(reason)

    def count(self, report: pytest.TestReport) -> None:
        """Count a whole test as one case; an xfail is a case that is known to differ."""
        if report.passed:
            self.agreed += 1
        elif report.skipped:
            self._count_intended(report.wasxfail)
        else:
            self.failed += 1

    def _count_intended(self, reason: str) -> None:
        self.intended[reason] = self.intended.get(reason, 0) + 1

    @property
    def disagreed(self) -> int:
        """The number of cases that did not agree, intended or not."""
        return self.failed + sum(self.intended.values())

    @property
    def cases(self) -> int:
        """The number of all cases."""
        return self.agreed + self.disagreed


REFERENCES: list[Reference] = []


def table() -> Iterator[str]:
    """The table of cases, agreed and disagreed, and below it the reasons for disagreements."""
    used = sorted(
        (reference for reference in REFERENCES if reference.cases),
        key=lambda reference: reference.name.lower(),
    )
    width = max((len(reference.name) for reference in used), default=0)
    head = f"{'reference':<{width}}  {'cases':>8}  {'agreed':>8}  {'disagreed':>9}"
    yield head
    yield "-" * len(head)
    for reference in used:
        disagreed = f"{reference.disagreed:,}" if reference.disagreed else "-"
        counts = f"{reference.cases:8,}  {reference.agreed:8,}  {disagreed:>9}"
        yield f"{reference.name:<{width}}  {counts}"
    yield "-" * len(head)
    cases, agreed = sum(one.cases for one in used), sum(one.agreed for one in used)
    yield f"{'':<{width}}  {cases:8,}  {agreed:8,}  {cases - agreed:>9,}"
    for reference in used:
        yield from _reasons(reference)


def _reasons(reference: Reference) -> Iterator[str]:
    if reference.disagreed:
        yield ""
        yield f"{reference.name}:"
    if reference.failed:
        yield f"{reference.failed:5,}  FAILED"
    for reason, count in reference.intended.items():
        yield from textwrap.wrap(
            reason, _WIDTH, initial_indent=f"{count:5,}  ", subsequent_indent=" " * 7
        )

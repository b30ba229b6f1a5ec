"""The combinations of tool, direction, file format and image, and the table of their results."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pytest

__all__ = ["DOCKER_ARCHIVE", "FULL", "LAYOUT", "OCI_ARCHIVE", "Combination", "table"]

FULL = os.environ.get("INTEROP") == "full"
"""Whether this is ``nox -s interop``. Other sessions run only the tests with the mark ``smoke``."""

LAYOUT = "layout"
OCI_ARCHIVE = "OCI archive"
DOCKER_ARCHIVE = "docker archive"

_PROPERTY = "combination"


class Combination(NamedTuple):
    """What one test combines; the parameter ``combination`` of a test adds it to the table."""

    tool: str
    direction: str
    file: str
    """The format of the file, or ``-``."""
    image: str
    """The kind of image, a name of ``tests.interop.layouts.WRITERS``."""

    def __str__(self) -> str:
        return "-".join(self).replace(" ", "_")


def mark(items: Iterable[pytest.Item]) -> None:
    """Note the combinations of tests, so that their reports have them."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        combination = None if callspec is None else callspec.params.get(_PROPERTY)
        if isinstance(combination, Combination):
            item.user_properties.append((_PROPERTY, list(combination)))


def table(reports: Iterable[pytest.TestReport]) -> Iterator[str]:
    """The lines of the table, and the number of combinations with each result."""
    results: dict[Combination, str] = {}
    for combination, result in _results(reports):
        # Several tests of one combination: it has passed if all of them have.
        if results.get(combination, "passed") == "passed":
            results[combination] = result
    rows = [(*combination, result) for combination, result in sorted(results.items())]
    if not rows:
        return
    head = ("tool", "direction", "file", "image", "result")
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, tuple("-" * width for width in widths), *rows):
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
    outcomes = list(results.values())
    counts = ", ".join(f"{outcomes.count(one)} {one}" for one in sorted(set(outcomes)))
    yield f"{len(rows)} combinations: {counts}"


def _results(reports: Iterable[pytest.TestReport]) -> Iterator[tuple[Combination, str]]:
    for report in reports:
        names = dict(report.user_properties).get(_PROPERTY)
        if isinstance(names, list) and (report.when == "call" or not report.passed):
            yield Combination(*names), report.outcome

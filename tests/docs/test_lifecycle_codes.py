"""The tables of codes in the guide to lifecycle policies are those of the package."""

from __future__ import annotations

import re

from ecrclient.lifecycle import ASSUMPTIONS, LINT_CODES
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs/guides/lifecycle.md").read_text(encoding="utf-8")


def table(heading: str) -> dict[str, str]:
    """The rows of a table with a code in the first column."""
    _, _, rest = PAGE.partition(f"| code | {heading} |\n|---|---|\n")
    rows, _, _ = rest.partition("\n\n")
    return dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", rows, re.MULTILINE))


def test_the_table_of_assumptions() -> None:
    assert table("assumption") == ASSUMPTIONS


def test_the_table_of_findings() -> None:
    assert table("finding") == LINT_CODES

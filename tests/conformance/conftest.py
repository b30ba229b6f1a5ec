"""The table at the end of the conformance session."""

from __future__ import annotations

import pytest

from tests.conformance.effort import FULL
from tests.conformance.tally import table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print who was asked, how often, and what did not agree."""
    if FULL:
        terminalreporter.section("conformance")
        for line in table():
            terminalreporter.write_line(line)

"""The table at the end of the conformance session."""

from __future__ import annotations

import platform
from collections.abc import Generator
from datetime import UTC, datetime
from importlib.metadata import version

import pytest

from tests.conformance.effort import FULL
from tests.conformance.tally import table

_REFERENCES = (
    "aws-requests-auth",
    "awscrt",
    "boto3",
    "botocore",
    "lapsh",
    "moto",
    "mypy",
    "pyright",
)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """Print the table after everything else."""
    yield
    if FULL:
        terminalreporter.section("conformance")
        terminalreporter.write_line(
            f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}: "
            + ", ".join(f"{name} {version(name)}" for name in _REFERENCES)
        )
        terminalreporter.write_line("")
        for line in table():
            terminalreporter.write_line(line)

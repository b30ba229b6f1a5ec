"""``ECRCLIENT_LOG``: the log of a client on stderr."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest

from ecrclient import ConfigurationError, ECRClient
from ecrclient._awsjson.settings.log_variable import show_log, variable_of
from tests.structure.imports import ROOT

PACKAGE = "acme.secrets_client"
VARIABLE = "ACME_SECRETS_CLIENT_LOG"


@pytest.fixture(autouse=True)
def no_trace() -> Iterator[None]:
    """Remove what a test changes."""
    yield
    for name in ("acme", PACKAGE):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True


@contextmanager
def separate_stderr() -> Generator[io.StringIO]:
    """Collect stderr, apart from the root logger: pytest's handlers there show every line.

    It is not a fixture, because pytest adds its handlers again after the fixtures.
    """
    logging.getLogger("acme").propagate = False
    with contextlib.redirect_stderr(io.StringIO()) as stream:
        yield stream


@pytest.mark.parametrize(
    ("package", "variable"),
    [
        ("ecrclient", "ECRCLIENT_LOG"),
        ("acme.secrets_client", "ACME_SECRETS_CLIENT_LOG"),
        ("secrets2", "SECRETS2_LOG"),
    ],
)
def test_the_name_derives_from_the_package(package: str, variable: str) -> None:
    assert variable_of(package) == variable


def test_the_lines_are_readable() -> None:
    with separate_stderr() as stderr:
        show_log(PACKAGE, {VARIABLE: "debug"})
        logging.getLogger(PACKAGE).debug("a call")
        logging.getLogger(f"{PACKAGE}.inner").info("a setting")

        first, second = stderr.getvalue().splitlines()
        time = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"
        assert re.fullmatch(rf"{time} DEBUG acme\.secrets_client: a call", first)
        assert re.fullmatch(rf"{time} INFO acme\.secrets_client\.inner: a setting", second)


def test_the_level() -> None:
    with separate_stderr() as stderr:
        show_log(PACKAGE, {VARIABLE: "Warning"})
        logging.getLogger(PACKAGE).info("no")
        logging.getLogger(PACKAGE).warning("yes")
        assert stderr.getvalue().endswith("WARNING acme.secrets_client: yes\n")
        assert stderr.getvalue().count("\n") == 1


@pytest.mark.parametrize("environ", [{}, {VARIABLE: ""}, {"ECRCLIENT_LOG": "debug"}])
def test_nothing_changes_unless_it_is_set(environ: dict[str, str]) -> None:
    show_log(PACKAGE, environ)
    logger = logging.getLogger(PACKAGE)
    assert (logger.handlers, logger.level) == ([], logging.NOTSET)


def test_a_wrong_level_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        show_log(PACKAGE, {VARIABLE: "verbose"})
    assert str(caught.value) == (
        f"environment variable {VARIABLE} must be one of debug, info, warning, error, not 'verbose'"
    )
    assert logging.getLogger(PACKAGE).handlers == []


def test_it_is_idempotent_and_keeps_a_level_that_is_set_later() -> None:
    with separate_stderr() as stderr:
        show_log(PACKAGE, {VARIABLE: "debug"})
        logging.getLogger(PACKAGE).setLevel(logging.ERROR)
        show_log(PACKAGE, {VARIABLE: "debug"})
        logging.getLogger(PACKAGE).warning("no")
        logging.getLogger(PACKAGE).error("once")
        assert stderr.getvalue().count("\n") == 1


class Shown(logging.Handler):
    def __init__(self, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self.lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += 1


@pytest.mark.parametrize("name", ["acme", PACKAGE])
def test_a_line_that_the_application_shows_is_not_repeated(name: str) -> None:
    with separate_stderr() as stderr:
        show_log(PACKAGE, {VARIABLE: "debug"})
        logger, handler = logging.getLogger(name), Shown()
        logger.addHandler(handler)
        logging.getLogger(PACKAGE).debug("a line")
        logger.removeHandler(handler)

        assert (handler.lines, stderr.getvalue()) == (1, "")


@pytest.mark.parametrize("handler", [Shown(logging.INFO), logging.NullHandler()])
def test_a_line_that_the_application_does_not_show_is_written(handler: logging.Handler) -> None:
    with separate_stderr() as stderr:
        show_log(PACKAGE, {VARIABLE: "debug"})
        logging.getLogger("acme").addHandler(handler)
        logging.getLogger(PACKAGE).debug("a line")
        assert stderr.getvalue().count("a line") == 1


def test_a_logger_that_does_not_propagate() -> None:
    with separate_stderr() as stderr:
        show_log(PACKAGE, {VARIABLE: "debug"})
        logging.getLogger("acme").addHandler(Shown())
        logging.getLogger(PACKAGE).propagate = False
        logging.getLogger(PACKAGE).debug("a line")
        assert stderr.getvalue().count("a line") == 1


def test_a_client_reads_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECRCLIENT_LOG", "loud")
    with pytest.raises(ConfigurationError, match="ECRCLIENT_LOG must be one of debug"):
        ECRClient()


PROGRAM = """
import anyio
from ecrclient.testing import InMemoryECR

async def main():
    ecr = InMemoryECR()
    ecr.faults.throttle(operation="DescribeRegistry")
    async with ecr.client() as client:
        await client.describe_registry()

anyio.run(main)
"""


def test_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECRCLIENT_LOG", "debug")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    retry, end = done.stderr.splitlines()
    assert " DEBUG ecrclient: ECR.DescribeRegistry: attempt 1 failed: 400 Throttling" in retry
    assert " DEBUG ecrclient: ECR.DescribeRegistry: 200 ok request_id=" in end

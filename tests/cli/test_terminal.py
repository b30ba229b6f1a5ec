"""Output on a terminal: tables that fit, and progress bars."""

from __future__ import annotations

import os
import re
import sys

import pytest

from tests.cli.conftest import start

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals", allow_module_level=True)
else:
    import pty


ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLORS = re.compile(r"\x1b\[(?:[0-9]+;)*(?:3[0-9]|9[0-7])[;m]")


def run_on_a_terminal(*arguments: str, **variables: str) -> str:
    """Run a command whose output and errors go to a terminal, and return both."""
    controller, terminal = pty.openpty()
    try:
        variables = {"TERM": "xterm", "COLUMNS": "70", **variables}
        process = start(*arguments, env=variables, output=terminal)
        os.close(terminal)
        pieces: list[bytes] = []
        while piece := read(controller):
            pieces.append(piece)
        assert process.wait() == 0
    finally:
        os.close(controller)
    return b"".join(pieces).decode()


def read(controller: int) -> bytes:
    try:
        return os.read(controller, 65536)
    except OSError:  # Linux: the other side is closed
        return b""


def test_a_table_fits_the_terminal(environment: None) -> None:
    printed = ESCAPES.sub("", run_on_a_terminal("images", "team/app", "--full-digests"))
    lines = printed.splitlines()
    assert len(lines) > 4
    assert max(map(len, lines)) <= 70


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}], ids=["default", "NO_COLOR"])
def test_bars_have_colors_unless_the_user_wants_none(
    environment: None, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    printed = run_on_a_terminal("copy", "team/app:v1", "team/copy:new", **variables)
    assert bool(COLORS.search(printed)) is not bool(variables)


def test_bars_show_the_progress(environment: None) -> None:
    printed = run_on_a_terminal("copy", "team/app:v1", "team/copy:new")
    assert "sha256:" in printed
    assert "━" in printed
    assert "tag new written" not in printed


def test_quiet_shows_no_bars(environment: None) -> None:
    printed = run_on_a_terminal("copy", "team/app:v1", "team/copy:new", "--quiet")
    assert "━" not in printed

"""Output on a terminal: tables that fit, and progress bars."""

from __future__ import annotations

import os
import sys

import pytest

from tests.cli.conftest import start

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals", allow_module_level=True)
else:
    import pty


def run_on_a_terminal(*arguments: str, **variables: str) -> str:
    """Run a command whose output and errors go to a terminal, and return both."""
    controller, terminal = pty.openpty()
    try:
        variables = {"TERM": "xterm", "COLUMNS": "70", "NO_COLOR": "", **variables}
        process = start(*arguments, env=variables, stdout=terminal, stderr=terminal)
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
    lines = run_on_a_terminal("images", "team/app", "--full-digests", NO_COLOR="1").splitlines()
    assert len(lines) > 4
    assert max(map(len, lines)) <= 70


def test_a_heading_is_bold_unless_colors_are_off(environment: None) -> None:
    assert "\x1b[1m" in run_on_a_terminal("repos")
    assert "team/app" in run_on_a_terminal("repos", NO_COLOR="1")


def test_bars_show_the_progress(environment: None) -> None:
    printed = run_on_a_terminal("copy", "team/app:v1", "team/copy:new")
    assert "sha256:" in printed
    assert "━" in printed
    assert "tag new written" not in printed


def test_quiet_shows_no_bars(environment: None) -> None:
    printed = run_on_a_terminal("copy", "team/app:v1", "team/copy:new", "--quiet")
    assert "━" not in printed

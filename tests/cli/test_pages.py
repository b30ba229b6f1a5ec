"""The pages of the command line: options, recorded sessions, and the summaries of commands."""

from __future__ import annotations

import re

import click
import pytest

from docsite import commands, terminal
from ecrclient.cli.application import COMMANDS, application
from ecrclient.cli.exit_codes import ExitCode

TEXTS = {page.name: page.read_text(encoding="utf-8") for page in commands.FOLDER.glob("*.md")}


def test_options_and_sessions_are_up_to_date() -> None:
    assert commands.pages() == TEXTS


def test_the_terminal_session_is_up_to_date() -> None:
    assert terminal.PATH.read_text(encoding="utf-8") == terminal.draw()


def test_the_terminal_session_loads_nothing() -> None:
    picture = terminal.PATH.read_text(encoding="utf-8")
    assert "font-face" not in picture
    assert "url(" not in re.sub(r"url\(#", "", picture)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_the_summary_of_the_help(name: str) -> None:
    group = application()
    command = group.get_command(click.Context(group), name)
    assert command is not None
    assert command.name == name
    assert (command.help or "").partition("\n")[0] == COMMANDS[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example(name: str) -> None:
    assert any(re.search(rf"\becrclient {name}\b", text) for text in TEXTS.values())


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - {"serve", "completion"}))
def test_every_command_has_a_recorded_example(name: str) -> None:
    assert any(f"\n$ ecrclient {name}" in text for text in TEXTS.values())


def test_the_exit_codes_are_documented() -> None:
    table = TEXTS["index.md"].partition("## Exit codes\n")[2].partition("## ")[0]
    assert re.findall(r"^\| (\d+) \|", table, re.MULTILINE) == [str(int(one)) for one in ExitCode]

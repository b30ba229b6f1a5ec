"""mypy and pyright, both strict, accept correct code and report each marked mistake.

Each checker runs once over both files. They are copied to an empty folder, so that they are checked
as in a user's project: with the installed package, and without this project's settings.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
FILES = ("right.py", "wrong.py")
CHECKERS = ("mypy", "pyright")

Place = tuple[str, int]
"""A file's name and a line number."""

Findings = Mapping[Place, frozenset[str]]
"""The codes of the errors that a checker reports for each line."""


# -- the checkers ---------------------------------------------------------------------------------


def run(folder: Path, *command: str) -> str:
    """Run a checker and return its output; both checkers exit with 1 if they report errors."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def run_mypy(folder: Path) -> Findings:
    found: dict[Place, set[str]] = defaultdict(set)
    options = ["--config-file=", "--show-error-codes", "--no-error-summary", "--hide-error-context"]
    for line in run(folder, "mypy", "--strict", *options, *FILES).splitlines():
        parsed = re.fullmatch(r"(\w+\.py):(\d+): (error|note): .*?(?:  \[([\w-]+)\])?", line)
        assert parsed, f"cannot parse: {line}"
        file, number, severity, code = parsed.groups()
        if severity == "error":
            found[file, int(number)].add(code)
    return {place: frozenset(codes) for place, codes in found.items()}


def run_pyright(folder: Path) -> Findings:
    settings = {"typeCheckingMode": "strict", "include": list(FILES)}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    report = json.loads(run(folder, "pyright", "--outputjson", "--pythonpath", sys.executable))
    assert report["summary"]["filesAnalyzed"] == len(FILES)
    found: dict[Place, set[str]] = defaultdict(set)
    for error in report["generalDiagnostics"]:
        line: int = error["range"]["start"]["line"] + 1
        found[Path(error["file"]).name, line].add(error.get("rule", error["message"]))
    return {place: frozenset(codes) for place, codes in found.items()}


RUN: Mapping[str, Callable[[Path], Findings]] = {"mypy": run_mypy, "pyright": run_pyright}


@pytest.fixture(scope="module", params=CHECKERS)
def checked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """The errors that a checker reports."""
    folder = tmp_path_factory.mktemp(request.param)
    for file in FILES:
        shutil.copy(HERE / file, folder)
    return Checked(request.param, RUN[request.param](folder))


@dataclass(frozen=True)
class Checked:
    checker: str
    found: Findings


# -- the marks ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mark:
    """A mistake: its line, and the error code of each checker that finds it."""

    line: int
    what: str
    codes: Mapping[str, str]


def read_marks() -> list[Mark]:
    pattern = re.compile(r" +# E: (.+) \[mypy: ([\w-]+), pyright: ([\w-]+)\]")
    lines = (HERE / "wrong.py").read_text(encoding="utf-8").splitlines()
    marks: list[Mark] = []
    for number, line in enumerate(lines, start=1):
        if line.lstrip().startswith("# E:"):
            parsed = pattern.fullmatch(line)
            assert parsed, f"wrong.py:{number}: cannot parse the mark"
            what, mypy, pyright = parsed.groups()
            codes = {"mypy": mypy, "pyright": pyright}
            marks.append(Mark(number + 1, what, {k: v for k, v in codes.items() if v != "-"}))
    return marks


MARKS = read_marks()


def as_parameter(mark: Mark) -> Any:
    return pytest.param(mark, id=f"{mark.line}: {mark.what}")


def test_each_mark_is_for_at_least_one_checker() -> None:
    assert len(MARKS) >= 25
    assert all(mark.codes for mark in MARKS)


def test_right_code_has_no_error(checked: Checked) -> None:
    assert {place: codes for place, codes in checked.found.items() if place[0] == "right.py"} == {}


@pytest.mark.parametrize("mark", list(map(as_parameter, MARKS)))
def test_a_marked_line_is_an_error(checked: Checked, mark: Mark) -> None:
    codes = checked.found.get(("wrong.py", mark.line), frozenset())
    expected = mark.codes.get(checked.checker)
    assert expected in codes if expected else not codes


def test_no_other_line_is_an_error(checked: Checked) -> None:
    wrong = {line for file, line in checked.found if file == "wrong.py"}
    assert sorted(wrong - {mark.line for mark in MARKS}) == []


def test_right_code_can_be_imported() -> None:
    """Every name that it imports exists at run time."""
    spec = importlib.util.spec_from_file_location("right", HERE / "right.py")
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))

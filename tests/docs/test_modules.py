"""The pages on the code: their tables of modules, the path of a call, and the links to tests."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docsite.module_tables import TABLES, module_table, replace_table
from tests.docs.pages import ROOT

RUNTIME_PAGE = (ROOT / "docs/runtime.md").read_text(encoding="utf-8")
CALL = RUNTIME_PAGE.partition("<!-- call -->\n```text\n")[2].partition("```\n<!-- /call -->")[0]
LABELS = [line for line in CALL.splitlines() if line.endswith(":")]
STEP = re.compile(r" *(?P<name>[\w.]+) {2,}(?P<file>[\w/]+\.py) {2,}\S.*")
STEPS = [STEP.fullmatch(line) or line for line in CALL.splitlines() if line not in LABELS]

BOUNDS = re.findall(
    r"^- .*(?:\n  .*)*",
    (ROOT / "SECURITY.md").read_text(encoding="utf-8").partition("## Bounds\n")[2],
    re.MULTILINE,
)
LINK = re.compile(r"\]\((tests/[\w/]+\.py)\)")


@pytest.mark.parametrize("page", TABLES, ids=lambda page: page.name)
def test_a_page_lists_every_module_with_its_summary(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == replace_table(text, module_table(TABLES[page]))


def test_a_page_without_markers_is_reported() -> None:
    with pytest.raises(LookupError, match="files"):
        replace_table("# Page\n", "")


def test_the_path_of_a_call_has_steps_and_two_branches() -> None:
    assert len(LABELS) == 2
    assert len(STEPS) > 15


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step[0].split()[0])
def test_the_path_of_a_call_names_existing_code(step: re.Match[str] | str) -> None:
    assert isinstance(step, re.Match), f"not a name, a file and a remark: {step}"
    file = step["file"]
    folder = ROOT if file.startswith("ecrclient/") else ROOT / "ecrclient/_awsjson"
    assert step["name"] in defined_names(folder / file)


def defined_names(path: Path) -> set[str]:
    """The functions of a module, and the methods of its classes."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    names = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    return names | {
        f"{node.name}.{member.name}"
        for node in body
        if isinstance(node, ast.ClassDef)
        for member in node.body
        if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_the_security_policy_has_bounds() -> None:
    assert len(BOUNDS) > 10


@pytest.mark.parametrize("bound", BOUNDS, ids=lambda bound: bound[2:40])
def test_every_bound_links_to_its_tests(bound: str) -> None:
    linked = LINK.findall(bound)
    assert linked
    for file in linked:
        names = defined_names(ROOT / file)
        assert any(re.search(r"(?:^|\.)test_", name) for name in names), file


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the table has the figures of 3.11")
def test_the_design_notes_have_the_current_figures() -> None:
    page = (ROOT / "docs/design.md").read_text(encoding="utf-8")
    row = re.search(r"^\| after \| (\d+) \| (\d+) \| (\d+) \|$", page, re.MULTILINE)
    assert row is not None
    # In a separate process: what other tests have imported would count too.
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.frames"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.findall(r"^(\d+) files, (\d+) functions\n(\d+) frames", done.stdout) == [row.groups()]

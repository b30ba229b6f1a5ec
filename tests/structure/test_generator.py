"""The generator knows the runtime's path in one module, and its page lists every module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from codegen import runtime
from tests.structure.imports import ROOT

PACKAGE = ROOT / "codegen"
FILES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
ENTRY_POINTS = {"__init__.py", "__main__.py"}


def test_only_one_module_contains_the_path_of_the_runtime() -> None:
    package = runtime.RUNTIME.rpartition(".")[2]
    found = {
        name
        for name, path in FILES.items()
        if re.search(rf"\b{package}\b", path.read_text(encoding="utf-8"))
    }
    assert found == {"runtime.py"}


def rows() -> Iterator[str]:
    for name, path in FILES.items():
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        summary = docstring.split("\n\n")[0]
        if name not in ENTRY_POINTS:
            yield f"| `{name}` | {summary.replace(chr(10), ' ').replace('``', '`')} |\n"


def test_the_page_on_the_generator_lists_every_module_with_its_summary() -> None:
    page = (ROOT / "docs/codegen.md").read_text(encoding="utf-8")
    table = page.partition("<!-- files -->\n")[2].partition("<!-- /files -->")[0]
    assert table == "| file | subject |\n|---|---|\n" + "".join(rows())

"""The structure of the generator: small files and functions, no import cycles, one runtime path."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from codegen import runtime
from tests.codegen.project import ROOT

MODULES = {
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__"): (
        path
    )
    for path in sorted((ROOT / "codegen").rglob("*.py"))
}


def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imported(module: str) -> set[str]:
    """The modules that a module imports, in functions and for type checkers too."""
    found: set[str] = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name for name in names if name in MODULES} or {node.module}
    return {name for name in found if name in MODULES}


def cycle(imports: dict[str, set[str]]) -> list[str]:
    """A cycle of imports, or an empty list."""
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        for other in sorted(imports[module]):
            if found := visit(other, [*path, module]):
                return found
        done.add(module)
        return []

    for module in imports:
        if found := visit(module, []):
            return found
    return []


def test_no_imports_form_a_cycle() -> None:
    imports = {module: imported(module) for module in MODULES}
    assert imports["codegen.render.client"] >= {"codegen.ir", "codegen.render.methods"}
    assert cycle(imports) == []


def test_a_cycle_is_found() -> None:
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


@pytest.mark.parametrize("module", MODULES)
def test_a_file_has_at_most_400_lines_and_a_function_60(module: str) -> None:
    assert MODULES[module].read_text(encoding="utf-8").count("\n") <= 400
    long = {
        node.name: length
        for node in ast.walk(tree(module))
        if isinstance(node, ast.FunctionDef)
        if (length := (node.end_lineno or 0) - node.lineno + 1) > 60
    }
    assert long == {}


def test_only_one_module_contains_the_path_of_the_runtime() -> None:
    package = runtime.RUNTIME.rpartition(".")[2]
    found = {
        module
        for module, path in MODULES.items()
        if re.search(rf"\b{package}\b", path.read_text(encoding="utf-8"))
    }
    assert found == {"codegen.runtime"}


def rows() -> Iterator[str]:
    for module, path in MODULES.items():
        summary = (ast.get_docstring(tree(module)) or "").split("\n\n")[0]
        name = path.relative_to(ROOT / "codegen").as_posix()
        if module not in {"codegen", "codegen.__main__"}:
            yield f"| `{name}` | {summary.replace(chr(10), ' ').replace('``', '`')} |\n"


def test_the_page_on_the_generator_lists_every_module_with_its_summary() -> None:
    page = (ROOT / "docs/codegen.md").read_text(encoding="utf-8")
    table = page.partition("<!-- files -->\n")[2].partition("<!-- /files -->")[0]
    assert table == "| file | subject |\n|---|---|\n" + "".join(rows())

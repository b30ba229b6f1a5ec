"""Write the tables of modules in the documentation from the modules' docstrings.

``python -m docsite.module_tables`` writes them into the pages of :data:`TABLES`, between
``<!-- files -->`` and ``<!-- /files -->``. A module's row is its path and the first paragraph of
its docstring.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

__all__ = ["TABLES", "module_table", "replace_table"]

_ROOT = Path(__file__).resolve().parents[1]
_BEGIN, _END = "<!-- files -->\n", "<!-- /files -->"

TABLES = {
    _ROOT / "docs/codegen.md": _ROOT / "codegen",
    _ROOT / "docs/runtime.md": _ROOT / "ecrclient/_awsjson",
}
"""The package that each page lists."""


def module_table(package: Path) -> str:
    """The table of a package's modules, other than its own ``__init__`` and ``__main__``."""
    return "| file | subject |\n|---|---|\n" + "".join(_rows(package))


def replace_table(page: str, table: str) -> str:
    """The text of a page with another table.

    Raises:
        LookupError: The page does not have both markers.
    """
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise LookupError(f"the page must have a line {_BEGIN.strip()} and a line {_END}")
    return f"{before}{begin}{table}{end}{after}"


def _rows(package: Path) -> Iterator[str]:
    own = {package / "__init__.py", package / "__main__.py"}
    for path in sorted(set(package.rglob("*.py")) - own):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        summary = " ".join(docstring.split("\n\n")[0].split()).replace("``", "`")
        yield f"| `{path.relative_to(package).as_posix()}` | {summary} |\n"


def main() -> None:
    """Write the tables."""
    for page, package in TABLES.items():
        text = page.read_text(encoding="utf-8")
        page.write_text(replace_table(text, module_table(package)), encoding="utf-8")


if __name__ == "__main__":
    main()

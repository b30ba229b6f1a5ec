"""Write the reference pages of the models, one for each page of operations.

``python -m docsite.models`` writes them to ``docs/reference/models/``. A model that only one
operation uses is on the page of that operation's subject; the others share a separate page.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

__all__ = ["FOLDER", "pages"]

_ROOT = Path(__file__).resolve().parents[1]
_REFERENCE = _ROOT / "docs/reference"
_PACKAGE = _ROOT / "ecrclient/models"
FOLDER = _REFERENCE / "models"

_OPERATION = re.compile(r"^::: ecrclient\.ECRClient\.(\w+)$", re.MULTILINE)
_TITLE = re.compile(r"\A# (.+)$", re.MULTILINE)
_INDEX = """\
# Models

Requests, responses and the structures in them, from `ecrclient.models`. Every model is a frozen
pydantic model. Members have snake_case names. A response keeps members that this version of the
package does not know.

You rarely create a request yourself: a method of the client takes its members as keyword arguments.
A nested structure may be a model or a [typed dictionary](../params.md).

| page | models |
|---|---|
"""


def pages() -> dict[str, str]:
    """The text of each page by the name of its file."""
    modules = {path.stem: _public(path) for path in sorted(_PACKAGE.glob("*.py"))}
    del modules["__init__"], modules["scalars"]  # re-exports, and models that callers do not need
    made: dict[str, str] = {}
    rows: list[str] = []
    for page in sorted(_REFERENCE.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        operations = [name for name in _OPERATION.findall(text) if name in modules]
        names = [name for operation in operations for name in modules.pop(operation)]
        title = _TITLE.search(text)
        if names and title:
            intro = f"The models of the operations in [{title[1]}](../{page.name})."
            made[page.name] = _page(title[1], intro, names)
            rows.append(_row(title[1], page.name, names))
    shared = [name for names in modules.values() for name in names]
    made["shared.md"] = _page("Shared models", "The models that several operations use.", shared)
    rows.append(_row("Shared models", "shared.md", shared))
    return {"index.md": _INDEX + "".join(rows), **made}


def _public(path: Path) -> list[str]:
    """The names in ``__all__`` of a module, which is not imported."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                names: list[str] = ast.literal_eval(value)
                return names
            case _:
                continue
    raise LookupError(f"{path} has no __all__")


def _page(title: str, intro: str, names: list[str]) -> str:
    title = title if title.endswith("models") else f"Models: {title}"
    sections = "".join(f"\n::: ecrclient.models.{name}\n" for name in names)
    return f"# {title}\n\n{intro}\n{sections}"


def _row(title: str, file: str, names: list[str]) -> str:
    links = ", ".join(f"[`{name}`][ecrclient.models.{name}]" for name in sorted(names))
    return f"| [{title}]({file}) | {links} |\n"


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""The import graph of the packages, read from the source.

Every import counts: those for type checkers only, and those inside functions. The packages that
contain a module are not separate edges, because Python imports them with any of their modules.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

__all__ = ["ROOT", "Graph", "cycles", "import_graph"]

ROOT = Path(__file__).resolve().parents[2]

Graph = Mapping[str, frozenset[str]]
"""Each module, and the modules that it imports."""


def import_graph(*packages: str) -> Graph:
    """The imports between all modules of *packages*."""
    files = {
        _module_name(file): file
        for package in packages
        for file in sorted((ROOT / package).rglob("*.py"))
    }
    return {
        name: frozenset(_imports(name, file, files.keys())) - {name} for name, file in files.items()
    }


def cycles(graph: Graph) -> list[list[str]]:
    """The groups of modules that import each other, directly or through others."""
    # Tarjan's algorithm for strongly connected components.
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = lowest[module] = len(index)
        stack.append(module)
        for imported in sorted(graph[module]):
            if imported not in index:
                visit(imported)
                lowest[module] = min(lowest[module], lowest[imported])
            elif imported in stack:
                lowest[module] = min(lowest[module], index[imported])
        if lowest[module] == index[module]:
            group = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(group) > 1:
                found.append(sorted(group))

    for module in graph:
        if module not in index:
            visit(module)
    return found


def _module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(module: str, file: Path, known: Collection[str]) -> Iterator[str]:
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            for alias in node.names:
                submodule = f"{base}.{alias.name}"
                if submodule in known:
                    yield submodule
                elif base in known:
                    yield base


def _absolute(node: ast.ImportFrom, package: str) -> str:
    """The full name of the module that a ``from`` statement names."""
    if not node.level:
        return node.module or ""
    parents = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*parents, node.module] if node.module else parents)

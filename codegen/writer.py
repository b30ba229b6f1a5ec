"""A module writer that collects imports as names are used."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping

from codegen.runtime import PROJECT

__all__ = ["WIDTH", "ModuleWriter", "docstring", "paragraphs"]

WIDTH = 100


class ModuleWriter:
    """The lines of one module. ``use`` returns the name to write and adds its import."""

    def __init__(
        self, doc: str, *, defines: Collection[str] = (), for_types: Collection[str] = ()
    ) -> None:
        """Start a module.

        Args:
            doc: The module's docstring.
            defines: Names that the module defines. An equal imported name gets an underscore in
                front; of two equal ones from different modules, the second does.
            for_types: Modules whose names appear only in annotations: they are imported for type
                checkers only.
        """
        self._doc = doc
        self._defines = frozenset(defines)
        self._for_types = frozenset(for_types)
        self._owners: dict[str, str] = {}
        self._imports: dict[str, set[tuple[str, str]]] = {}
        self._type_imports: dict[str, set[tuple[str, str]]] = {}
        self._exports: list[str] = []
        self._lines: list[str] = []

    def use(self, module: str, name: str) -> str:
        """The local name of *module*'s *name*."""
        if module in self._for_types:
            return self.use_type(module, name)
        local = self._local(module, name)
        self._imports.setdefault(module, set()).add((name, local))
        return local

    def use_type(self, module: str, name: str) -> str:
        """Like ``use``, for a name that only annotations need."""
        local = self._local(module, name)
        self._type_imports.setdefault(module, set()).add((name, local))
        return local

    def _local(self, module: str, name: str) -> str:
        local = f"_{name}" if name in self._defines else name
        while self._owners.setdefault(local, module) != module:
            local = f"_{local}"
        return local

    def define(self, name: str) -> str:
        """Export *name*, which the next lines define."""
        self._exports.append(name)
        return name

    def line(self, text: str = "") -> None:
        """One line, or several if *text* contains line breaks."""
        self._lines.append(text)

    def lines(self, texts: Iterable[str]) -> None:
        """Several lines."""
        self._lines.extend(texts)

    def to_text(self) -> str:
        """The module, not yet formatted."""
        parts = [docstring(self._doc), "", "from __future__ import annotations", ""]
        if self._type_imports:
            self.use("typing", "TYPE_CHECKING")
        parts += _import_lines(self._imports)
        if self._type_imports:
            parts += ["", "if TYPE_CHECKING:"]
            parts += [f"    {line}" for line in _import_lines(self._type_imports)]
        exports = ", ".join(f'"{name}"' for name in sorted(self._exports))
        parts += ["", f"__all__ = [{exports}]", ""]
        return "\n".join(parts + self._lines) + "\n"


def _import_lines(imports: Mapping[str, Collection[tuple[str, str]]]) -> Iterator[str]:
    for module in sorted(imports, key=_import_order):
        names = ", ".join(
            name if name == local else f"{name} as {local}"
            for name, local in sorted(imports[module])
        )
        yield f"from {module} import {names}"


def _import_order(module: str) -> tuple[int, str]:
    root = module.partition(".")[0]
    return ({"": 2, PROJECT: 1}.get(root, 0), module)


def docstring(text: str, indent: str = "") -> str:
    """*text* as an indented docstring; a raw string if it contains a backslash."""
    prefix = "r" if "\\" in text else ""
    text = text.strip().replace('"""', "'''")
    body = textwrap.indent(text, indent).lstrip()
    if "\n" not in body:
        space = " " if body.endswith('"') else ""
        return f'{indent}{prefix}"""{body}{space}"""'
    return f'{indent}{prefix}"""{body}\n{indent}"""'


def paragraphs(text: str, *, width: int) -> str:
    """*text* wrapped; two spaces separate paragraphs, as in the spec's descriptions."""
    return "\n\n".join(
        textwrap.fill(part, width, break_long_words=False, break_on_hyphens=False)
        for part in text.split("  ")
        if part.strip()
    )

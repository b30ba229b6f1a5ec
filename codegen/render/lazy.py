"""Packages that import their names at first use."""

from __future__ import annotations

from collections.abc import Mapping

from codegen import runtime
from codegen.writer import ModuleWriter

__all__ = ["lazily"]


def lazily(writer: ModuleWriter, modules: Mapping[str, str]) -> None:
    """Write the import of each name at its first use, which type checkers do not see."""
    lazily = writer.use(runtime.LAZY, "lazily")
    writer.line("_MODULES = {")
    writer.lines(f'    "{name}": "{module}",' for name, module in sorted(modules.items()))
    writer.line("}")
    writer.line()
    writer.line(f"if not {writer.use('typing', 'TYPE_CHECKING')}:")
    writer.line(f"    __getattr__, __dir__ = {lazily}(__name__, _MODULES)")

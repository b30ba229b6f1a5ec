"""Packages whose names are imported when they are first asked for."""

from __future__ import annotations

from collections.abc import Mapping

from codegen import runtime
from codegen.writer import ModuleWriter

__all__ = ["lazily"]


def lazily(writer: ModuleWriter, modules: Mapping[str, str]) -> None:
    """Write what finds each name in its module; type checkers are not to see it."""
    lazily = writer.use(runtime.LAZY, "lazily")
    writer.line("_MODULES = {")
    writer.lines(f'    "{name}": "{module}",' for name, module in sorted(modules.items()))
    writer.line("}")
    writer.line()
    writer.line(f"if not {writer.use('typing', 'TYPE_CHECKING')}:")
    writer.line(f"    __getattr__, __dir__ = {lazily}(__name__, _MODULES)")

"""A module with mutants of its functions, imported instead of the original."""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import random
import re
import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Not in an import statement: mutmut is installed only for this session.
_mutmut: Any = importlib.import_module("mutmut.mutation.file_mutation")
_SEED = 7
_NO_MEANING = re.compile(
    r""""ascii"|"sha256"|"(utf-8|latin-1|iso-8859-1)"|(?<=cast\()"[^"]*\"""", re.IGNORECASE
)
"""Strings that mutmut changes without effect: Python ignores the case of these, or the string."""


@dataclass(frozen=True)
class MutatedModule:
    """A module and its mutants."""

    path: Path
    code: str = field(repr=False)
    diffs: dict[str, str] = field(repr=False)
    """By name, the lines that a mutant changes."""

    @classmethod
    def of(cls, path: Path) -> MutatedModule:
        """Make the mutants of a file."""
        source = path.read_text(encoding="utf-8")
        mutated = _mutmut.mutate_file_contents(str(path), source, None, None)
        functions = _functions(mutated.code)
        diffs: dict[str, str] = {}
        for name in sorted(mutated.mutant_names):
            original = functions[f"{function_of(name)}__mutmut_orig"]
            lines = difflib.unified_diff(original, functions[name], n=0, lineterm="")
            diffs[name] = "\n".join(line for line in lines if re.match(r"[-+] ", line))
        return cls(path, mutated.code, diffs)

    @property
    def module(self) -> str:
        """The name with which the module is imported."""
        return ".".join(self.path.with_suffix("").parts)

    def sample(self, size: int | None) -> list[str]:
        """Names drawn at random, always the same ones; None: all.

        Mutants that are certainly equivalent, or never run here, are left out.
        """
        names = sorted(self.diffs)
        if size is not None:
            names = random.Random(_SEED).sample(names, min(len(names), 2 * size))
        return sorted([name for name in names if not _is_left_out(self.diffs[name])][:size])


def function_of(mutant: str) -> str:
    """The name of the function that a mutant changes, as mutmut writes it."""
    return mutant.partition("__mutmut_")[0]


def _functions(code: str) -> dict[str, list[str]]:
    """The lines of each function and method, without their names."""
    lines = code.splitlines()
    found: dict[str, list[str]] = {}
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "__mutmut_" in node.name:
            body = lines[node.lineno - 1 : node.end_lineno]
            found[node.name] = [body[0].replace(node.name, function_of(node.name)), *body[1:]]
    return found


def _is_left_out(diff: str) -> bool:
    """Whether a change is certainly without effect, or in code for another platform."""
    removed, added = (
        [_NO_MEANING.sub("", line[1:]) for line in diff.splitlines() if line.startswith(sign)]
        for sign in "-+"
    )
    return removed == added or "pragma: no cover" in removed[0]


class MutatedModuleFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports a mutated module; only before anything else has imported it."""

    def __init__(self, module: MutatedModule) -> None:
        self._module = module

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """Claim the mutated module."""
        if fullname != self._module.module:
            return None
        file = self._module.path.resolve()
        return importlib.util.spec_from_file_location(fullname, file, loader=self)

    def exec_module(self, module: types.ModuleType) -> None:
        """Run the mutated code."""
        file = str(self._module.path.resolve())
        exec(compile(self._module.code, file, "exec"), module.__dict__)

    def install(self) -> None:
        """Come before the other finders."""
        assert self._module.module not in sys.modules, "imported too early"
        sys.meta_path.insert(0, self)

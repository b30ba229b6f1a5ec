"""The regular expressions: constructs that Python 3.11.2 supports, and linear time."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import codegen
import ecrclient
from codegen import lap

_parser: Any = importlib.import_module("re._parser")
_UNSUPPORTED = {"POSSESSIVE_REPEAT", "ATOMIC_GROUP"}
LENGTH = 200_000


def modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def patterns() -> dict[str, re.Pattern[Any]]:
    """The patterns that a module keeps under a name."""
    return {
        f"{module.__name__}.{name}": value
        for package in (codegen, ecrclient)
        for module in modules(package)
        for name, value in vars(module).items()
        if isinstance(value, re.Pattern)
    }


def constructs(pattern: re.Pattern[Any]) -> set[str]:
    """The names of all constructs in a pattern, at any depth."""
    tree = _parser.parse(pattern.pattern, pattern.flags)
    return set(re.findall(r"[A-Z][A-Z_]+", repr(list(tree))))


def test_a_possessive_quantifier_and_an_atomic_group_are_recognised() -> None:
    assert "POSSESSIVE_REPEAT" in constructs(re.compile(r"a(?:b|c*+)"))
    assert "ATOMIC_GROUP" in constructs(re.compile(r"a(?>b|c)"))
    assert not constructs(re.compile(r"a(?:b|c*)")) & _UNSUPPORTED


def test_no_pattern_needs_a_construct_that_python_3_11_2_matches_wrongly() -> None:
    found = patterns()
    assert {"codegen.lap.grammar.NAME", "codegen.lap.scanner._SPACES"} <= found.keys()
    assert {name for name, pattern in found.items() if constructs(pattern) & _UNSUPPORTED} == set()


@pytest.mark.parametrize(
    "line",
    [
        "@required {a: str # " + "a," * LENGTH + "}",
        "@required {a: str # " + ", A: Aa" * LENGTH + "}",
        "@required {a: str # " + "," + " " * LENGTH + "x}",
        "@required {a: str=" + ",a:" * LENGTH + "}",
        "@required {" + "a:" * LENGTH + "}",
        "@required {" + "a" * LENGTH + "}",
        "@required {a: " + "A" * LENGTH + "}",
        "@required {a: str(" + "a" * LENGTH + "}",
        "@returns(" + "1" * LENGTH,
        "@returns(200)" + " " * LENGTH + "x",
        "@errors {404: " + ", 123" * LENGTH + "}",
        "@errors {404: " + "a" + "\n" * LENGTH + "}",
        "@odd " + "{" * LENGTH + "\n" * LENGTH,
        "@desc a\n" + "#" * LENGTH + "\n" * LENGTH,
        " " * LENGTH,
    ],
    ids=lambda line: line[:24],
)
def test_hostile_text_is_read_in_linear_time(line: str) -> None:
    """Quadratic time would be 40,000,000,000 steps: hours, and not a fraction of a second."""
    head = "@lap v0.3\n@api A\n@endpoints 1\n\n@endpoint POST /\n"
    with contextlib.suppress(lap.LapSyntaxError, lap.LapWarning):
        lap.parse(f"{head}{line}\n@end\n")

"""Warming up: the models of the named methods, and the modules that are imported lazily."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, ClassVar, cast

import pytest

from ecrclient import RequestValidationError
from ecrclient._awsjson.calling import warming
from ecrclient._awsjson.calling.warming import load_lazy_libraries, warm_up
from ecrclient._awsjson.protocol.shapes import Structure


class Model:
    """Counts how often it is built."""

    __pydantic_core_schema__: ClassVar[Any] = {"type": "any"}

    def __init__(self) -> None:
        self.built = 0

    def model_rebuild(self) -> None:
        self.built += 1


class Operation:
    """What warming up needs of an operation."""

    def __init__(self, method: str) -> None:
        self.method = method
        self.request, self.response = Model(), Model()


def build(*methods: str) -> list[tuple[str, int, int]]:
    operations: list[Any] = [Operation(name) for name in ("get", "put", "list")]
    warm_up(operations, methods)
    return [(each.method, each.request.built, each.response.built) for each in operations]


def test_the_named_models_are_built() -> None:
    assert build("put") == [("get", 0, 0), ("put", 1, 1), ("list", 0, 0)]


def test_without_names_all_models_are_built() -> None:
    assert build() == [("get", 1, 1), ("put", 1, 1), ("list", 1, 1)]


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("push", "no such method: push"),
        (5, "must be names of methods, not 5"),
        (None, "must be names of methods, not None"),
    ],
)
def test_a_wrong_method_is_named(method: Any, message: str) -> None:
    with pytest.raises(RequestValidationError) as caught:
        build("put", method)
    assert caught.value.operation == "warm_up"
    assert [(each.member, each.message) for each in caught.value.problems] == [("methods", message)]


@pytest.mark.parametrize("loops", [{"asyncio"}, {"trio"}, {"asyncio", "trio"}, frozenset[str]()])
def test_the_modules_of_imported_loops_are_imported(
    monkeypatch: pytest.MonkeyPatch, loops: frozenset[str] | set[str]
) -> None:
    imported: list[str] = []
    rebuilt: list[type] = []

    def rebuild(model: type) -> None:
        rebuilt.append(model)

    for name in ("asyncio", "trio"):
        if name not in loops:
            monkeypatch.delitem(sys.modules, name, raising=False)
        else:
            monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setattr(warming, "import_module", imported.append)
    monkeypatch.setattr(Structure, "model_rebuild", cast(Any, classmethod)(rebuild))
    load_lazy_libraries()
    assert imported == [f"anyio._backends._{name}" for name in sorted(loops)]
    assert rebuilt == [Structure]


def test_a_private_module_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(warming, "import_module", missing)
    load_lazy_libraries()

"""Imports point downwards: no cycles, and no layer of the runtime depends on a higher one."""

from __future__ import annotations

import pytest

from tests.structure.imports import Graph, cycles, import_graph

RUNTIME = "ecrclient._awsjson"
# From the top to the bottom. A layer may import from itself and from the layers that follow.
LAYERS = (
    "handle",
    "client",
    "many",
    "calling",
    "over_httpx",
    "attempts",
    "credentials",
    "settings",
    "transport",
    "protocol",
    "support",
    "version",
)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return import_graph("ecrclient", "codegen")


def test_there_are_no_import_cycles(graph: Graph) -> None:
    assert cycles(graph) == []


def test_a_cycle_is_found() -> None:
    graph = {
        "a": frozenset({"b"}),
        "b": frozenset({"c"}),
        "c": frozenset({"a"}),
        "d": frozenset({"a"}),
    }
    assert cycles(graph) == [["a", "b", "c"]]


def layer_of(module: str) -> str:
    return module.removeprefix(f"{RUNTIME}.").partition(".")[0]


def test_every_layer_is_ranked(graph: Graph) -> None:
    layers = {layer_of(module) for module in graph if module.startswith(f"{RUNTIME}.")}
    assert layers == set(LAYERS)


def test_layers_of_the_runtime_depend_on_lower_layers_only(graph: Graph) -> None:
    upward = [
        f"{module} imports {imported}"
        for module, imports in graph.items()
        if module.startswith(f"{RUNTIME}.")
        for imported in sorted(imports)
        if imported.startswith(f"{RUNTIME}.")
        and LAYERS.index(layer_of(imported)) < LAYERS.index(layer_of(module))
    ]
    assert upward == []


def test_the_runtime_imports_nothing_else_of_the_package(graph: Graph) -> None:
    outside = [
        f"{module} imports {imported}"
        for module, imports in graph.items()
        if module.startswith(RUNTIME)
        for imported in sorted(imports)
        if not imported.startswith(RUNTIME)
    ]
    assert outside == []


def test_the_client_does_not_import_the_in_memory_ecr(graph: Graph) -> None:
    importers = [
        module
        for module, imports in graph.items()
        # "ecrclient serve" is for tests.
        if not module.startswith(("ecrclient.testing", "ecrclient.cli.commands.serve"))
        and any(imported.startswith("ecrclient.testing") for imported in imports)
    ]
    assert importers == []


def test_the_generator_and_the_package_do_not_import_each_other(graph: Graph) -> None:
    crossing = [
        f"{module} imports {imported}"
        for module, imports in graph.items()
        for imported in sorted(imports)
        if module.partition(".")[0] != imported.partition(".")[0]
    ]
    assert crossing == []

"""Every modelled error of every operation, with boto3 over HTTP and with this client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.in_memory.refusals import (
    BY_RULE,
    FAULTS,
    INVALID,
    MODELLED,
    NO_REPOSITORY,
    ON_WHAT_IS_MISSING,
)
from tests.in_memory.stage import SERVICE, Scene


@pytest.mark.generator
def test_every_modelled_error_is_covered_once() -> None:
    """Each error is provoked by exactly one table."""
    tables = [
        set(BY_RULE),
        set(ON_WHAT_IS_MISSING),
        {(name, "InvalidParameterException") for name in INVALID},
        {(name, "RepositoryNotFoundException") for name in NO_REPOSITORY},
        {(name, code) for code, operations in FAULTS.items() for name in operations},
    ]
    assert set().union(*tables) == MODELLED
    assert sum(map(len, tables)) == len(MODELLED)


@pytest.mark.generator
@pytest.mark.parametrize(("operation", "code"), BY_RULE)
def test_violated_rule_is_refused(scene: Scene, operation: str, code: str) -> None:
    with scene.refuses(operation, code):
        BY_RULE[operation, code](scene)


def test_error_has_its_members(scene: Scene) -> None:
    pair = ("UploadLayerPart", "InvalidLayerPartException")
    with scene.refuses(*pair) as caught:
        BY_RULE[pair](scene)
    assert caught.value.members["lastValidByteReceived"] == 2


@pytest.mark.generator
@pytest.mark.parametrize(("operation", "code"), ON_WHAT_IS_MISSING)
def test_missing_resource_is_refused(scene: Scene, operation: str, code: str) -> None:
    scene("CreateRepository", repositoryName="team/app")
    with scene.refuses(operation, code):
        scene.ask(operation, **ON_WHAT_IS_MISSING[operation, code])


@pytest.mark.parametrize("operation", NO_REPOSITORY)
def test_missing_repository_is_refused(scene: Scene, operation: str) -> None:
    with scene.refuses(operation, "RepositoryNotFoundException"):
        scene.ask(operation)


@pytest.mark.parametrize("operation", INVALID)
def test_invalid_parameter_is_refused(scene: Scene, operation: str) -> None:
    """A required member is missing; if none is required, a member is below its minimum."""
    shape = SERVICE.operation_model(operation).input_shape
    broken = {} if shape.required_members else next(_too_small(shape))
    scene.called = operation
    with scene.refuses(operation, "InvalidParameterException"):
        scene.player.call_unchecked(operation, broken)


def _too_small(shape: Any) -> Iterator[dict[str, Any]]:
    for name, member in shape.members.items():
        if member.metadata.get("min"):
            yield {name: 0 if member.type_name == "integer" else []}


@pytest.mark.generator
@pytest.mark.parametrize("code", FAULTS)
def test_error_by_fault(scene: Scene, code: str) -> None:
    for operation in FAULTS[code]:
        scene.ecr.faults.error(code)
        with scene.refuses(operation, code, status=500 if code == "ServerException" else 400):
            scene.ask(operation)

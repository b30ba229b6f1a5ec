"""boto3 calls every operation of the in-memory ECR over HTTP with random valid input.

Half of the inputs are entirely random; the others name existing resources, so that calls succeed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given

from ecrclient.testing import InMemoryECR
from tests.conformance.effort import examples
from tests.conformance.full_registry import MORE, fill
from tests.conformance.model_inputs import Inputs
from tests.conformance.strictness import assert_modelled
from tests.conformance.tally import Reference
from tests.in_memory.refusals import FAULTS
from tests.in_memory.stage import Boto3, RefusedError, Scene, Stage, open_boto3
from tests.tools.botocore_calls import service_model
from tests.wire.record import TEXTS, Maker

OPERATIONS = sorted(service_model()["operations"])
RESPONSES = Reference("botocore's model: responses of the in-memory ECR")
ERRORS = Reference("botocore's model: errors of the in-memory ECR")
# "Common Errors" in the Amazon ECR API Reference: the error for registries of other accounts.
COMMON = {"AccessDeniedException"}


def _clock() -> datetime:
    return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Visitor:
    """Calls a full registry, which is restored before each call."""

    def __init__(self, boto3: Boto3, stage: Stage, folder: Path) -> None:
        self._boto3 = boto3
        self._stage = stage
        self._state = folder / "state.json"
        self._raw = b""
        boto3.client.meta.events.register("before-parse.ecr", self._keep)
        scene = Scene(stage, boto3)
        scene.ecr = InMemoryECR(clock=_clock)
        self.known = fill(scene)
        stage.ecr.save(self._state)
        self.random, self.fitting = Inputs(TEXTS), Inputs(TEXTS, self.known)

    def __repr__(self) -> str:
        return "<visitor>"

    def operation(self, name: str) -> Any:
        """botocore's model of the operation."""
        return self._boto3.client.meta.service_model.operation_model(name)

    def well_chosen(self, name: str) -> dict[str, Any]:
        """An input that succeeds: the required members, with the names of existing resources."""
        shape = self.operation(name).input_shape
        made: dict[str, Any] = Maker("minimal", self.known).make(shape)
        return made | MORE.get(name, {})

    def visit(self, name: str, members: dict[str, Any]) -> bool:
        """Make one call and return whether it succeeds. Its response must match the model."""
        self._stage.ecr = InMemoryECR.load(self._state, clock=_clock)
        operation = self.operation(name)
        try:
            self._boto3.call(name, members)
        except RefusedError as error:
            with ERRORS.case():
                self._check_error(error, operation)
            return False
        with RESPONSES.case():
            assert_modelled(json.loads(self._raw), operation.output_shape)
        return True

    def _check_error(self, error: RefusedError, operation: Any) -> None:
        modelled = {shape.error_code: shape for shape in operation.error_shapes}
        members = json.loads(self._raw)
        assert members.pop("__type") == error.code
        if error.code in COMMON:
            assert (error.status, members.keys()) == (400, {"message"})
            return
        assert error.code in modelled, f"{operation.name} has no {error.code}: {members}"
        assert operation.name not in FAULTS.get(error.code, ()), "a rule raises it, see refusals.py"
        assert error.status == 400
        assert_modelled(members, modelled[error.code])

    def _keep(self, response_dict: dict[str, Any], **_: object) -> None:
        self._raw = response_dict["body"]


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Generator[Visitor]:
    stage = Stage()
    with open_boto3(stage) as boto3:
        yield Visitor(boto3, stage, tmp_path_factory.mktemp("registry"))


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_response_matches_the_model(visitor: Visitor, name: str) -> None:
    shape = visitor.operation(name).input_shape
    succeeded: Counter[bool] = Counter()

    @examples(quick=4, full=40)
    @example(visitor.well_chosen(name))
    @given(members=visitor.fitting.of(shape) | visitor.random.of(shape))
    def play(members: dict[str, Any]) -> None:
        succeeded[visitor.visit(name, members)] += 1

    play()
    assert succeeded[True], f"all {succeeded.total()} calls were refused"

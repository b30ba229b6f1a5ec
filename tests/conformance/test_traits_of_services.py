"""Idempotency tokens, authentication and unions of every AWS JSON service are botocore's."""

from __future__ import annotations

import pytest

from codegen import aws_model
from codegen.aws_model import ModelError
from codegen.capabilities import left_out
from tests.conformance.effort import FULL
from tests.conformance.rendered import json_services, raw_data, service_of
from tests.conformance.tally import Reference
from tests.tools.botocore_calls import botocore

TRAITS = Reference("botocore's model: tokens, authentication, unions of every AWS JSON service")
REFUSED = "the generator refuses the service"
LEFT_OUT = "the operation is left out, and the report states why"
SAMPLE = ["cognito-identity", "dynamodbstreams", "ecs", "timestream-query", "verifiedpermissions"]


@pytest.mark.parametrize("name", json_services() if FULL else SAMPLE)
def test_the_traits_of_a_service_are_botocores(name: str) -> None:
    try:
        model = aws_model.load(name)
    except ModelError:
        with TRAITS.differs(REFUSED):
            return
    service = service_of(model)
    theirs = botocore("model").ServiceModel(raw_data(name, "service-2"))
    omitted = left_out(model)
    generated = {operation.name: operation for operation in service.operations}
    assert generated.keys() == set(theirs.operation_names) - omitted.keys()
    for operation in theirs.operation_names:
        if operation in omitted:
            with TRAITS.differs(LEFT_OUT):
                assert f"operation {operation}: {omitted[operation]}" in service.omissions
            continue
        found, their = generated[operation], theirs.operation_model(operation)
        with TRAITS.case():
            tokens = {member.wire_name for member in found.input.members if member.is_token}
            assert tokens == set(their.idempotent_members), operation
            assert not any(member.required for member in found.input.members if member.is_token)
            assert found.is_signed == (their.auth_type != "none"), operation
    for structure in service.structures:
        with TRAITS.case():
            shape = theirs.shape_for(structure.name)
            assert structure.is_union == getattr(shape, "is_tagged_union", False), structure.name

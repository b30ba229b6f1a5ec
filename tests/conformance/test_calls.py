"""Every operation sends the request that botocore sends and reads what botocore reads."""

from __future__ import annotations

import copy
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import ecrclient
from ecrclient import RequestValidationError
from ecrclient.handles import RepositoryHandle
from ecrclient.operations import OPERATIONS as BY_METHOD
from tests.conformance.clients import Clients, open_clients
from tests.conformance.differential import Differential
from tests.conformance.effort import examples
from tests.conformance.tally import Reference
from tests.tools.botocore_calls import botocore, service_model
from tests.wire.record import TEXTS, Maker

OPERATIONS = sorted(service_model()["operations"])
DIFFERENTIAL = Differential("botocore's ECR client", TEXTS)


@pytest.fixture(scope="module")
def clients() -> Generator[Clients]:
    with open_clients("ecr", ecrclient, "ECRClient", ["asyncio", "trio"]) as opened:
        yield opened


@pytest.mark.parametrize("name", OPERATIONS)
@examples(quick=3, full=60)
@given(data=st.data())
def test_a_call_matches_botocores(clients: Clients, name: str, data: st.DataObject) -> None:
    DIFFERENTIAL.call(clients, name, data)


HANDLED = {
    operation.method: operation.name
    for operation in BY_METHOD.values()
    if hasattr(RepositoryHandle, operation.method)
} | {
    "check_layers": "BatchCheckLayerAvailability",
    "delete_images": "BatchDeleteImage",
    "get_images": "BatchGetImage",
    "wait_until_image_scan_complete": "DescribeImageScanFindings",
    "wait_until_lifecycle_policy_preview_complete": "GetLifecyclePolicyPreview",
}


@pytest.mark.parametrize("method", HANDLED)
def test_a_handles_call_matches_botocores(clients: Clients, method: str) -> None:
    shape = clients.operation(HANDLED[method]).input_shape
    if method.startswith("wait_until_"):  # which has no pages
        given = Maker("minimal").make(shape)
        DIFFERENTIAL.handle(clients, method, HANDLED[method], given, max_wait=60)
    else:
        DIFFERENTIAL.handle(clients, method, HANDLED[method], Maker("full").make(shape))


REQUIRED = Reference("botocore's parameter validation: required members")


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_botocore_requires_is_required(clients: Clients, name: str) -> None:
    shape = clients.operation(name).input_shape
    whole = Maker("full").make(shape)
    for path in required_paths(shape, whole):
        less = without(whole, path)
        with REQUIRED.case():
            with pytest.raises(botocore("exceptions").ParamValidationError):
                clients.call_botocore(name, less)
            with pytest.raises(ValidationError):
                clients.request(name, less)
            # Python reports a method's missing argument; the model reports a missing nested member.
            refusal = TypeError if len(path) == 1 else RequestValidationError
            with pytest.raises(refusal, match="required"):
                clients.call_ours("asyncio", name, less)


def required_paths(shape: Any, value: Any) -> Iterator[tuple[str | int, ...]]:
    """The paths to the required members of *value*, at every depth."""
    match shape.type_name:
        case "structure":
            yield from ((name,) for name in shape.required_members)
            for name, member in value.items():
                inner = required_paths(shape.members[name], member)
                yield from ((name, *path) for path in inner)
        case "list":
            for at, item in enumerate(value[:1]):
                yield from ((at, *path) for path in required_paths(shape.member, item))
        case _:
            return


def without(value: Any, path: tuple[str | int, ...]) -> Any:
    """A copy of *value* without the member at *path*."""
    copied = copy.deepcopy(value)
    inner = copied
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return copied

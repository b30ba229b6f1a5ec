"""What an endpoint depends on is read from the request."""

from __future__ import annotations

from typing import Any

import pytest

from ecrclient import RequestValidationError
from ecrclient._awsjson.protocol.operation import EndpointInputs, Operation, Path, Service
from ecrclient._awsjson.protocol.shapes import Request, Response, Structure
from ecrclient._awsjson.settings.endpoint_inputs import NO_INPUTS, inputs_of

SERVICE = Service("Any", "any", "1.0", {}, "any")


class Put(Structure, frozen=True):
    table: str | None = None


class Item(Structure, frozen=True):
    put: Put | None = None
    check: Put | None = None


class WriteResponse(Response, frozen=True):
    pass


class WriteRequest(Request[WriteResponse], frozen=True):
    name: str | None = None
    items: list[Item] | None = None
    tables: dict[str, str] | None = None


def read(request: WriteRequest, inputs: EndpointInputs | None) -> Any:
    operation = Operation[WriteResponse]("Write", "write", "Any.Write", SERVICE, endpoint=inputs)
    return inputs_of(operation, request)


def test_most_operations_have_no_inputs() -> None:
    assert read(WriteRequest(name="a"), None) is NO_INPUTS


def test_constants_and_members_are_parameters() -> None:
    inputs = EndpointInputs(static={"kind": "data"}, members={"arn": ("name",)})
    assert read(WriteRequest(name="a"), inputs).parameters == {"kind": "data", "arn": "a"}
    assert read(WriteRequest(), inputs).parameters == {"kind": "data"}


def test_a_constant_takes_precedence_over_a_member() -> None:
    inputs = EndpointInputs(static={"arn": "b"}, members={"arn": ("name",)})
    assert read(WriteRequest(name="a"), inputs).parameters == {"arn": "b"}


ITEMS = [Item(put=Put(table="a")), Item(check=Put(table="b"), put=Put(table="c")), Item(put=Put())]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("tables", "keys()"), ("x", "y")),
        (("items", "*", "put", "table"), ("a", "c")),
        (("items", "*", (("check", "table"), ("put", "table"))), ("a", "b", "c")),
    ],
)
def test_a_path_selects_what_jmespath_selects(path: Path, expected: object) -> None:
    request = WriteRequest(items=ITEMS, tables={"x": "1", "y": "2"})
    inputs = EndpointInputs(members={"found": path})
    assert read(request, inputs).parameters == {"found": expected}
    assert read(WriteRequest(), inputs).parameters == {}


def test_a_member_can_be_the_beginning_of_the_host() -> None:
    inputs = EndpointInputs(host_prefix="{name}.data-")
    assert read(WriteRequest(name="a-1"), inputs).host_prefix == "a-1.data-"


@pytest.mark.parametrize("name", ["", "a.b", "-a", "evil.example/", None])
def test_a_member_that_is_not_a_host_label_is_refused(name: str | None) -> None:
    with pytest.raises(RequestValidationError, match=r"write: name: must be a host label"):
        read(WriteRequest(name=name), EndpointInputs(host_prefix="{name}."))

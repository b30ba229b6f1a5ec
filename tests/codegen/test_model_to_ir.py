"""Paginators, waiters and types of the model in the IR, and omissions."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from codegen.aws_model import AwsModel
from codegen.ir import (
    Blob,
    ListOf,
    MapOf,
    Member,
    Number,
    Operation,
    Service,
    String,
    StructureRef,
    Timestamp,
    TypeRef,
)
from codegen.model_to_ir import Facts, build_service
from codegen.overlay import Overlay
from codegen.render import waiters
from codegen.render.types import argument_type, field_type, limits_text, value_type
from codegen.writer import ModuleWriter
from ecrclient.operations import DESCRIBE_IMAGE_SCAN_FINDINGS

FINDINGS = "DescribeImageScanFindings"


def built(model: AwsModel, **changed: Any) -> Service:
    """The service of a changed model, without an overlay."""
    facts = Facts({}, frozenset(), {})
    return build_service(dataclasses.replace(model, **changed), Overlay(), facts, package="ecr")


def operation(service: Service, name: str) -> Operation:
    return next(found for found in service.operations if found.name == name)


def paginator(**changed: Any) -> dict[str, Any]:
    return {
        "ListImages": {
            "input_token": "nextToken",
            "output_token": "nextToken",
            "limit_key": "maxResults",
            "result_key": "imageIds",
            **changed,
        }
    }


# -- pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("paginators", [paginator(), {}], ids=["paginator", "members"])
def test_an_operation_pages_by_its_paginator_or_by_its_members(
    model: AwsModel, paginators: dict[str, Any]
) -> None:
    found = operation(built(model, paginators=paginators), "ListImages").pagination
    assert found is not None
    assert (found.input_token, found.output_token, found.limit) == (
        "next_token",
        "next_token",
        "max_results",
    )
    assert (found.items, found.item_types) == (
        (("image_ids",),),
        (StructureRef("ImageIdentifier"),),
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"result_key": "imageIds[].imageTag"},
        {"result_key": []},
        {"input_token": "nextToken || marker"},
    ],
)
def test_a_paginator_with_more_than_paths_is_omitted_and_reported(
    model: AwsModel, changed: dict[str, Any]
) -> None:
    service = built(model, paginators=paginator(**changed))
    assert operation(service, "ListImages").pagination is None
    assert "ListImages: its paginator needs more than attribute paths" in service.omissions


def test_a_paginator_without_a_token_in_the_request_is_omitted(model: AwsModel) -> None:
    service = built(model, paginators=paginator(input_token="marker"))
    assert operation(service, "ListImages").pagination is None


def test_a_response_with_a_token_but_without_one_list_does_not_page(
    model: AwsModel,
) -> None:
    service = built(model, paginators={})
    assert operation(service, FINDINGS).pagination is None
    assert (
        f"{FINDINGS}: it pages, but its response does not have one list: none" in service.omissions
    )


# -- waiters --------------------------------------------------------------------------------------


def waiter(*acceptors: dict[str, str]) -> dict[str, Any]:
    return {"FindingsThere": {"operation": FINDINGS, "delay": 7, "acceptors": acceptors}}


def acceptor(expected: str, state: str, matcher: str = "path") -> dict[str, str]:
    path = {"argument": "imageScanStatus.status"} if matcher.startswith("path") else {}
    return {"matcher": matcher, "expected": expected, "state": state, **path}


def test_a_waiter_without_failures_has_its_retried_errors(model: AwsModel) -> None:
    service = built(
        model,
        waiters=waiter(
            acceptor("COMPLETE", "success"), acceptor("ScanNotFoundException", "retry", "error")
        ),
    )
    text = waiters.render(service).replace("from .operations", "from ecrclient.operations")
    module: dict[str, Any] = {}
    exec(text, module)
    made = module["FINDINGS_THERE"]
    assert made.operation is DESCRIBE_IMAGE_SCAN_FINDINGS
    assert (made.path, made.min_delay) == (("image_scan_status", "status"), 7)
    assert (made.success, made.failure) == ({"COMPLETE"}, frozenset())
    assert made.retry_errors == {"ScanNotFoundException"}


@pytest.mark.parametrize(
    "acceptors",
    [
        [acceptor("COMPLETE", "success", "pathAll")],
        [acceptor("COMPLETE", "success"), acceptor("404", "failure", "status")],
        [acceptor("COMPLETE", "success"), acceptor("1", "failure") | {"argument": "registryId"}],
        [acceptor("COMPLETE", "success") | {"argument": "length(findings)"}],
    ],
)
def test_a_waiter_with_several_paths_is_omitted_and_reported(
    model: AwsModel, acceptors: list[dict[str, str]]
) -> None:
    service = built(model, waiters=waiter(*acceptors))
    assert service.waiters == ()
    assert "waiter FindingsThere: it compares more than one path's value" in service.omissions


# -- annotations ---------------------------------------------------------------------------------

TEXT = String("Name")
TAG = StructureRef("Tag")


@pytest.mark.parametrize(
    ("ref", "field", "argument", "value"),
    [
        (TEXT, "str", "str", "str"),
        (String("Name", max=5), "Annotated[str, Name]", "str", "str"),
        (String("Mode", enum="Mode"), "Mode", "Mode", "Mode"),
        (
            String("Policy", json=True),
            "Annotated[str, Policy]",
            "str | Mapping[str, object] | SupportsJson",
            "str",
        ),
        (Number("Size", "float"), "float", "float", "float"),
        (Timestamp(), "datetime", "datetime", "datetime"),
        (
            Timestamp("httpdate"),
            'Annotated[datetime, TimestampFormat("httpdate")]',
            "datetime",
            "datetime",
        ),
        (Blob(max=4), "Annotated[bytes, BlobLimits(max_length=4)]", "bytes", "bytes"),
        (
            ListOf(ListOf(TEXT), min=1),
            "Annotated[list[list[str]], Limits(min_length=1)]",
            "Sequence[Sequence[str]]",
            "list[list[str]]",
        ),
        (MapOf(TEXT, TAG), "dict[str, Tag]", "Mapping[str, Tag | TagParam]", "dict[str, Tag]"),
    ],
)
def test_annotations_of_a_type_as_field_argument_and_result(
    ref: TypeRef, field: str, argument: str, value: str
) -> None:
    writer = ModuleWriter("A module.")
    assert field_type(ref, writer, limits=True) == field
    assert argument_type(ref, writer, models=".models", params=".params") == argument
    assert value_type(ref, writer, models=".models") == value


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        (String("Name", 1, 1000), "1 to 1,000 characters."),
        (Blob(max=4096), "At most 4,096 bytes."),
        (ListOf(TEXT, min=1), "At least 1 items."),
        (ListOf(TEXT, min=0), ""),
        (Number("Size", "int", 0, 5), "0 to 5."),
        (MapOf(TEXT, TEXT), ""),
    ],
)
def test_limits_as_text(ref: TypeRef, words: str) -> None:
    member = Member("name", "Name", ref, required=False, sensitive=False, deprecated=False, doc="")
    assert limits_text(member) == words

"""Paginators, waiters and types of the model in the IR, and omissions."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from codegen.aws_model import AwsModel
from codegen.ir import Member, Operation, Service
from codegen.ir_types import Blob, ListOf, MapOf, Number, String, StructureRef, Timestamp, TypeRef
from codegen.model_to_ir import Facts, build_service
from codegen.overlay import Overlay
from codegen.render import waiters
from codegen.render.types import argument_type, field_type, limits_text, value_type
from codegen.writer import ModuleWriter
from ecrclient._awsjson.protocol.operation import Acceptor
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


@pytest.mark.parametrize(("stated", "largest"), [(1000, 1000), (2**31 - 1, None), (None, None)])
def test_the_largest_page_is_the_models_unless_that_is_the_range_of_an_integer(
    model: AwsModel, stated: int | None, largest: int | None
) -> None:
    shapes = dict(model.shapes)
    shapes["MaxResults"] = dataclasses.replace(shapes["MaxResults"], max=stated)
    found = operation(built(model, shapes=shapes), "DescribeImages").pagination
    assert found is not None
    assert (found.largest, found.resizable) == (largest, False)
    assert found.lists == ("image_ids",)


NO_PATH = "its items are not at an attribute path of the response"
NO_TOKEN = "its next token is not at an attribute path of the response"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"result_key": "imageIds[].imageTag"}, NO_PATH),
        ({"result_key": []}, "its response has no list, map or structure of items"),
        ({"result_key": "nextToken"}, "its response has no list, map or structure of items"),
        ({"input_token": "marker"}, "its token is marker, not one member of the request"),
        ({"output_token": "nextToken || marker"}, NO_TOKEN),
        ({"output_token": "imageIds[-1].imageTag.digest"}, NO_TOKEN),
        ({"output_token": ["nextToken", "marker"]}, NO_TOKEN),
        ({"more_results": "length(imageIds)"}, NO_TOKEN),
    ],
)
def test_a_paginator_with_more_than_paths_is_omitted_and_reported(
    model: AwsModel, changed: dict[str, Any], reason: str
) -> None:
    service = built(model, paginators=paginator(**changed))
    assert operation(service, "ListImages").pagination is None
    assert f"ListImages: it pages, but is called page by page: {reason}" in service.omissions


def test_a_token_may_be_the_last_item_and_more_results_a_member(model: AwsModel) -> None:
    changed = {"output_token": "imageIds[-1].imageTag", "more_results": "nextToken"}
    found = operation(built(model, paginators=paginator(**changed)), "ListImages").pagination
    assert found is not None
    assert (found.output_token, found.more) == ("image_ids[-1].image_tag", "next_token")


def test_a_response_with_a_token_but_without_one_list_does_not_page(
    model: AwsModel,
) -> None:
    service = built(model, paginators={})
    assert operation(service, FINDINGS).pagination is None
    assert (
        f"{FINDINGS}: it pages, but is called page by page: its response does not have one list: "
        "none"
    ) in service.omissions


# -- waiters --------------------------------------------------------------------------------------


def waiter(*acceptors: dict[str, Any]) -> dict[str, Any]:
    found = {"operation": FINDINGS, "delay": 7, "maxAttempts": 9, "acceptors": acceptors}
    return {"FindingsThere": found}


def acceptor(expected: object, state: str, matcher: str = "path") -> dict[str, Any]:
    path = {"argument": "imageScanStatus.status"} if matcher.startswith("path") else {}
    return {"matcher": matcher, "expected": expected, "state": state, **path}


def test_a_waiter_is_rendered_with_its_acceptors(model: AwsModel) -> None:
    service = built(
        model,
        waiters=waiter(
            acceptor("COMPLETE", "success"),
            acceptor("ACTIVE", "success"),
            acceptor("ScanNotFoundException", "retry", "error"),
        ),
    )
    text = waiters.render(service).replace("from .operations", "from ecrclient.operations")
    module: dict[str, Any] = {}
    exec(text, module)
    made = module["FINDINGS_THERE"]
    assert made.operation is DESCRIBE_IMAGE_SCAN_FINDINGS
    assert (made.min_delay, made.max_delay) == (7, 30)
    # Records are compared by identity.
    assert repr(made.acceptors) == repr(
        (
            Acceptor("success", "path", ("COMPLETE", "ACTIVE"), "image_scan_status.status"),
            Acceptor("retry", "error", ("ScanNotFoundException",)),
        )
    )


@pytest.mark.parametrize(
    ("argument", "path"),
    [
        ("repositoryName", "repository_name"),
        ("imageScanFindings.findings[].severity", "image_scan_findings.findings[].severity"),
        ("imageScanFindings.findings[-1].severity", "image_scan_findings.findings[-1].severity"),
        ("imageScanFindings.findings[*].severity", ""),
        ("imageScanFindings.findings.severity", ""),
        ("imageScanFindings[].findings", ""),
        ("imageScanFindings.findingSeverityCounts.HIGH", ""),
        ("length(imageScanFindings.findings)", ""),
        ("noSuchMember", ""),
    ],
)
def test_a_condition_is_about_a_path_or_else_an_expression(
    model: AwsModel, argument: str, path: str
) -> None:
    service = built(
        model, waiters=waiter(acceptor("x", "success", "pathAny") | {"argument": argument})
    )
    (found,) = service.waiters[0].acceptors
    assert (found.path, found.expression) == (path, "" if path else argument)


def test_a_condition_on_every_item_has_one_value(model: AwsModel) -> None:
    service = built(
        model,
        waiters=waiter(acceptor("x", "success", "pathAll"), acceptor("y", "success", "pathAll")),
    )
    assert [found.expected for found in service.waiters[0].acceptors] == [("x",), ("y",)]


def test_a_waiter_with_an_unknown_matcher_is_omitted_and_reported(model: AwsModel) -> None:
    service = built(model, waiters=waiter(acceptor("x", "success", "inputOutput")))
    assert service.waiters == ()
    reason = "waiter FindingsThere: it uses inputOutput, which is not generated"
    assert reason in service.omissions


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

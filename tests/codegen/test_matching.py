"""Matching the endpoints of the spec to operations."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from codegen import aws_model, lap
from codegen.aws_model import AwsModel
from codegen.matching import MatchError, Signature, match
from codegen.overlay import Overlay
from codegen.reconcile import Reconciled, reconcile
from tests.codegen.project import OVERLAY, ROOT


def signature(label: str, inputs: str = "", outputs: str = "", *, required: str = "") -> Signature:
    """Members are separated by spaces; all are strings."""
    return Signature(
        label,
        dict.fromkeys(inputs.split(), "str"),
        dict.fromkeys(outputs.split(), "str"),
        frozenset(required.split()),
    )


def test_a_match_keeps_the_order_and_skips_newer_operations() -> None:
    matched = match(
        [signature("first", "name", "id"), signature("second", "name token", "names token")],
        [
            signature("Create", "name", "id"),
            signature("Destroy", "id", "status"),
            signature("List", "name token", "names token"),
        ],
    )
    assert matched.operations == ("Create", "List")
    assert (matched.distance, matched.runner_up) == (0, None)


def test_the_nearest_operation_is_taken_and_the_runner_up_reported() -> None:
    endpoint = signature("only", "name", "id")
    operations = [
        signature("Create", "name", "id"),
        signature("CreateMany", "name count", "id more"),
    ]
    for order in (operations, operations[::-1]):
        matched = match([endpoint], order)
        assert matched.operations == ("Create",)
        assert (matched.distance, matched.runner_up) == (0, 2)


@pytest.mark.parametrize(
    "other",
    [
        signature("Other", "name more", "id"),
        signature("Other", "name", "id more"),
        signature("Other", "name", "id", required="name"),
        Signature("Other", {"name": "int"}, {"id": "str"}, frozenset()),
        Signature("Other", {"name": "str"}, {"id": "[str]"}, frozenset()),
    ],
    ids=["input member", "output member", "requiredness", "input type", "output type"],
)
def test_each_kind_of_difference_counts_once(other: Signature) -> None:
    assert signature("endpoint", "name", "id").distance(other) == 1


def test_operations_with_equal_signatures_are_distinguished_by_order() -> None:
    shared = ("name", "policy")
    matched = match(
        [signature("first", *shared), signature("between", "id"), signature("last", *shared)],
        [signature("DeletePolicy", *shared), signature("Find", "id"), signature("Get", *shared)],
    )
    assert matched.operations == ("DeletePolicy", "Find", "Get")


def test_an_ambiguous_match_is_refused_with_the_candidates() -> None:
    shared = ("name", "policy")
    with pytest.raises(MatchError) as refused:
        match(
            [signature("spec:3", "id"), signature("spec:7", *shared)],
            [
                signature("Find", "id"),
                signature("DeletePolicy", *shared),
                signature("GetPolicy", *shared),
            ],
        )
    assert str(refused.value).splitlines() == [
        "2 assignments of endpoints to operations are equally good:",
        "  spec:7 (name): candidates DeletePolicy, GetPolicy",
        "decide in the overlay: [[match]] names an operation, [[skip]] omits an endpoint",
    ]


@pytest.mark.parametrize(
    "operations",
    [
        [signature("Find", "id"), signature("Create", "name", "id")],
        [signature("Create", "name", "id"), signature("Drop", "id", "status", required="id")],
        [signature("Create", "name", "id")],
    ],
    ids=["the other order", "a missing member", "too few operations"],
)
def test_endpoints_that_fit_no_operation_in_order_are_refused(operations: list[Signature]) -> None:
    endpoints = [signature("spec:3", "name", "id"), signature("spec:7", "id", "found")]
    with pytest.raises(MatchError) as refused:
        match(endpoints, operations)
    first, *lines = str(refused.value).splitlines()
    assert first == "the endpoints cannot be matched to the model's operations in order:"
    assert "  spec:7 (id): candidates none" in lines


def test_an_operation_is_matched_to_one_endpoint_only() -> None:
    twice = [signature("spec:3", "name", "id"), signature("spec:7", "name", "id")]
    with pytest.raises(MatchError, match="cannot be matched"):
        match(twice, [signature("Create", "name", "id")])


def test_a_model_without_operations_is_refused() -> None:
    with pytest.raises(MatchError, match="spec:3"):
        match([signature("spec:3", "name")], [])


def test_operations_of_the_service_are_distinguished_by_order(
    model: AwsModel, document: lap.Document
) -> None:
    """These two have equal members and are distinguished only by their neighbours."""
    overlay = Overlay.load(ROOT / OVERLAY, model)
    matched = reconcile(document, model, overlay, package="ecrclient").match
    assert len(matched.operations) == 49
    assert list(matched.operations) == sorted(matched.operations)
    deleted, read = (
        document.endpoints[matched.operations.index(f"{verb}LifecyclePolicy")]
        for verb in ("Delete", "Get")
    )
    assert (deleted.desc or "").startswith("Deletes the lifecycle policy")
    assert (read.desc or "").startswith("Retrieves the lifecycle policy")
    assert [m.name for m in deleted.required] == [m.name for m in read.required]


# -- decisions of the overlay ---------------------------------------------------------------------

AMBIGUOUS = """\
@lap v0.3
@api AWS Secrets Manager
@endpoints 2

@endpoint POST /
@required {SecretId: str}
@optional {ClientRequestToken: str}
@returns(200) {ARN: str?, Name: str?, VersionId: str?}

@endpoint POST /
@required {SecretName: str}
@returns(200) {Color: int?, Shape: Circle?}

@end
"""
GONE = """
[[skip]]
endpoint = 2
why = "The service no longer has it."
"""


def decided(tmp_path: Path, text: str) -> Reconciled:
    path = tmp_path / "overlay.toml"
    path.write_text(text, encoding="utf-8")
    secrets = aws_model.load("secretsmanager")
    overlay = Overlay.load(path, secrets)
    return reconcile(lap.parse(AMBIGUOUS), secrets, overlay, package="secrets")


def test_an_endpoint_that_the_overlay_matches_and_one_that_it_skips(tmp_path: Path) -> None:
    with pytest.raises(MatchError, match=r"endpoint 2 .*candidates none"):
        decided(tmp_path, "")
    with pytest.raises(MatchError, match=r"endpoint 1 .*: candidates .*UpdateSecret"):
        decided(tmp_path, GONE)
    matched = '[[match]]\nendpoint = 1\noperation = "UpdateSecret"\nwhy = "By its description."\n'
    found = decided(tmp_path, matched + GONE)
    assert found.match.operations == ("UpdateSecret",)
    [skipped] = [difference for difference in found.differences if difference.kind == "endpoint"]
    assert (skipped.where, skipped.spec, skipped.model) == ("endpoint 2", "SecretName", "skipped")
    assert (skipped.rule.name, skipped.rule.text) == (
        "overlay: skipped",
        "The service no longer has it.",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GONE.replace("= 2", "= 3"), "[[skip]] 3: the spec has 2 endpoints"),
        (GONE.replace("= 2", '= "2"'), ":2: [[skip]] entry 1: wrong or missing: endpoint"),
        (
            '[[match]]\nendpoint = 1\noperation = "Gone"\nwhy = "Because."\n',
            ":1: [[match]] Gone: the model has no such name",
        ),
    ],
)
def test_a_decision_about_no_endpoint_or_operation_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    matched = '[[match]]\nendpoint = 1\noperation = "UpdateSecret"\nwhy = "Because."\n'
    with pytest.raises(ValueError, match=re.escape(message)):
        decided(tmp_path, text if "match" in text else text + GONE + matched)

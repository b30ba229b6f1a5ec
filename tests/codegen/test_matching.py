"""Which endpoint of the spec is which operation."""

from __future__ import annotations

import pytest

from codegen import lap
from codegen.aws_model import AwsModel
from codegen.matching import MatchError, Signature, match
from codegen.overlay import Overlay
from codegen.reconcile import reconcile
from tests.codegen.project import OVERLAY, ROOT


def signature(label: str, inputs: str = "", outputs: str = "", *, required: str = "") -> Signature:
    """Members are named one by one with a space between; all are texts."""
    return Signature(
        label,
        dict.fromkeys(inputs.split(), "str"),
        dict.fromkeys(outputs.split(), "str"),
        frozenset(required.split()),
    )


def test_a_match_keeps_the_order_and_leaves_out_what_is_newer() -> None:
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


def test_the_nearest_operation_is_taken_and_the_next_best_is_told() -> None:
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


def test_pairs_that_share_a_signature_are_told_apart_by_their_order() -> None:
    shared = ("name", "policy")
    matched = match(
        [signature("first", *shared), signature("between", "id"), signature("last", *shared)],
        [signature("DeletePolicy", *shared), signature("Find", "id"), signature("Get", *shared)],
    )
    assert matched.operations == ("DeletePolicy", "Find", "Get")


def test_two_assignments_that_are_equally_good_are_refused_with_the_candidates() -> None:
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
    ]


@pytest.mark.parametrize(
    "operations",
    [
        [signature("Find", "id"), signature("Create", "name", "id")],
        [signature("Create", "name", "id"), signature("Drop", "id", "status", required="id")],
        [signature("Create", "name", "id")],
    ],
    ids=["the other order", "a member that is gone", "too few operations"],
)
def test_endpoints_that_fit_nothing_in_order_are_refused(operations: list[Signature]) -> None:
    endpoints = [signature("spec:3", "name", "id"), signature("spec:7", "id", "found")]
    with pytest.raises(MatchError) as refused:
        match(endpoints, operations)
    first, *lines = str(refused.value).splitlines()
    assert first == "the endpoints cannot be matched to the model's operations in order:"
    assert "  spec:7 (id): candidates none" in lines


def test_an_operation_is_given_to_one_endpoint_only() -> None:
    twice = [signature("spec:3", "name", "id"), signature("spec:7", "name", "id")]
    with pytest.raises(MatchError, match="cannot be matched"):
        match(twice, [signature("Create", "name", "id")])


def test_no_operations_at_all_are_refused() -> None:
    with pytest.raises(MatchError, match="spec:3"):
        match([signature("spec:3", "name")], [])


def test_the_service_has_pairs_that_only_their_order_tells_apart(
    model: AwsModel, document: lap.Document
) -> None:
    """Without their neighbours these two cannot be told apart; with them they are."""
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

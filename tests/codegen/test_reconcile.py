"""Comparing the spec with the model: recorded differences, and errors with their positions."""

from __future__ import annotations

import dataclasses

import pytest

from codegen import lap
from codegen.aws_model import AwsModel
from codegen.differences import Difference
from codegen.overlay import Overlay
from codegen.reconcile import ReconcileError, lap_spelling, reconcile
from tests.codegen.project import OVERLAY, ROOT, SPEC


@pytest.fixture(scope="module")
def overlay(model: AwsModel) -> Overlay:
    return Overlay.load(ROOT / OVERLAY, model)


def respelled(old: str, new: str) -> lap.Document:
    """The spec with the first occurrence of *old* replaced."""
    text = (ROOT / SPEC).read_bytes().decode("utf-8")
    assert old in text
    return lap.parse(text.replace(old, new, 1), file="spec.lap")


def added(document: lap.Document, model: AwsModel, overlay: Overlay) -> set[Difference]:
    """The differences that the unchanged spec does not have."""
    spec = lap.parse((ROOT / SPEC).read_bytes().decode("utf-8"))
    before, after = (
        set(reconcile(one, model, overlay, package="ecrclient").differences)
        for one in (spec, document)
    )
    assert not before - after
    return after - before


def test_an_undecided_contradiction_stops_the_build(
    model: AwsModel, document: lap.Document
) -> None:
    with pytest.raises(ReconcileError) as refused:
        reconcile(document, model, Overlay(), package="ecrclient")
    assert str(refused.value) == (
        "UpdatePullThroughCacheRuleRequest.credentialArn is required in the spec and optional in "
        "the model: settle it in the overlay's [[required]]"
    )


def test_a_member_that_only_the_model_requires_stops_the_build(
    model: AwsModel, overlay: Overlay
) -> None:
    changed = respelled(
        "@required {repositoryName: str, layerDigests: [str]}", "@required {repositoryName: str}"
    )
    with pytest.raises(ReconcileError) as refused:
        reconcile(changed, model, overlay, package="ecrclient")
    assert str(refused.value) == (
        "BatchCheckLayerAvailabilityRequest.layerDigests is required only in the model: settle it "
        "in the overlay's [[required]]"
    )


def test_a_member_that_the_model_lacks_stops_the_build_with_its_position(
    model: AwsModel, overlay: Overlay
) -> None:
    body = "image: Image?{"
    changed = respelled(body, body + "goneMember: str, ")
    with pytest.raises(ReconcileError) as refused:
        reconcile(changed, model, overlay, package="ecrclient")
    text = changed.to_text()
    before = text[: text.index("goneMember")]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    assert str(refused.value) == (
        f"spec.lap:{line}:{column}: Image.goneMember: the model has no such member"
    )


def test_a_decision_on_which_the_sources_agree_stops_the_build(
    model: AwsModel, document: lap.Document, overlay: Overlay
) -> None:
    (decision,) = overlay.required.values()
    idle = {**overlay.required, "ListImagesRequest.repositoryName": decision}
    with pytest.raises(ReconcileError) as refused:
        reconcile(document, model, dataclasses.replace(overlay, required=idle), package="ecrclient")
    assert str(refused.value) == (
        f"{overlay.path}: [[required]] ListImagesRequest.repositoryName: the sources agree on it"
    )


@pytest.mark.parametrize(
    ("old", "new", "where", "kind", "spelled"),
    [
        (
            "@returns(200) {layers: [Layer]?, ",
            "@returns(200) {layers: [Layer], ",
            "BatchCheckLayerAvailability.layers",
            "nullability",
            ("not nullable", "optional"),
        ),
        (
            "layerDigests: [str]}\n@optional {registryId: str}",
            "layerDigests: [str]}\n@optional {registryId: map{id: str}}",
            "BatchCheckLayerAvailability.registryId",
            "input type",
            ("map", "str"),
        ),
        (
            "layerDigests: [str]}\n@optional {registryId: str}",
            "layerDigests: [str]}\n@optional {registryId: int}",
            "BatchCheckLayerAvailability.registryId",
            "input type",
            ("int", "str"),
        ),
    ],
)
def test_a_difference_that_a_rule_settles_is_recorded(
    model: AwsModel,
    overlay: Overlay,
    old: str,
    new: str,
    where: str,
    kind: str,
    spelled: tuple[str, str],
) -> None:
    (found,) = added(respelled(old, new), model, overlay)
    assert (found.where, found.kind, (found.spec, found.model)) == (where, kind, spelled)


def test_only_successful_responses_are_compared(model: AwsModel, overlay: Overlay) -> None:
    success = "@returns(200) {layers: [Layer]?, "
    changed = respelled(success, "@returns(404) {goneMember: str}\n" + success)
    assert not added(changed, model, overlay)


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("str?", "str"),
        ("int(i64)", "int(i64)"),
        ("[Tag{key: str}]", "[Tag]"),
        ("map{key: str}", "map"),
        ("map<str,[int]>?", "map<str,[int]>"),
        ("enum(ON/OFF)", "str"),
        ("str(ON/OFF)", "str"),
    ],
)
def test_a_type_is_compared_without_its_mark_for_null(written: str, spelled: str) -> None:
    spec = (
        f"@lap v0.3\n@api A\n@endpoints 1\n\n@endpoint POST /\n@required {{m: {written}}}\n\n@end"
    )
    (endpoint,) = lap.parse(spec).endpoints
    (member,) = endpoint.required
    assert lap_spelling(member.type) == spelled

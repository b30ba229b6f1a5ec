"""The differences between a preview and ECR's preview."""

from __future__ import annotations

import pytest

from ecrclient.lifecycle import (
    LifecyclePolicy,
    PreviewDifference,
    ServiceComparison,
    archive_after,
    expire_after,
    keep_last,
)
from ecrclient.lifecycle.comparison import compare_results
from ecrclient.models import LifecyclePolicyPreviewResult, LifecyclePolicyRuleAction
from tests.ecr.lifecycle.repositories import NOW, ago, image

POLICY = LifecyclePolicy.of(
    expire_after(5, tags=["v*"]), archive_after(5, tags=["w*"]), keep_last(9, tags="any")
)
IMAGES = [
    image("A", "v1", pushed=9),
    image("B", "w1", pushed=8),
    image("C", "x1", pushed=7),
]
EXPIRE = ("EXPIRE", None)
ARCHIVE = ("TRANSITION", "ARCHIVE")


def result(digest: str, action: tuple[str, str | None], rule: int) -> LifecyclePolicyPreviewResult:
    kind, target = action
    return LifecyclePolicyPreviewResult(
        image_digest=digest,
        image_tags=["tag"],
        image_pushed_at=ago(9),
        action=LifecyclePolicyRuleAction(type=kind, target_storage_class=target),
        applied_rule_priority=rule,
    )


def compare(*results: LifecyclePolicyPreviewResult) -> ServiceComparison:
    return compare_results(POLICY.preview(IMAGES, now=NOW).images, results)


def test_equal_previews_agree() -> None:
    found = compare(result("B", ARCHIVE, 2), result("A", EXPIRE, 1))
    assert (found.agrees, found.compared, found.differences) == (True, 2, ())


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([result("B", ARCHIVE, 2)], ("only_here", "A", ("v1",), None, None)),
        (
            [result("A", EXPIRE, 1), result("B", ARCHIVE, 2), result("C", EXPIRE, 3)],
            ("only_in_service", "C", ("x1",), "expire", 3),
        ),
        (
            [result("A", EXPIRE, 1), result("B", ARCHIVE, 2), result("D", EXPIRE, 3)],
            ("only_in_service", "D", ("tag",), "expire", 3),
        ),
        (
            [result("A", ARCHIVE, 1), result("B", ARCHIVE, 2)],
            ("other_action", "A", ("v1",), "archive", 1),
        ),
        (
            [result("A", ("TRANSITION", "FROZEN"), 1), result("B", ARCHIVE, 2)],
            ("other_action", "A", ("v1",), "transition frozen", 1),
        ),
        (
            [result("A", EXPIRE, 1), result("B", ARCHIVE, 3)],
            ("other_rule", "B", ("w1",), "archive", 3),
        ),
    ],
)
def test_a_difference(
    results: list[LifecyclePolicyPreviewResult],
    expected: tuple[str, str, tuple[str, ...], str | None, int | None],
) -> None:
    found = compare(*results)
    (one,) = found.differences
    assert not found.agrees
    assert (one.kind, one.digest, one.tags, one.service_action, one.service_rule) == expected
    assert one.here == (None if one.digest == "D" else outcome(one))


def outcome(difference: PreviewDifference) -> object:
    return POLICY.preview(IMAGES, now=NOW).outcome_of(difference.digest)

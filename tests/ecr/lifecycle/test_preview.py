"""Previews: reasons, undetermined images, and what the outcomes rest on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ecrclient import RequestValidationError
from ecrclient.lifecycle import (
    ASSUMPTIONS,
    LifecycleImage,
    LifecyclePolicy,
    LifecyclePolicyError,
    LifecyclePreview,
    LifecycleRule,
    archive_after,
    expire_after,
    expire_archived_after,
    keep_last,
)
from ecrclient.models import DescribeImagesResponse, ImageDetail
from tests.ecr.lifecycle.repositories import NOW, Members, ago, image

KEEP_ONE = keep_last(1, tags="any")


def preview(
    rules: LifecycleRule | Sequence[LifecycleRule],
    *images: Any,
    children: Mapping[str, Sequence[str]] | None = None,
) -> LifecyclePreview:
    policy = LifecyclePolicy.of(*([rules] if isinstance(rules, LifecycleRule) else rules))
    return policy.preview(images, now=NOW, children=children)


def outcomes(found: LifecyclePreview) -> dict[str, str]:
    return {one.digest: one.outcome for one in found.images}


def assumptions(found: LifecyclePreview) -> dict[str, tuple[str, ...]]:
    return {one.digest: one.assumptions for one in found.images if one.assumptions}


class TestReasons:
    def test_the_age_and_the_limit(self) -> None:
        (one,) = preview(expire_after(14, tags="any"), image("A", "v1", pushed=20)).expiring
        assert (one.rule, one.limit, one.age, one.counted_from) == (1, 14, timedelta(20), "pushed")
        assert one.reason == "Rule 1 selects the image: pushed 20.00 days ago, limit 14 days."

    def test_the_rank_and_the_limit(self) -> None:
        found = preview(KEEP_ONE, image("A", pushed=3), image("B", pushed=2), image("C", pushed=1))
        assert [one.rank for one in found.images] == [3, 2, 1]
        assert found.images[0].reason == (
            "Rule 1 selects the image: number 3 from the newest, keeps 1."
        )

    def test_the_owner_and_the_other_rules_that_select_an_image(self) -> None:
        rules = [keep_last(5, tags=["v*"]), expire_after(1, tags=["*"]), KEEP_ONE]
        found = preview(rules, image("A", "v1", pushed=9), image("B", "x", pushed=8))
        assert [(one.rule, one.selected_by) for one in found.images] == [
            (1, (1, 2, 3)),
            (2, (2, 3)),
        ]
        assert [(one.selected, one.owned, one.acts_on) for one in found.rules] == [
            (1, 1, 0),
            (2, 1, 1),
            (2, 0, 0),
        ]

    def test_an_image_that_no_rule_selects(self) -> None:
        (one,) = preview(keep_last(1, tags=["v*"]), image("A", "x", pushed=9)).images
        assert (one.outcome, one.rule, one.reason) == ("keep", None, "No rule selects the image.")

    def test_a_protected_image(self) -> None:
        found = preview(
            expire_after(1, tags="untagged"),
            image("A", pushed=9),
            image("L", "v1", pushed=8, is_index=True),
            children={"L": ["A"]},
        )
        (one,) = found.protected
        assert (one.digest, one.action, one.protected_by) == ("A", "expire", ("L",))
        assert one.reason == (
            "Rule 1 selects the image: pushed 9.00 days ago, limit 1 days, but L lists the image."
        )

    def test_a_reference_artifact(self) -> None:
        found = preview(
            expire_after(1, tags=["v*"]),
            image("A", "v1", pushed=9),
            image("S", pushed=8, subject="A"),
        )
        (one,) = found.following
        assert (one.digest, one.action, one.subject) == ("S", "expire", "A")
        assert one.reason == "ECR will expire it with its subject, A."

    def test_images_by_tag_and_by_digest(self) -> None:
        found = preview(KEEP_ONE, image("A", "v1", pushed=9))
        assert found.outcome_of("v1") is found.outcome_of("A") is found.images[0]
        with pytest.raises(LookupError, match="'v2'"):
            found.outcome_of("v2")

    def test_archived_images_by_the_time_of_the_archival(self) -> None:
        found = preview(expire_archived_after(90, tags="any"), image("A", pushed=400, archived=95))
        (one,) = found.expiring
        assert (one.counted_from, one.age, one.storage_class) == (
            "archived",
            timedelta(95),
            "archive",
        )

    def test_json(self) -> None:
        found = preview(expire_after(14, tags="any"), image("A", "v1", pushed=20))
        document = json.loads(found.to_json())
        assert document["now"] == "2026-05-06T07:08:09Z"
        assert document["images"][0]["age"] == "P20D"
        assert document["images"][0]["outcome"] == "expire"
        assert document["rules"][0]["acts_on"] == 1


class TestMissingMembers:
    """Nothing is invented: an image is undetermined if what decides about it was not sent."""

    def test_no_push_time(self) -> None:
        found = preview(expire_after(1, tags="any"), image("A", pushed=None))
        (one,) = found.undetermined
        assert (one.missing, one.age, one.rule) == (("image_pushed_at",), None, 1)
        assert one.reason == "ECR did not send image_pushed_at."

    def test_no_push_time_although_the_last_pull_decides(self) -> None:
        found = preview(archive_after(30, tags="any"), image("A", pushed=None, pulled=40))
        assert outcomes(found) == {"A": "archive"}

    def test_no_time_of_the_archival(self) -> None:
        archived = {**image("A", pushed=400), "imageStatus": "ARCHIVED"}
        (one,) = preview(expire_archived_after(90, tags="any"), archived).undetermined
        assert one.missing == ("last_archived_at",)

    def test_an_image_without_a_push_time_makes_ranks_uncertain(self) -> None:
        images = [image(name, pushed=days) for name, days in zip("ABCD", (4, 3, 2, 1), strict=True)]
        found = preview(keep_last(2, tags="any"), *images, image("X", pushed=None))
        assert outcomes(found) == {
            "A": "expire",
            "B": "expire",
            "C": "undetermined",
            "D": "keep",
            "X": "undetermined",
        }
        assert found.outcome_of("C").missing == ("image_pushed_at of X",)

    def test_an_unknown_status(self) -> None:
        frozen = {**image("A", pushed=9), "imageStatus": "FROZEN"}
        rules = [keep_last(1, tags=["v*"]), expire_after(1, tags="any")]
        (one,) = preview(rules, frozen).undetermined
        assert (one.missing, one.storage_class) == (("image_status",), None)

    def test_an_unknown_status_of_an_image_that_an_earlier_rule_cannot_select(self) -> None:
        frozen = {**image("A", "x", pushed=9), "imageStatus": "FROZEN"}
        assert outcomes(preview(keep_last(1, tags=["v*"]), frozen)) == {"A": "keep"}

    def test_an_unknown_status_makes_ranks_uncertain(self) -> None:
        frozen = {**image("X", pushed=9), "imageStatus": "FROZEN"}
        found = preview(KEEP_ONE, frozen, image("A", pushed=5), image("B", pushed=4))
        assert outcomes(found) == {"X": "undetermined", "A": "expire", "B": "undetermined"}
        assert found.outcome_of("B").missing == ("image_status of X",)

    def test_no_status_and_no_archival(self) -> None:
        bare = {"image_digest": "A", "image_pushed_at": ago(9)}
        found = preview(expire_after(1, tags="any"), bare)
        assert outcomes(found) == {"A": "expire"}
        assert "status_not_sent" in found.assumptions

    def test_no_status_of_an_image_that_was_archived_once(self) -> None:
        bare = {"image_digest": "A", "image_pushed_at": ago(9), "last_archived_at": ago(3)}
        assert outcomes(preview(expire_after(1, tags="any"), bare)) == {"A": "undetermined"}

    def test_a_response_that_lacks_the_push_time(self) -> None:
        # As the client returns it: reading the missing member raises an error.
        detail = ImageDetail.model_construct(image_digest="A", image_status="ACTIVE")
        assert outcomes(preview(expire_after(1, tags="any"), detail)) == {"A": "undetermined"}


class TestAssumptions:
    """What AWS does not document is labelled where an outcome rests on it, and only there."""

    def test_equal_times_at_the_limit(self) -> None:
        images = [image(name, pushed=5) for name in "AB"]
        found = preview(KEEP_ONE, *images, image("C", pushed=9))
        assert outcomes(found) == {"C": "expire", "A": "expire", "B": "keep"}
        assert assumptions(found) == {"A": ("equal_times",), "B": ("equal_times",)}

    def test_equal_times_elsewhere(self) -> None:
        found = preview(KEEP_ONE, *(image(name, pushed=5) for name in "AB"), image("C", pushed=1))
        assert assumptions(found) == {}

    @pytest.mark.parametrize(("pushed", "labelled"), [(13.5, True), (14.5, True), (12.5, False)])
    def test_less_than_a_day_from_the_limit(self, pushed: float, labelled: bool) -> None:
        found = preview(expire_after(14, tags="any"), image("A", pushed=pushed))
        assert ("day_boundary" in found.assumptions) == labelled

    def test_indexes_that_were_not_read(self) -> None:
        images = [image("A", pushed=9), image("L", "v1", pushed=8, is_index=True)]
        found = preview(expire_after(1, tags="any"), *images)
        assert assumptions(found) == {"A": ("indexes_unknown",)}
        assert assumptions(preview(expire_after(1, tags="any"), *images, children={"L": []})) == {}

    def test_an_index_may_be_listed_by_another_index(self) -> None:
        images = [image(name, pushed=9, is_index=True) for name in "LM"]
        found = preview(expire_after(1, tags="any"), *images, children={"L": []})
        assert assumptions(found) == {"L": ("indexes_unknown",)}

    def test_protected_images_are_counted(self) -> None:
        images = [image(name, pushed=days) for name, days in zip("ABC", (9, 8, 7), strict=True)]
        index = image("L", "v1", pushed=1, is_index=True)
        found = preview(keep_last(2, tags="untagged"), *images, index, children={"L": ["C"]})
        assert outcomes(found) == {"A": "expire", "B": "keep", "C": "keep", "L": "keep"}
        assert assumptions(found) == {"A": ("protected_counted",)}

    def test_an_index_that_expires_too(self) -> None:
        found = preview(
            expire_after(1, tags="any"),
            image("A", pushed=9),
            image("L", pushed=8, is_index=True),
            children={"L": ["A"]},
        )
        assert outcomes(found) == {"A": "protected", "L": "expire"}
        assert assumptions(found) == {"A": ("protected_listed", "children_later")}

    def test_an_archived_index(self) -> None:
        images = [image("A", pushed=30), image("L", pushed=30, archived=2, is_index=True)]
        expired = preview(expire_after(1, tags="any"), *images, children={"L": ["A"]})
        assert outcomes(expired) == {"A": "protected", "L": "keep"}
        assert assumptions(expired) == {"A": ("protected_listed", "archived_index")}
        archived = preview(archive_after(1, tags="any"), *images, children={"L": ["A"]})
        assert outcomes(archived) == {"A": "archive", "L": "keep"}
        assert archived.archiving == (archived.outcome_of("A"),)
        assert assumptions(archived) == {"A": ("recorded_pulls", "archived_index")}

    def test_reference_artifacts_are_selected_and_counted(self) -> None:
        images = [image("A", "v1", pushed=9), image("S", pushed=8, subject="A")]
        found = preview(KEEP_ONE, *images)
        assert outcomes(found) == {"A": "expire", "S": "follow"}
        assert assumptions(found) == {"A": ("referrers_counted",), "S": ("referrers_counted",)}
        found = preview(expire_after(1, tags="untagged"), *images)
        assert outcomes(found) == {"A": "keep", "S": "expire"}
        assert assumptions(found) == {"S": ("referrers_counted",)}

    def test_protected_images_and_artifacts_that_matter_only_together(self) -> None:
        images = [
            image("A", pushed=9),
            image("B", pushed=8),
            image("S", pushed=7, subject="L"),
            image("L", "v1", pushed=1, is_index=True),
        ]
        found = preview(keep_last(1, tags="untagged"), *images, children={"L": ["B"]})
        assert assumptions(found)["A"] == ("protected_counted", "referrers_counted")

    def test_pulls(self) -> None:
        rule = archive_after(30, tags="any")
        found = preview(rule, image("A", pushed=40), image("B", pushed=40, pulled=10))
        assert assumptions(found) == {"A": ("recorded_pulls",)}

    def test_a_pull_before_the_push(self) -> None:
        found = preview(archive_after(30, tags="any"), image("A", pushed=10, pulled=40))
        assert outcomes(found) == {"A": "archive"}
        assert assumptions(found) == {"A": ("pulled_before_push", "recorded_pulls")}

    def test_the_age_of_a_restored_image(self) -> None:
        restored = image("A", pushed=400, archived=100, restored=10)
        found = preview(expire_after(30, tags="any"), restored)
        assert outcomes(found) == {"A": "keep"}
        assert assumptions(found) == {"A": ("restored_age",)}
        assert assumptions(preview(expire_after(5, tags="any"), restored)) == {}

    def test_an_image_that_is_being_restored(self) -> None:
        coming = {**image("A", pushed=400), "imageStatus": "ACTIVATING"}
        rules = [expire_after(30, tags="untagged"), expire_archived_after(90, tags="any")]
        found = preview(rules, coming)
        assert (outcomes(found), assumptions(found)) == ({"A": "keep"}, {"A": ("restoring",)})
        assert assumptions(preview(keep_last(1, tags=["v*"]), coming)) == {}

    def test_every_code_is_described(self) -> None:
        assert list(ASSUMPTIONS) == sorted(ASSUMPTIONS)
        assert all(text.endswith(".") for text in ASSUMPTIONS.values())


class TestArguments:
    DETAIL = ImageDetail(
        registry_id="123456789012",
        repository_name="team/app",
        image_digest="A",
        image_pushed_at=ago(9),
        image_tags=["v1"],
    )

    @pytest.mark.parametrize(
        "item",
        [
            DETAIL,
            DescribeImagesResponse(image_details=[DETAIL]),
            {"image_digest": "A", "image_pushed_at": ago(9), "image_tags": ["v1"]},
            {"imageDigest": "A", "imagePushedAt": ago(9).isoformat(), "imageTags": ["v1"]},
            {"imageDigest": "A", "imagePushedAt": ago(9).timestamp(), "imageTags": ("v1",)},
            LifecycleImage(digest="A", pushed_at=ago(9), tags=("v1",)),
        ],
    )
    def test_images_in_several_forms(self, item: Any) -> None:
        (one,) = preview(expire_after(1, tags=["v*"]), item).expiring
        assert (one.digest, one.tags, one.pushed_at) == ("A", ("v1",), ago(9))

    def test_an_image_that_is_listed_repeatedly_counts_once(self) -> None:
        found = preview(KEEP_ONE, image("A", pushed=9), image("A", "v1", pushed=9))
        assert [one.tags for one in found.images] == [("v1",)]

    @pytest.mark.parametrize(
        ("images", "problem"),
        [
            ("sha256:0", "must be a list of images, not an object of type str"),
            ({"image_digest": "A"}, "must be a list of images, not an object of type dict"),
            (None, "must be a list of images, not an object of type NoneType"),
            ([None], "must be images, not an object of type NoneType"),
            ([{"image_tags": ["v1"]}], "imageDigest: Field required"),
            ([{"image_digest": "A", "image_pushed_at": datetime(2026, 1, 1)}], "image_pushed_at: "),  # noqa: DTZ001
            ([ImageDetail.model_construct()], "an image has no image_digest"),
        ],
    )
    def test_what_is_not_an_image_is_refused(self, images: Any, problem: str) -> None:
        with pytest.raises(RequestValidationError, match=r"preview: image_details: ") as refused:
            LifecyclePolicy.of(KEEP_ONE).preview(images)
        assert problem in str(refused.value)

    def test_a_time_without_a_time_zone_is_refused(self) -> None:
        wrong: Any
        for wrong in (datetime(2026, 1, 1), "2026-01-01"):  # noqa: DTZ001
            with pytest.raises(RequestValidationError, match="preview: now: must"):
                LifecyclePolicy.of(KEEP_ONE).preview([], now=wrong)

    def test_children_that_are_not_a_mapping_are_refused(self) -> None:
        wrong: Any = ["A"]
        with pytest.raises(RequestValidationError, match="preview: children: must be a mapping"):
            LifecyclePolicy.of(KEEP_ONE).preview([], children=wrong)

    def test_a_policy_that_ecr_would_refuse_is_not_evaluated(self) -> None:
        with pytest.raises(LifecyclePolicyError, match="a policy needs a rule"):
            LifecyclePolicy(rules=[]).preview([])

    def test_the_current_time_is_the_default(self) -> None:
        members: Members = {"image_digest": "A", "image_pushed_at": datetime.now(UTC)}
        found = LifecyclePolicy.of(expire_after(1, tags="any")).preview([members])
        assert abs(found.now - datetime.now(UTC)) < timedelta(minutes=5)
        assert outcomes(found) == {"A": "keep"}

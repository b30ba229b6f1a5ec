"""Evaluation of lifecycle policies by the in-memory ECR: which images they expire and archive.

The evaluator is that of ``ecrclient.lifecycle``, which has more tests. The examples are those of
"Examples of lifecycle policies in Amazon ECR". The property test is a second implementation of the
evaluation rules in "Automate the cleanup of images by using lifecycle policies in Amazon ECR": it
decides about each image separately.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecrclient.lifecycle import (
    LifecycleAction,
    LifecyclePolicy,
    LifecycleRule,
    LifecycleSelection,
    archive_after,
    expire_after,
    expire_archived_after,
    keep_last,
)
from ecrclient.models import EncryptionConfiguration
from ecrclient.testing.resources.lifecycle_evaluation import decide
from ecrclient.testing.store import ImageRecord, RepositoryRecord

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def image(name: str, *tags: str, pushed: float = 10, references: Sequence[str] = ()) -> ImageRecord:
    """Return an image that was pushed *pushed* days ago; its digest is its name."""
    return ImageRecord(
        digest=name,
        manifest="{}",
        media_type="",
        pushed_at=ago(pushed),
        size=1,
        references=frozenset(references),
        tags=[*tags],
    )


def repository(*images: ImageRecord) -> RepositoryRecord:
    return RepositoryRecord(
        name="team/app",
        created_at=ago(1000),
        mutability="MUTABLE",
        exclusion_filters=(),
        scan_on_push=False,
        encryption=EncryptionConfiguration(encryption_type="AES256"),
        resource_tags={},
        images={one.digest: one for one in images},
    )


def outcome(policy: LifecyclePolicy, *images: ImageRecord) -> dict[str, int]:
    """Return the priority of the rule that is applied to each image, by its name."""
    decisions = decide(policy, repository(*images), NOW).by_rules
    return {one.image.digest: one.rule.rule_priority for one in decisions}


def prefixes(*prefixes: str, priority: int = 1, keep: int = 1) -> LifecycleRule:
    return LifecycleRule(
        rule_priority=priority,
        selection=LifecycleSelection(
            tag_status="tagged",
            tag_prefix_list=[*prefixes],
            count_type="imageCountMoreThan",
            count_number=keep,
        ),
    )


class TestExamplesOfTheUserGuide:
    ABC = (
        image("A", "beta-1", "prod-1", pushed=10),
        image("B", "beta-2", "prod-2", pushed=9),
        image("C", "beta-3", pushed=8),
    )

    def test_an_earlier_match_protects_an_image(self) -> None:
        policy = LifecyclePolicy(rules=[prefixes("prod"), prefixes("beta", priority=2)])
        assert outcome(policy, *self.ABC) == {"A": 1}

    def test_the_same_rules_in_reverse_order(self) -> None:
        policy = LifecyclePolicy(rules=[prefixes("beta"), prefixes("prod", priority=2)])
        assert outcome(policy, *self.ABC) == {"A": 1, "B": 1}

    def test_the_order_of_the_text_is_not_the_order_of_the_rules(self) -> None:
        policy = LifecyclePolicy(rules=[prefixes("beta", priority=2), prefixes("prod")])
        assert outcome(policy, *self.ABC) == {"A": 1}

    @pytest.mark.parametrize("tags", [("alpha", "beta"), ("alpha*", "beta*")])
    def test_several_tags_in_one_rule(self, tags: tuple[str, str]) -> None:
        images = [
            image("A", "alpha-1", pushed=12),
            image("B", "beta-1", pushed=11),
            image("C", "alpha-2", "beta-2", pushed=10),
            image("D", "alpha-3", pushed=4),
            image("E", "beta-3", pushed=3),
            image("F", "alpha-4", "beta-4", pushed=2),
        ]
        has_patterns = tags[0].endswith("*")
        rule = keep_last(1, tags=tags) if has_patterns else prefixes(*tags)
        assert outcome(LifecyclePolicy(rules=[rule]), *images) == {"C": 1}
        assert outcome(LifecyclePolicy.of(expire_after(5, tags=["alpha*", "beta*"])), *images) == {
            "C": 1
        }

    def test_any_with_exceptions(self) -> None:
        images = [
            image("A", "alpha-1", pushed=12),
            image("B", "beta-1", pushed=11),
            image("C", pushed=10),
            image("D", "alpha-2", pushed=4),
            image("E", pushed=3),
            image("F", "gamma", pushed=2),
        ]
        policy = LifecyclePolicy.of(
            keep_last(1, tags=["alpha*"]), keep_last(1, tags="untagged"), keep_last(1, tags="any")
        )
        assert outcome(policy, *images) == {"A": 1, "C": 2, "B": 3}


class TestRules:
    def test_images_older_than_the_count_expire(self) -> None:
        policy = LifecyclePolicy.of(expire_after(14, tags="any"))
        images = [image("young", pushed=14), image("old", pushed=14.01)]
        assert outcome(policy, *images) == {"old": 1}

    def test_of_equally_old_images_the_last_ones_stay(self) -> None:
        policy = LifecyclePolicy.of(keep_last(2, tags="any"))
        assert [*outcome(policy, *(image(name) for name in "ABCD"))] == ["A", "B"]

    def test_the_oldest_images_come_first(self) -> None:
        policy = LifecyclePolicy.of(expire_after(1, tags="any"))
        images = [image("A", pushed=5), image("B", pushed=7), image("C", pushed=6)]
        assert [*outcome(policy, *images)] == ["B", "C", "A"]

    def test_a_pattern_matches_the_whole_tag(self) -> None:
        policy = LifecyclePolicy.of(expire_after(1, tags=["v*.*-rc"]))
        images = [image("A", "v1.2-rc"), image("B", "xv1.2-rc"), image("C", "v1.2-rc1")]
        assert outcome(policy, *images) == {"A": 1}

    def test_since_the_last_pull(self) -> None:
        policy = LifecyclePolicy.of(archive_after(30, tags="any"))
        never, pulled, long_ago = (image(name, pushed=40) for name in "ABC")
        pulled.last_pull, long_ago.last_pull = ago(20), ago(31)
        assert outcome(policy, never, pulled, long_ago) == {"A": 1, "C": 1}

    def test_a_restored_image_counts_from_its_restoration(self) -> None:
        back, pulled = image("A", pushed=100), image("B", pushed=100)
        for one in (back, pulled):
            one.archived_at, one.activated_at = ago(50), ago(20)
        pulled.last_pull = ago(60)
        for rule in (archive_after(30, tags="any"), expire_after(30, tags="any")):
            assert outcome(LifecyclePolicy.of(rule), back, pulled) == {}
        for rule in (archive_after(19, tags="any"), expire_after(19, tags="any")):
            assert outcome(LifecyclePolicy.of(rule), back, pulled) == {"A": 1, "B": 1}

    def test_a_rule_selects_one_storage_class(self) -> None:
        archived, coming_back, plain = (image(name, pushed=500) for name in "ABC")
        archived.is_archived, archived.archived_at = True, ago(101)
        coming_back.archived_at, coming_back.activated_at = ago(200), ago(-0.01)
        expired = LifecyclePolicy.of(expire_archived_after(100, tags="any"))
        assert outcome(expired, archived, coming_back, plain) == {"A": 1}
        others = LifecyclePolicy.of(expire_after(100, tags="any"))
        assert outcome(others, archived, coming_back, plain) == {"C": 1}

    def test_images_that_an_earlier_rule_keeps_are_counted(self) -> None:
        images = [image("A", "dev", pushed=9), image("B", "prod", pushed=8)]
        policy = LifecyclePolicy.of(keep_last(5, tags=["prod"]), keep_last(1, tags="any"))
        assert outcome(policy, *images) == {"A": 2}

    def test_images_that_an_earlier_rule_expires_are_counted(self) -> None:
        images = [image("A", "dev", pushed=9), image("B", "prod", pushed=8)]
        policy = LifecyclePolicy.of(expire_after(1, tags=["prod"]), keep_last(1, tags="any"))
        assert outcome(policy, *images) == {"A": 2, "B": 1}

    def test_an_index_protects_its_images(self) -> None:
        one, index = image("A"), image("B", "v1", pushed=1, references=["A"])
        assert outcome(LifecyclePolicy.of(expire_after(5, tags="any")), one, index) == {}
        assert outcome(LifecyclePolicy.of(archive_after(5, tags="any")), one, index) == {}
        index.is_archived, index.archived_at = True, ago(1)
        assert outcome(LifecyclePolicy.of(expire_after(5, tags="any")), one, index) == {}
        assert outcome(LifecyclePolicy.of(archive_after(5, tags="any")), one, index) == {"A": 1}

    def test_images_that_an_index_protects_are_counted(self) -> None:
        images = [image("A", pushed=9), image("B", pushed=8), image("C", pushed=7)]
        index = image("D", "v1", pushed=1, references=["A"])
        policy = LifecyclePolicy.of(keep_last(1, tags="untagged"))
        assert outcome(policy, *images, index) == {"B": 1}


# -- a second implementation of the rules ----------------------------------------------------------

TAGS = st.lists(st.sampled_from(["a", "b", "ab", "ba", "aa"]), unique=True, max_size=3)
PATTERNS = st.lists(st.sampled_from(["a*", "*b", "*a*", "b"]), min_size=1, max_size=2)
PUSHED = st.integers(1, 12)
NUMBERS = st.integers(1, 4)
SELDOM = st.sampled_from([False, False, False, True])


@st.composite
def images_of(draw: st.DrawFn) -> list[ImageRecord]:
    """Images pushed at different times, a few archived, a few listed by an index."""
    ages = draw(st.lists(PUSHED, unique=True, min_size=3, max_size=8))
    images = [image(f"{age}", *draw(TAGS), pushed=age) for age in ages]
    for one in images:
        one.is_archived = draw(SELDOM)
        one.archived_at = ago(draw(PUSHED)) if one.is_archived else None
        one.last_pull = draw(st.none() | PUSHED.map(ago))
        if draw(SELDOM):
            others = [other.digest for other in images if other is not one]
            one.references = frozenset({draw(st.sampled_from(others))})
    return images


@st.composite
def policies(draw: st.DrawFn) -> LifecyclePolicy:
    """Rules of all kinds, including policies that ECR refuses: evaluation does not check them."""
    rules: list[LifecycleRule] = []
    priorities = draw(st.lists(st.integers(1, 9), unique=True, min_size=2, max_size=4))
    for priority in priorities:
        status = draw(st.sampled_from(["any", "tagged", "untagged"]))
        member = draw(st.sampled_from(["tag_pattern_list", "tag_prefix_list"]))
        is_archive = draw(SELDOM)
        standard = ["imageCountMoreThan", "sinceImagePushed", "sinceImagePulled"]
        kind = "sinceImageTransitioned" if is_archive else draw(st.sampled_from(standard))
        selection = LifecycleSelection(
            tag_status=status,
            storage_class="archive" if is_archive else draw(st.sampled_from([None, "standard"])),
            count_type=kind,
            count_unit=None if kind == "imageCountMoreThan" else "days",
            count_number=draw(NUMBERS),
        )
        if status == "tagged":
            selection = selection.model_copy(update={member: draw(PATTERNS)})
        is_transition = not is_archive and draw(st.booleans())
        action = LifecycleAction(
            type="transition" if is_transition else "expire",
            target_storage_class="archive" if is_transition else None,
        )
        rules.append(LifecycleRule(rule_priority=priority, selection=selection, action=action))
    return LifecyclePolicy(rules=rules)


def matches_tags(rule: LifecycleRule, one: ImageRecord) -> bool:
    selection = rule.selection
    if one.is_archived != (selection.storage_class == "archive"):
        return False
    if selection.tag_status == "untagged":
        return one.tags == []
    patterns = [
        *(selection.tag_pattern_list or []),
        *(prefix.replace("*", "[*]") + "*" for prefix in selection.tag_prefix_list or []),
    ]
    return all(any(fnmatchcase(tag, pattern) for tag in one.tags) for pattern in patterns)


def is_due(rule: LifecycleRule, one: ImageRecord, images: Sequence[ImageRecord]) -> bool:
    number = rule.selection.count_number
    since = {
        "sinceImagePushed": one.pushed_at,
        "sinceImagePulled": one.last_pull or one.pushed_at,
        "sinceImageTransitioned": one.archived_at,
    }
    if rule.selection.count_type != "imageCountMoreThan":
        begun = since[rule.selection.count_type]
        assert begun is not None
        return begun + timedelta(days=number) < NOW
    younger = [
        other for other in images if matches_tags(rule, other) and other.pushed_at > one.pushed_at
    ]
    return len(younger) >= number


def is_protected(rule: LifecycleRule, one: ImageRecord, images: Sequence[ImageRecord]) -> bool:
    indexes = [other for other in images if one.digest in other.references]
    if rule.action.type == "transition":
        indexes = [index for index in indexes if not index.is_archived]
    return indexes != []


@settings(max_examples=100, deadline=None)
@given(policies(), images_of())
def test_only_the_first_rule_that_selects_an_image_applies(
    policy: LifecyclePolicy, images: list[ImageRecord]
) -> None:
    expected: dict[str, int] = {}
    for one in images:
        matching = [rule for rule in policy.rules if matches_tags(rule, one)]
        first = min(matching, key=lambda rule: rule.rule_priority, default=None)
        if first and is_due(first, one, images) and not is_protected(first, one, images):
            expected[one.digest] = first.rule_priority
    assert outcome(policy, *images) == expected

"""The linter: each finding where it applies, and only there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ecrclient import RequestValidationError
from ecrclient.lifecycle import (
    LINT_CODES,
    LifecyclePolicy,
    LifecycleRule,
    LifecycleSelection,
    LintFinding,
    archive_after,
    expire_after,
    expire_archived_after,
    keep_last,
)
from tests.ecr.lifecycle.repositories import NOW, image

RELEASES = keep_last(10, tags=["v*"])
ARTIFACTS = {"selects_signatures", "selects_referrers", "selects_children"}


def prefixes(*texts: str) -> LifecycleRule:
    return LifecycleRule(
        selection=LifecycleSelection(
            tag_status="tagged",
            tag_prefix_list=list(texts),
            count_type="imageCountMoreThan",
            count_number=1,
        )
    )


def lint(*rules: LifecycleRule) -> tuple[LintFinding, ...]:
    return LifecyclePolicy.of(*rules).lint()


def codes(*rules: LifecycleRule) -> list[str]:
    return [f"{one.code} {one.rule}" for one in lint(*rules)]


def test_a_policy_without_findings() -> None:
    assert lint(RELEASES, keep_last(5, tags=["main-*"])) == ()


class TestRefusedPolicies:
    def test_every_problem_is_an_error(self) -> None:
        rules = [
            keep_last(0, tags="any"),
            RELEASES.model_copy(update={"rule_priority": 2}),
        ]
        errors = [one for one in LifecyclePolicy(rules=rules).lint() if one.severity == "error"]
        assert [(one.code, one.rule, one.message) for one in errors] == [
            ("refused", 1, "the count number must be at least 1"),
            (
                "refused",
                1,
                "tag status any must have the highest priority number of the storage class "
                "standard, 2 is higher",
            ),
        ]

    def test_a_policy_without_rules(self) -> None:
        (finding,) = LifecyclePolicy(rules=[]).lint()
        assert str(finding) == "error: a policy needs a rule [refused]"


class TestRulesThatNeverAct:
    @pytest.mark.parametrize("text", ["git hash", "-rc*", "team/*"])
    def test_patterns_that_no_tag_matches(self, text: str) -> None:
        (finding,) = lint(keep_last(1, tags=[text]))
        assert (finding.code, finding.severity) == ("never_matches", "warning")
        assert finding.message == f"no valid tag matches {text}"

    def test_a_prefix_with_a_wildcard(self) -> None:
        assert codes(prefixes("v*")) == ["never_matches 1"]

    @pytest.mark.parametrize(
        ("earlier", "later", "shadowed"),
        [
            (["v*"], ["v1*"], True),
            (["v1*"], ["v*"], False),
            (["*"], ["v1*"], True),
            (["v*"], ["v*", "*-rc"], True),
            (["v*", "*-rc"], ["v*"], False),
            (["v*", "*-rc"], ["v1*", "*-rc"], True),
            (["*1*"], ["v1"], True),
            (["a*b"], ["a*c*b"], True),
            (["a*c*b"], ["a*b"], False),
        ],
    )
    def test_rules_with_a_broader_selection_before_them(
        self, earlier: Sequence[str], later: Sequence[str], shadowed: bool
    ) -> None:
        found = codes(keep_last(10, tags=earlier), keep_last(5, tags=later))
        assert ("shadowed 2" in found) == shadowed

    def test_prefixes_and_patterns(self) -> None:
        assert "shadowed 2" in codes(RELEASES, prefixes("v1"))
        assert "shadowed 2" in codes(prefixes("v"), keep_last(1, tags=["v1*"]))

    def test_any_after_all_tagged_and_all_untagged_images(self) -> None:
        findings = lint(
            expire_after(9, tags=["*"]), expire_after(9, tags="untagged"), keep_last(5, tags="any")
        )
        (finding,) = (one for one in findings if one.code == "shadowed")
        assert (finding.rule, finding.other_rules) == (3, (1, 2))
        assert finding.message == (
            "it never acts, since rule 1 and rule 2 select every image that it selects"
        )

    def test_any_after_some_tagged_images(self) -> None:
        found = codes(RELEASES, expire_after(9, tags="untagged"), keep_last(5, tags="any"))
        assert "shadowed 3" not in found

    def test_rules_for_the_other_storage_class_do_not_shadow(self) -> None:
        rules = [archive_after(9, tags=["v*"]), expire_archived_after(90, tags=["v*"])]
        assert codes(*rules) == []

    def test_duplicates(self) -> None:
        (finding,) = lint(RELEASES, keep_last(10, tags=["v*"], description="Again"))
        assert (finding.code, finding.rule, finding.other_rules) == ("duplicate", 2, (1,))

    def test_archival_after_expiry(self) -> None:
        findings = lint(expire_after(14, tags=["v*"]), archive_after(90, tags=["v1*"]))
        assert [str(one) for one in findings if one.rule == 2] == [
            "warning: rule 2: it archives nothing: its images are those of rule 1, which expires "
            "them [archive_after_expiry]",
            "info: rule 2: archived images stay until they are deleted: no rule has the storage "
            "class archive [archive_never_expires]",
        ]

    def test_expiry_after_archival(self) -> None:
        findings = lint(archive_after(14, tags=["v*"]), expire_after(90, tags=["v1*"]))
        (finding,) = (one for one in findings if one.code == "shadowed")
        assert "expire by a rule with the storage class archive" in finding.message


class TestPatterns:
    def test_a_pattern_without_a_wildcard(self) -> None:
        (finding,) = lint(keep_last(1, tags=["latest"]))
        assert (finding.code, finding.severity) == ("pattern_without_wildcard", "info")
        assert finding.message.startswith("latest matches only the tag latest; latest* matches")

    def test_a_prefix_needs_no_wildcard(self) -> None:
        assert codes(prefixes("v")) == []

    def test_several_patterns(self) -> None:
        (finding,) = lint(keep_last(1, tags=["dev-*", "demo-*", "prod-*"]))
        assert finding.code == "needs_all_patterns"
        assert "a tag for dev-* and one for demo-* and one for prod-*;" in finding.message

    def test_redundant_patterns(self) -> None:
        (finding,) = lint(keep_last(1, tags=["v*", "v1*"]))
        assert finding.code == "redundant_pattern"
        assert finding.message == "v* has no effect beside v1*"

    def test_repeated_patterns(self) -> None:
        (finding,) = lint(keep_last(1, tags=["v*", "v*"]))
        assert finding.message == "v* has no effect beside v*"


class TestSignaturesAndChildren:
    @pytest.mark.parametrize(
        ("patterns", "suffixes"),
        [
            (["*"], "sha256-*.sig, sha256-*.att, sha256-*.sbom"),
            (["sha*"], "sha256-*.sig, sha256-*.att, sha256-*.sbom"),
            (["*.sig"], "sha256-*.sig"),
            (["*a*"], "sha256-*.sig, sha256-*.att, sha256-*.sbom"),
            (["*.s*"], "sha256-*.sig, sha256-*.sbom"),
        ],
    )
    def test_rules_that_select_the_tags_of_cosign(
        self, patterns: Sequence[str], suffixes: str
    ) -> None:
        (finding,) = lint(keep_last(5, tags=patterns))
        assert (finding.code, finding.severity) == ("selects_signatures", "warning")
        assert f"({suffixes})" in finding.message
        assert finding.message.endswith("they take the places of images")

    @pytest.mark.parametrize("patterns", [["v*"], ["sha512*"], ["*g"], ["sha256-*.json"]])
    def test_rules_that_do_not(self, patterns: Sequence[str]) -> None:
        found = [one.code for one in lint(expire_after(5, tags=patterns))]
        assert ("selects_signatures" in found) == (patterns == ["*g"])

    def test_an_earlier_rule_takes_the_signatures(self) -> None:
        found = codes(keep_last(5, tags=["sha256-*"]), keep_last(5, tags=["*"]))
        assert found == ["selects_signatures 1"]

    def test_rules_that_select_untagged_images(self) -> None:
        findings = lint(RELEASES, expire_after(14, tags="untagged"))
        assert [(one.code, one.severity) for one in findings] == [
            ("selects_referrers", "warning"),
            ("selects_children", "info"),
        ]
        assert "AWS documents that ECR expires them with their subject" in findings[0].message
        assert "ECR does not expire them before the index" in findings[1].message

    def test_any_after_a_rule_for_untagged_images(self) -> None:
        found = codes(expire_after(14, tags="untagged"), keep_last(5, tags="any"))
        assert {one for one in found if one.endswith("2")} == {"selects_signatures 2"}

    def test_archived_images_are_not_of_interest(self) -> None:
        assert codes(archive_after(9, tags=["v*"]), expire_archived_after(90, tags="any")) == []


class TestEverything:
    def test_any_by_age(self) -> None:
        (finding,) = (
            one
            for one in lint(expire_after(14, tags="untagged"), expire_after(365, tags="any"))
            if one.code not in ARTIFACTS
        )
        assert (finding.code, finding.rule) == ("removes_everything", 2)
        assert finding.message.startswith("it expires every image 365 days after its push")

    def test_archival(self) -> None:
        findings = lint(archive_after(365, tags="any", since="pushed"))
        (finding,) = (one for one in findings if one.code == "removes_everything")
        assert finding.message.startswith("it archives every image")

    @pytest.mark.parametrize(
        "rules",
        [
            [RELEASES, expire_after(365, tags="any")],
            [keep_last(1, tags="any")],
            [archive_after(365, tags="any")],
        ],
    )
    def test_rules_that_keep_some(self, rules: Sequence[LifecycleRule]) -> None:
        assert "removes_everything" not in {one.code for one in lint(*rules)}


class TestArchival:
    def test_images_that_stay_in_the_archive(self) -> None:
        assert codes(archive_after(9, tags=["v*"])) == ["archive_never_expires 1"]

    def test_images_that_no_rule_archives(self) -> None:
        assert codes(expire_archived_after(90, tags=["v*"])) == ["nothing_archives 1"]


class TestWithImages:
    def test_rules_that_have_no_images_now(self) -> None:
        policy = LifecyclePolicy.of(
            keep_last(9, tags=["v*"]), keep_last(9, tags=["*1"]), keep_last(9, tags=["w*"])
        )
        findings = policy.lint([image("A", "v1", pushed=3)], now=NOW)
        assert [(one.code, one.rule, one.message) for one in findings] == [
            (
                "owns_nothing_now",
                2,
                "it selects 1 of 1 images, and earlier rules select all of those",
            ),
            ("selects_nothing_now", 3, "it selects none of 1 images"),
        ]

    def test_rules_that_have_images(self) -> None:
        assert LifecyclePolicy.of(RELEASES).lint([image("A", "v1", pushed=3)], now=NOW) == ()

    def test_wrong_arguments_are_refused(self) -> None:
        wrong: Any = "now"
        with pytest.raises(RequestValidationError, match="lint: now: must be a datetime"):
            LifecyclePolicy.of(RELEASES).lint([], now=wrong)
        with pytest.raises(RequestValidationError, match="lint: image_details: must be images"):
            LifecyclePolicy.of(RELEASES).lint([1])  # type: ignore[list-item]


def test_every_code_is_described() -> None:
    assert all(text.endswith(".") for text in LINT_CODES.values())

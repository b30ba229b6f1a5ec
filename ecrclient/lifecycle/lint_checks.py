"""The checks of the linter that need only the rules of a lifecycle policy.

Sources: "Lifecycle policy properties in Amazon ECR", and the evaluation rules in "Automate the
cleanup of images by using lifecycle policies in Amazon ECR". The tags of cosign are
``sha256-<digest>.sig``, ``.att`` and ``.sbom``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ecrclient.lifecycle.lint_findings import LintCode, LintFinding
from ecrclient.lifecycle.patterns import (
    TagPattern,
    can_match_tag,
    includes,
    overlaps,
    patterns_of,
)
from ecrclient.lifecycle.rules import LifecycleRule, storage_class_of

__all__ = ["check_policy", "check_rule"]

_ALL_TAGS = TagPattern("*", ("", ""))
_HEX = frozenset("0123456789abcdef")
_COSIGN_SUFFIXES = (".sig", ".att", ".sbom")


def check_policy(rules: Sequence[LifecycleRule]) -> Iterator[LintFinding]:
    """Yield the findings about archival as a whole."""
    archiving = [rule for rule in rules if _archives(rule)]
    of_archive = [rule for rule in rules if storage_class_of(rule) == "archive"]
    if archiving and not of_archive:
        yield LintFinding(
            code="archive_never_expires",
            severity="info",
            rule=archiving[0].rule_priority,
            message="archived images stay until they are deleted: no rule has the storage class "
            "archive",
        )
    if of_archive and not archiving:
        yield LintFinding(
            code="nothing_archives",
            severity="info",
            rule=of_archive[0].rule_priority,
            message="it acts only on images that were archived by hand: no rule archives images",
        )


def check_rule(rule: LifecycleRule, earlier: Sequence[LifecycleRule]) -> Iterator[LintFinding]:
    """Yield the findings about a rule.

    Args:
        rule: The rule.
        earlier: The rules that come before it, with the same storage class.
    """
    impossible = [one for one in patterns_of(rule.selection) if not can_match_tag(one)]
    if rule.selection.tag_status == "tagged" and impossible:
        shown = ", ".join(pattern.shown for pattern in impossible)
        yield LintFinding(
            code="never_matches",
            severity="warning",
            rule=rule.rule_priority,
            message=f"no valid tag matches {shown}",
        )
        return
    shadow = _shadow(rule, earlier)
    if shadow is not None:
        yield shadow
        return
    yield from _check_patterns(rule)
    if storage_class_of(rule) != "archive":
        yield from _check_artifacts(rule, earlier)
        yield from _check_everything(rule, earlier)


def _archives(rule: LifecycleRule) -> bool:
    return rule.action.type == "transition"


def _verb(rule: LifecycleRule) -> str:
    return "archives" if _archives(rule) else "expires"


def _selects_all_of(outer: LifecycleRule, status: str, patterns: Sequence[TagPattern]) -> bool:
    """Whether a rule selects every image with a tag status and a tag for each of some patterns."""
    match outer.selection.tag_status:
        case "tagged" if status == "tagged":
            return all(
                any(includes(one, inner) for inner in patterns)
                for one in patterns_of(outer.selection)
            )
        case "any":
            return True
        case outer_status:
            return outer_status == status


def _shadow(rule: LifecycleRule, earlier: Sequence[LifecycleRule]) -> LintFinding | None:
    selection = rule.selection
    patterns = patterns_of(selection)
    by = [one for one in earlier if _selects_all_of(one, selection.tag_status, patterns)][:1]
    if not by and selection.tag_status == "any":
        tagged = [one for one in earlier if _selects_all_of(one, "tagged", [_ALL_TAGS])][:1]
        untagged = [one for one in earlier if _selects_all_of(one, "untagged", ())][:1]
        by = [*tagged, *untagged] if tagged and untagged else []
    if not by:
        return None
    first = by[0]
    numbers = tuple(one.rule_priority for one in by)
    names = " and ".join(f"rule {number}" for number in numbers)
    verb = "selects" if len(by) == 1 else "select"
    message = f"it never acts, since {names} {verb} every image that it selects"
    if _is_duplicate(rule, first):
        return _shadowed(rule, "duplicate", f"it is the same as {names}", numbers)
    if _archives(rule) and not any(map(_archives, by)):
        message = f"it archives nothing: its images are those of {names}, which expires them"
        return _shadowed(rule, "archive_after_expiry", message, numbers)
    if any(map(_archives, by)) and not _archives(rule):
        message += "; archived images expire by a rule with the storage class archive"
    return _shadowed(rule, "shadowed", message, numbers)


def _shadowed(
    rule: LifecycleRule, code: LintCode, message: str, numbers: tuple[int, ...]
) -> LintFinding:
    return LintFinding(
        code=code,
        severity="warning",
        rule=rule.rule_priority,
        message=message,
        other_rules=numbers,
    )


def _is_duplicate(rule: LifecycleRule, other: LifecycleRule) -> bool:
    one, two = rule.selection, other.selection
    return (
        rule.action == other.action
        and (one.tag_status, one.count_type, one.count_number)
        == (two.tag_status, two.count_type, two.count_number)
        and {pattern.parts for pattern in patterns_of(one)}
        == {pattern.parts for pattern in patterns_of(two)}
    )


def _check_patterns(rule: LifecycleRule) -> Iterator[LintFinding]:
    patterns = patterns_of(rule.selection)
    kept = list(patterns)
    for pattern in patterns:
        others = list(kept)
        others.remove(pattern)
        implied_by = next((one for one in others if includes(pattern, one)), None)
        if implied_by is not None:
            kept.remove(pattern)
            yield LintFinding(
                code="redundant_pattern",
                severity="info",
                rule=rule.rule_priority,
                message=f"{pattern.shown} has no effect beside {implied_by.shown}",
            )
    for pattern in kept:
        if not pattern.has_wildcard:
            yield LintFinding(
                code="pattern_without_wildcard",
                severity="info",
                rule=rule.rule_priority,
                message=f"{pattern.shown} matches only the tag {pattern.shown}; {pattern.shown}* "
                "matches the tags that begin with it",
            )
    if len(kept) > 1:
        shown = " and one for ".join(pattern.shown for pattern in kept)
        yield LintFinding(
            code="needs_all_patterns",
            severity="info",
            rule=rule.rule_priority,
            message=f"it selects only images that have a tag for {shown}; images with one of the "
            "tags need one rule for each pattern",
        )


def _check_artifacts(
    rule: LifecycleRule, earlier: Sequence[LifecycleRule]
) -> Iterator[LintFinding]:
    number, status = rule.rule_priority, rule.selection.tag_status
    counts = rule.selection.count_type == "imageCountMoreThan"
    places = ", and they take the places of images" if counts else ""
    selected = [
        suffix
        for suffix in _COSIGN_SUFFIXES
        if status != "untagged"
        and all(_matches_cosign(pattern, suffix) for pattern in patterns_of(rule.selection))
        and not any(
            _selects_all_of(one, "tagged", [TagPattern("", ("sha256-", suffix))]) for one in earlier
        )
    ]
    if selected:
        tags = ", ".join(f"sha256-*{suffix}" for suffix in selected)
        yield LintFinding(
            code="selects_signatures",
            severity="warning",
            rule=number,
            message=f"it {_verb(rule)} what cosign tags ({tags}) by its own count or age, even if "
            f"its image stays{places}",
        )
    is_free = not any(_selects_all_of(one, "untagged", ()) for one in earlier)
    if status in {"untagged", "any"} and is_free:
        yield LintFinding(
            code="selects_referrers",
            severity="warning",
            rule=number,
            message="it selects reference artifacts without a tag, such as signatures and SBOMs"
            f"{places}; AWS documents that ECR expires them with their subject, but not that a "
            "rule spares them before that",
        )
        yield LintFinding(
            code="selects_children",
            severity="info",
            rule=number,
            message="it selects the untagged images that an index lists; ECR does not expire them "
            f"before the index{places}",
        )


def _matches_cosign(pattern: TagPattern, suffix: str) -> bool:
    template = [*map(_only, "sha256-"), *[_HEX] * 64, *map(_only, suffix)]
    return overlaps(pattern, template)


def _only(character: str) -> frozenset[str]:
    return frozenset(character)


def _check_everything(
    rule: LifecycleRule, earlier: Sequence[LifecycleRule]
) -> Iterator[LintFinding]:
    selection = rule.selection
    by_age = selection.count_type == "sinceImagePushed"
    has_exceptions = any(one.selection.tag_status == "tagged" for one in earlier)
    if selection.tag_status == "any" and by_age and not has_exceptions:
        yield LintFinding(
            code="removes_everything",
            severity="warning",
            rule=rule.rule_priority,
            message=f"it {_verb(rule)} every image {selection.count_number} days after its push, "
            "including the newest one and those in use; a rule before it can keep some by count",
        )

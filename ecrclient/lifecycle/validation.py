"""The problems for which ECR would refuse a lifecycle policy.

Sources, all but the last in the Amazon ECR User Guide: "Lifecycle policy properties in Amazon ECR";
"Automate the cleanup of images by using lifecycle policies in Amazon ECR" for untagged images,
``any`` and tag prefixes, each for one storage class; "Examples of lifecycle policies in Amazon ECR"
and "Archiving an image in Amazon ECR" for the count types of the archive; "Amazon ECR service
quotas" for the number of rules; the service's model for the length of the text.
The guide does not document that ECR refuses unknown members and nulls, but the service does. An
upper limit of the numbers, unknown members beside ``rules``, and tag prefixes that begin with
another tag prefix are not documented: they are allowed here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ecrclient.lifecycle.rules import LifecycleRule, LifecycleSelection, storage_class_of

__all__ = ["MAX_TEXT", "Problem", "find_problems"]

MAX_TEXT = 30_720
_MAX_RULES = 50
_MAX_WILDCARDS = 4
_MIN_DAYS_ARCHIVED = 90


class Problem(NamedTuple):
    """A reason for which ECR would refuse a policy."""

    rule: int | None
    """The priority of the rule; None: the policy as a whole."""
    text: str

    def __str__(self) -> str:
        return self.text if self.rule is None else f"rule {self.rule}: {self.text}"


def find_problems(rules: Sequence[LifecycleRule]) -> Iterator[Problem]:
    """Yield the problems of a policy's rules."""
    if not rules:
        yield Problem(None, "a policy needs a rule")
    if len(rules) > _MAX_RULES:
        yield Problem(None, f"a policy has at most {_MAX_RULES} rules, not {len(rules)}")
    for rule in rules:
        for problem in (*_unknown_members(rule), *_in_selection(rule.selection), *_in_rule(rule)):
            yield Problem(rule.rule_priority, problem)
    for number, count in Counter(rule.rule_priority for rule in rules).items():
        if count > 1:
            yield Problem(number, f"{count} rules have this priority")
    for storage_class in ("standard", "archive"):
        yield from _among(
            [rule for rule in rules if storage_class_of(rule) == storage_class], storage_class
        )


def _among(rules: Sequence[LifecycleRule], storage_class: str) -> Iterator[Problem]:
    """The conflicts between the rules of one storage class."""
    last = max((rule.rule_priority for rule in rules), default=0)
    untagged: int | None = None
    first_with: dict[str, int] = {}
    for rule in rules:
        number, selection = rule.rule_priority, rule.selection
        if selection.tag_status == "any" and number != last:
            yield Problem(
                number,
                "tag status any must have the highest priority number of the storage class "
                f"{storage_class}, {last} is higher",
            )
        if selection.tag_status == "untagged":
            if untagged is not None:
                yield Problem(
                    number,
                    f"only one rule of the storage class {storage_class} can select untagged "
                    f"images, rule {untagged} does",
                )
            untagged = number
        for prefix in dict.fromkeys(selection.tag_prefix_list or ()):
            if prefix in first_with:
                yield Problem(
                    number,
                    f"tag prefix {prefix} must be in only one rule of the storage class "
                    f"{storage_class}, rule {first_with[prefix]} has it",
                )
            first_with.setdefault(prefix, number)


def _unknown_members(rule: LifecycleRule) -> Iterator[str]:
    for place, part in (("", rule), ("selection.", rule.selection), ("action.", rule.action)):
        for member in part.model_extra or ():
            yield f"{place}{member} is not a member of a lifecycle policy"


def _in_rule(rule: LifecycleRule) -> Iterator[str]:
    if rule.rule_priority < 1:
        yield "the priority must be at least 1"
    action = rule.action
    if action.type not in {"expire", "transition"}:
        yield f"action type must be expire or transition, not {action.type}"
    if action.type == "transition" and action.target_storage_class != "archive":
        yield "a transition needs the target storage class archive"
    if action.type == "expire" and action.target_storage_class is not None:
        yield "only a transition has a target storage class"
    if action.type == "transition" and rule.selection.storage_class == "archive":
        yield "an archived image cannot be moved to the archive"
    if action.type == "expire" and rule.selection.count_type == "sinceImagePulled":
        yield "sinceImagePulled needs the action transition, not expire"


def _in_selection(selection: LifecycleSelection) -> Iterator[str]:
    yield from _in_tags(selection)
    kind = selection.count_type
    if selection.count_number < 1:
        yield "the count number must be at least 1"
    elif kind == "sinceImageTransitioned" and selection.count_number < _MIN_DAYS_ARCHIVED:
        yield (
            f"the count number of {kind} must be at least {_MIN_DAYS_ARCHIVED}, not "
            f"{selection.count_number}"
        )
    if kind == "imageCountMoreThan":
        if selection.count_unit is not None:
            yield "a count of images has no unit"
    elif kind in {"sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"}:
        if selection.count_unit != "days":
            yield f"{kind} is counted in days"
    else:
        yield f"{kind} is not a count type"
    if (kind == "sinceImageTransitioned") != (selection.storage_class == "archive"):
        yield "storage class archive and count type sinceImageTransitioned go together"
    if selection.storage_class not in {None, "standard", "archive"}:
        yield f"{selection.storage_class} is not a storage class"


def _in_tags(selection: LifecycleSelection) -> Iterator[str]:
    patterns, prefixes = selection.tag_pattern_list, selection.tag_prefix_list
    match selection.tag_status:
        case "tagged":
            if bool(patterns) == bool(prefixes) or (patterns is not None and prefixes is not None):
                yield "tag status tagged needs either patterns or prefixes"
        case "untagged" | "any" as status:
            if patterns is not None or prefixes is not None:
                yield f"tag status {status} must not have patterns or prefixes"
        case status:
            yield f"{status} is not a tag status"
    for pattern in patterns or ():
        if not pattern:
            yield "a tag pattern is empty"
        if pattern.count("*") > _MAX_WILDCARDS:
            yield f"tag pattern {pattern} has more than {_MAX_WILDCARDS} wildcards"
    if any(not prefix for prefix in prefixes or ()):
        yield "a tag prefix is empty"

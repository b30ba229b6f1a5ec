"""Lifecycle policies that ECR refuses, by the rule that each breaks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["LIFECYCLE", "LIFECYCLE_TEXTS", "lifecycle_rule", "without"]

Document = dict[str, Any]

_DAYS: Document = {"countType": "sinceImagePushed", "countUnit": "days"}
_ARCHIVED: Document = {
    "storageClass": "archive",
    "countType": "sinceImageTransitioned",
    "countUnit": "days",
}
_TRANSITION: Document = {"type": "transition", "targetStorageClass": "archive"}
_PREFIX: Document = {"tagStatus": "tagged", "tagPrefixList": ["prod"]}


def lifecycle_rule(
    priority: Any = 1,
    *,
    action: Any = None,
    members: Any = None,
    **selection: Any,
) -> Document:
    """Return a rule that keeps five untagged images, changed by the arguments."""
    chosen = {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 5}
    return {
        "rulePriority": priority,
        "selection": chosen | selection,
        "action": {"type": "expire"} if action is None else action,
        **(members or {}),
    }


def without(document: Document, *path: str) -> Document:
    """Return the document without a member."""
    name, *deeper = path
    if deeper:
        return document | {name: without(document[name], *deeper)}
    return {key: value for key, value in document.items() if key != name}


def _rules(*rules: Any) -> Document:
    return {"rules": [*rules]}


def _many(count: int) -> Iterable[Document]:
    for number in range(1, count + 1):
        yield lifecycle_rule(number, tagStatus="tagged", tagPrefixList=[f"tag-{number}"])


_A = lifecycle_rule()
_ANY: Document = {"tagStatus": "any"}

LIFECYCLE: dict[str, tuple[Any, str]] = {
    # Required members, and the types of members.
    "not-an-object": ([], "Could not map policyString into LifecyclePolicy."),
    "no-rules-member": ({"rule": []}, "the member rules is missing"),
    "rules-not-a-list": ({"rules": {"1": _A}}, "rules must be a list, not {"),
    "rules-null": ({"rules": None}, "rules must be a list, not null"),
    "no-rules": (_rules(), "a policy needs a rule"),
    "too-many-rules": (_rules(*_many(51)), "a policy has at most 50 rules, not 51"),
    "rule-not-an-object": (_rules("x"), 'rule at position 1: must be an object, not "x"'),
    "no-priority": (
        _rules(without(_A, "rulePriority")),
        "rule at position 1: rulePriority is missing",
    ),
    "priority-text": (
        _rules(lifecycle_rule("1")),
        'rule at position 1: rulePriority must be an integer, not "1"',
    ),
    "priority-boolean": (
        _rules(lifecycle_rule(True)),
        "rule at position 1: rulePriority must be an integer, not true",
    ),
    "priority-fraction": (
        _rules(lifecycle_rule(1.0)),
        "rule at position 1: rulePriority must be an integer, not 1.0",
    ),
    "priority-null": (
        _rules(lifecycle_rule(None)),
        "rule at position 1: rulePriority must be an integer, not null",
    ),
    "priority-zero": (_rules(lifecycle_rule(0)), "rule 0: the priority must be at least 1"),
    "priority-twice": (
        _rules(lifecycle_rule(3), lifecycle_rule(3, **_PREFIX)),
        "rule 3: 2 rules have this priority",
    ),
    "unknown-member-of-rule": (
        _rules(lifecycle_rule(members={"ruleName": "x"})),
        "rule 1: ruleName is not a member of a lifecycle policy",
    ),
    "description-not-a-text": (
        _rules(lifecycle_rule(members={"description": 7})),
        "rule 1: description must be a string, not 7",
    ),
    # The action.
    "no-action": (_rules(without(_A, "action")), "rule 1: action is missing"),
    "empty-action": (_rules(lifecycle_rule(action={})), "rule 1: action.type is missing"),
    "action-not-an-object": (
        _rules(lifecycle_rule(action="expire")),
        'rule 1: action must be an object, not "expire"',
    ),
    "action-type-not-a-text": (
        _rules(lifecycle_rule(action={"type": ["expire"]})),
        'rule 1: action.type must be a string, not ["expire"]',
    ),
    "unknown-action": (
        _rules(lifecycle_rule(action={"type": "delete"})),
        "rule 1: action type must be expire or transition, not delete",
    ),
    "unknown-member-of-action": (
        _rules(lifecycle_rule(action={"type": "expire", "when": "now"})),
        "rule 1: action.when is not a member of a lifecycle policy",
    ),
    "transition-without-target": (
        _rules(lifecycle_rule(action={"type": "transition"}, **_DAYS)),
        "rule 1: a transition needs the target storage class archive",
    ),
    "transition-to-elsewhere": (
        _rules(
            lifecycle_rule(action={"type": "transition", "targetStorageClass": "standard"}, **_DAYS)
        ),
        "rule 1: a transition needs the target storage class archive",
    ),
    "target-null": (
        _rules(lifecycle_rule(action={"type": "expire", "targetStorageClass": None})),
        "rule 1: action.targetStorageClass must be a string, not null",
    ),
    "expire-with-target": (
        _rules(lifecycle_rule(action={"type": "expire", "targetStorageClass": "archive"})),
        "rule 1: only a transition has a target storage class",
    ),
    # The selection.
    "no-selection": (_rules(without(_A, "selection")), "rule 1: selection is missing"),
    "selection-not-an-object": (
        _rules(_A | {"selection": []}),
        "rule 1: selection must be an object, not []",
    ),
    "unknown-member-of-selection": (
        _rules(lifecycle_rule(imageTag="x")),
        "rule 1: selection.imageTag is not a member of a lifecycle policy",
    ),
    "no-tag-status": (
        _rules(without(_A, "selection", "tagStatus")),
        "rule 1: selection.tagStatus is missing",
    ),
    "unknown-tag-status": (
        _rules(lifecycle_rule(tagStatus="TAGGED")),
        "rule 1: TAGGED is not a tag status",
    ),
    "tagged-without-tags": (
        _rules(lifecycle_rule(tagStatus="tagged")),
        "rule 1: tag status tagged needs either patterns or prefixes",
    ),
    "tagged-with-empty-list": (
        _rules(lifecycle_rule(tagStatus="tagged", tagPrefixList=[])),
        "rule 1: tag status tagged needs either patterns or prefixes",
    ),
    "patterns-and-prefixes": (
        _rules(lifecycle_rule(tagPatternList=["a*"], **_PREFIX)),
        "rule 1: tag status tagged needs either patterns or prefixes",
    ),
    "untagged-with-prefixes": (
        _rules(lifecycle_rule(tagPrefixList=["a"])),
        "rule 1: tag status untagged must not have patterns or prefixes",
    ),
    "untagged-with-patterns": (
        _rules(lifecycle_rule(tagPatternList=["a"])),
        "rule 1: tag status untagged must not have patterns or prefixes",
    ),
    "any-with-patterns": (
        _rules(lifecycle_rule(tagPatternList=["a"], **_ANY)),
        "rule 1: tag status any must not have patterns or prefixes",
    ),
    "prefixes-not-a-list": (
        _rules(lifecycle_rule(tagStatus="tagged", tagPrefixList="prod")),
        'rule 1: selection.tagPrefixList must be a list of strings, not "prod"',
    ),
    "prefix-not-a-text": (
        _rules(lifecycle_rule(tagStatus="tagged", tagPrefixList=[1])),
        "rule 1: selection.tagPrefixList must be a list of strings, not [1]",
    ),
    "prefix-empty": (
        _rules(lifecycle_rule(tagStatus="tagged", tagPrefixList=[""])),
        "rule 1: a tag prefix is empty",
    ),
    "pattern-empty": (
        _rules(lifecycle_rule(tagStatus="tagged", tagPatternList=[""])),
        "rule 1: a tag pattern is empty",
    ),
    "pattern-with-five-wildcards": (
        _rules(lifecycle_rule(tagStatus="tagged", tagPatternList=["*1*2*3*4*"])),
        "rule 1: tag pattern *1*2*3*4* has more than 4 wildcards",
    ),
    "no-count-type": (
        _rules(without(_A, "selection", "countType")),
        "rule 1: selection.countType is missing",
    ),
    "unknown-count-type": (
        _rules(lifecycle_rule(countType="size")),
        "rule 1: size is not a count type",
    ),
    "count-with-unit": (
        _rules(lifecycle_rule(countUnit="days")),
        "rule 1: a count of images has no unit",
    ),
    "count-unit-null": (
        _rules(lifecycle_rule(countUnit=None)),
        "rule 1: selection.countUnit must be a string, not null",
    ),
    "days-without-unit": (
        _rules(lifecycle_rule(countType="sinceImagePushed")),
        "rule 1: sinceImagePushed is counted in days",
    ),
    "unknown-count-unit": (
        _rules(lifecycle_rule(countType="sinceImagePushed", countUnit="weeks")),
        "rule 1: sinceImagePushed is counted in days",
    ),
    "no-count-number": (
        _rules(without(_A, "selection", "countNumber")),
        "rule 1: selection.countNumber is missing",
    ),
    "count-number-text": (
        _rules(lifecycle_rule(countNumber="5")),
        'rule 1: selection.countNumber must be an integer, not "5"',
    ),
    "count-number-boolean": (
        _rules(lifecycle_rule(countNumber=True)),
        "rule 1: selection.countNumber must be an integer, not true",
    ),
    "count-number-fraction": (
        _rules(lifecycle_rule(countNumber=1.5)),
        "rule 1: selection.countNumber must be an integer, not 1.5",
    ),
    "count-number-zero": (
        _rules(lifecycle_rule(countNumber=0)),
        "rule 1: the count number must be at least 1",
    ),
    "unknown-storage-class": (
        _rules(lifecycle_rule(storageClass="cold")),
        "rule 1: cold is not a storage class",
    ),
    "archive-with-other-count": (
        _rules(lifecycle_rule(storageClass="archive")),
        "rule 1: storage class archive and count type sinceImageTransitioned go together",
    ),
    "transitioned-without-archive": (
        _rules(lifecycle_rule(**without(_ARCHIVED, "storageClass"), countNumber=90)),
        "rule 1: storage class archive and count type sinceImageTransitioned go together",
    ),
    # The selection and the action together.
    "pulled-with-expire": (
        _rules(lifecycle_rule(countType="sinceImagePulled", countUnit="days")),
        "rule 1: sinceImagePulled needs the action transition, not expire",
    ),
    "archived-with-transition": (
        _rules(lifecycle_rule(**(_ARCHIVED | {"countNumber": 90}), action=_TRANSITION)),
        "rule 1: an archived image cannot be moved to the archive",
    ),
    "archived-for-89-days": (
        _rules(lifecycle_rule(**(_ARCHIVED | {"countNumber": 89}))),
        "rule 1: the count number of sinceImageTransitioned must be at least 90, not 89",
    ),
    # The rules together.
    "two-untagged": (
        _rules(lifecycle_rule(1), lifecycle_rule(2, **_DAYS)),
        "rule 2: only one rule of the storage class standard can select untagged images, "
        "rule 1 does",
    ),
    "two-untagged-archived": (
        _rules(
            lifecycle_rule(1, **(_ARCHIVED | {"countNumber": 90})),
            lifecycle_rule(2, **(_ARCHIVED | {"countNumber": 99})),
        ),
        "rule 2: only one rule of the storage class archive can select untagged images",
    ),
    "any-before-another": (
        _rules(lifecycle_rule(1, **_ANY), lifecycle_rule(2)),
        "rule 1: tag status any must have the highest priority number of the storage class "
        "standard, 2 is higher",
    ),
    "any-twice": (
        _rules(lifecycle_rule(1, **_ANY), lifecycle_rule(2, **(_ANY | _DAYS))),
        "rule 1: tag status any must have the highest priority number",
    ),
    "archived-any-before-another": (
        _rules(
            lifecycle_rule(1, **(_ARCHIVED | _ANY | {"countNumber": 90})),
            lifecycle_rule(2, **(_ARCHIVED | {"countNumber": 90})),
        ),
        "rule 1: tag status any must have the highest priority number of the storage class archive",
    ),
    "prefix-in-two-rules": (
        _rules(
            lifecycle_rule(1, **_PREFIX),
            lifecycle_rule(2, tagStatus="tagged", tagPrefixList=["dev", "prod"]),
        ),
        "rule 2: tag prefix prod must be in only one rule of the storage class standard, "
        "rule 1 has it",
    ),
}
"""Lifecycle policies that are JSON, and a part of the error message."""

LIFECYCLE_TEXTS = {"not-json": "{", "trailing-comma": '{"rules": [],}', "not-a-number": "NaN"}
"""Texts of lifecycle policies that are not JSON."""

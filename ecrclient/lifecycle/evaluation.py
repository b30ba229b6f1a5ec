"""Evaluate the rules of a lifecycle policy: what they do to each image of a repository.

The in-memory ECR uses the same evaluation.

Sources: "Automate the cleanup of images by using lifecycle policies in Amazon ECR" (its evaluation
rules), "Lifecycle policy properties in Amazon ECR", "Examples of lifecycle policies in Amazon ECR".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from ecrclient.lifecycle.assumptions import Assumption
from ecrclient.lifecycle.counting import Verdict, order_time, verdicts
from ecrclient.lifecycle.image_facts import LifecycleImage
from ecrclient.lifecycle.indexes import Indexes
from ecrclient.lifecycle.outcomes import Action, ImageOutcome, Outcome, RuleSummary
from ecrclient.lifecycle.patterns import tag_matcher
from ecrclient.lifecycle.reference_artifacts import follow_subjects
from ecrclient.lifecycle.rules import LifecycleRule, storage_class_of

__all__ = ["Evaluation", "evaluate"]

_FIRST_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the rules of a policy do."""

    images: tuple[ImageOutcome, ...]
    """The outcome of each image, in the given order."""
    rules: tuple[RuleSummary, ...]
    """The rules, in the order of their priorities."""
    actions: tuple[ImageOutcome, ...]
    """The images that rules expire or archive: rule by rule, the oldest ones first."""


def evaluate(
    rules: Iterable[LifecycleRule],
    images: Sequence[LifecycleImage],
    *,
    now: datetime,
    children: Mapping[str, Iterable[str]] | None = None,
) -> Evaluation:
    """Evaluate rules.

    Each rule counts all images that it selects, including those that another rule expires. The
    first rule that selects an image owns it: later rules do not act on it, even if the first one
    does not either.

    Args:
        rules: The rules, of which no two have the same priority. They are not validated.
        images: All images of the repository; of two with the same time, the first one counts as
            older.
        now: The time of the evaluation.
        children: For the digest of each index, the digests of the manifests that it lists. An index
            that is missing here is one whose manifests were not read.
    """
    in_order = sorted(rules, key=lambda rule: rule.rule_priority)
    indexes = Indexes(images, children)
    choices = [_Choice(rule, images) for rule in in_order]
    selected_by = _selected_by(choices)
    found: dict[str, ImageOutcome] = {}
    for choice in choices:
        rule = choice.rule
        limits = verdicts(
            rule,
            choice.selected,
            choice.uncertain,
            now=now,
            is_protected=partial(indexes.protects, _action_of(rule)),
        )
        for image in choice.selected:
            if image.digest not in found:
                verdict = limits[image.digest]
                effect = _effect(image, rule, verdict, indexes)
                numbers = selected_by[image.digest]
                found[image.digest] = _outcome(image, effect, numbers, rule, verdict)
        for image in choice.uncertain:
            found.setdefault(image.digest, _outcome(image, _UNCERTAIN, ()))
    outcomes = {
        image.digest: found.get(image.digest) or _outcome(image, _unselected(image, choices), ())
        for image in images
    }
    _note_later_children(outcomes)
    follow_subjects(outcomes, images)
    return Evaluation(
        images=tuple(outcomes.values()),
        rules=tuple(_summary(choice, outcomes) for choice in choices),
        actions=_actions(outcomes, images),
    )


class _Choice:
    """The images that a rule selects."""

    def __init__(self, rule: LifecycleRule, images: Sequence[LifecycleImage]) -> None:
        self.rule = rule
        self.has_tags = tag_matcher(rule.selection)
        self.selected: list[LifecycleImage] = []
        self.uncertain: list[LifecycleImage] = []
        """The images of which ECR did not send the storage class."""
        wanted = storage_class_of(rule)
        for image in images:
            storage_class = image.storage_class
            if storage_class in {wanted, None} and self.has_tags(image.tags):
                (self.uncertain if storage_class is None else self.selected).append(image)


def _action_of(rule: LifecycleRule) -> Action:
    return "archive" if rule.action.type == "transition" else "expire"


class _Effect(NamedTuple):
    """What the owner of an image does to it."""

    outcome: Outcome
    action: Action | None = None
    protected_by: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    assumptions: tuple[Assumption, ...] = ()


def _effect(
    image: LifecycleImage, rule: LifecycleRule, verdict: Verdict, indexes: Indexes
) -> _Effect:
    assumptions: list[Assumption] = [*_of_status(image), *verdict.assumptions]
    if verdict.is_due is None:
        return _Effect("undetermined", missing=verdict.missing, assumptions=tuple(assumptions))
    if not verdict.is_due:
        return _Effect("keep", assumptions=tuple(assumptions))
    action = _action_of(rule)
    if image.subject is not None and "referrers_counted" not in assumptions:
        assumptions.append("referrers_counted")
    protecting = indexes.protecting(image, action)
    digests = tuple(index.digest for index in protecting)
    if protecting and action == "archive" and not any(one.storage_class for one in protecting):
        missing = tuple(f"image_status of {digest}" for digest in digests)
        return _Effect("undetermined", missing=missing, assumptions=tuple(assumptions))
    if protecting:
        assumptions.append("protected_listed")
        if all(index.storage_class == "archive" for index in protecting):
            assumptions.append("archived_index")
        return _Effect("protected", action, digests, assumptions=tuple(assumptions))
    if indexes.listing(image):
        assumptions.append("archived_index")
    if indexes.may_be_listed(image):
        assumptions.append("indexes_unknown")
    return _Effect(action, action, assumptions=tuple(assumptions))


def _of_status(image: LifecycleImage) -> tuple[Assumption, ...]:
    return ("status_not_sent",) if image.status is None else ()


_UNCERTAIN = _Effect("undetermined", missing=("image_status",))
"""The effect of a rule of which it is unknown whether it selects the image."""


def _unselected(image: LifecycleImage, choices: Sequence[_Choice]) -> _Effect:
    restoring = image.storage_class == "restoring"
    rests_on_it = restoring and any(choice.has_tags(image.tags) for choice in choices)
    return _Effect("keep", assumptions=("restoring",) if rests_on_it else _of_status(image))


def _outcome(
    image: LifecycleImage,
    effect: _Effect,
    selected_by: Sequence[int],
    rule: LifecycleRule | None = None,
    verdict: Verdict | None = None,
) -> ImageOutcome:
    """Return the outcome of an image; *rule* is its owner, if it has one."""
    return ImageOutcome(
        digest=image.digest,
        tags=image.tags,
        pushed_at=image.pushed_at,
        storage_class=image.storage_class,
        outcome=effect.outcome,
        action=effect.action,
        rule=None if rule is None else rule.rule_priority,
        selected_by=tuple(selected_by),
        counted_from=None if verdict is None else verdict.counted_from,
        age=None if verdict is None else verdict.age,
        rank=None if verdict is None else verdict.rank,
        limit=None if rule is None else rule.selection.count_number,
        protected_by=effect.protected_by,
        subject=image.subject,
        missing=effect.missing,
        assumptions=effect.assumptions,
    )


def _selected_by(choices: Iterable[_Choice]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for choice in choices:
        for image in choice.selected:
            found.setdefault(image.digest, []).append(choice.rule.rule_priority)
    return found


def _note_later_children(outcomes: dict[str, ImageOutcome]) -> None:
    """Note where all indexes that protect an image go in the same evaluation."""
    for digest, outcome in outcomes.items():
        leaving = [outcomes[index].outcome for index in outcome.protected_by]
        gone = {"expire"} if outcome.action == "expire" else {"expire", "archive"}
        if leaving and gone.issuperset(leaving):
            assumptions: tuple[Assumption, ...] = (*outcome.assumptions, "children_later")
            outcomes[digest] = replace(outcome, assumptions=assumptions)


def _summary(choice: _Choice, outcomes: Mapping[str, ImageOutcome]) -> RuleSummary:
    priority = choice.rule.rule_priority
    owned = [outcomes[image.digest] for image in choice.selected]
    owned = [outcome for outcome in owned if outcome.rule == priority]
    return RuleSummary(
        priority=priority,
        action=_action_of(choice.rule),
        selected=len(choice.selected),
        owned=len(owned),
        acts_on=sum(outcome.outcome in {"expire", "archive"} for outcome in owned),
    )


def _actions(
    outcomes: Mapping[str, ImageOutcome], images: Sequence[LifecycleImage]
) -> tuple[ImageOutcome, ...]:
    def order(image: LifecycleImage) -> tuple[int, datetime]:
        outcome = outcomes[image.digest]
        time = image.archived_at if outcome.storage_class == "archive" else order_time(image)[0]
        return outcome.rule or 0, time or _FIRST_TIME

    acting = [one for one in images if outcomes[one.digest].outcome in {"expire", "archive"}]
    return tuple(outcomes[image.digest] for image in sorted(acting, key=order))

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

from ecrclient.lifecycle.assumptions import Assumption
from ecrclient.lifecycle.counting import Verdict, order_time, verdicts
from ecrclient.lifecycle.image_facts import LifecycleImage
from ecrclient.lifecycle.outcomes import Action, ImageOutcome, RuleSummary
from ecrclient.lifecycle.patterns import tag_matcher
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
    indexes = _Indexes(images, children)
    choices = [_Choice(rule, images) for rule in in_order]
    found: dict[str, ImageOutcome] = {}
    for choice in choices:
        owned = [image for image in choice.selected if image.digest not in found]
        doubtful = [image for image in choice.uncertain if image.digest not in found]
        limits = verdicts(
            choice.rule,
            choice.selected,
            choice.uncertain,
            now=now,
            is_protected=partial(indexes.protects, _action_of(choice.rule)),
        )
        for image in owned:
            found[image.digest] = _outcome(image, choice.rule, limits[image.digest], indexes)
        for image in doubtful:
            found[image.digest] = _undetermined(image)
    selected_by = _selected_by(choices)
    outcomes = {
        image.digest: replace(
            found.get(image.digest) or _unselected(image, choices),
            selected_by=tuple(selected_by.get(image.digest, ())),
        )
        for image in images
    }
    _note_later_children(outcomes)
    _follow_subjects(outcomes, images)
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


class _Indexes:
    """Which images are listed by which indexes."""

    def __init__(
        self,
        images: Sequence[LifecycleImage],
        children: Mapping[str, Iterable[str]] | None,
    ) -> None:
        known = children or {}
        self._images = {image.digest: image for image in images}
        self._listing: dict[str, list[LifecycleImage]] = {}
        self._unread: list[str] = []
        for image in images:
            if image.digest in known:
                for child in dict.fromkeys(known[image.digest]):
                    self._listing.setdefault(child, []).append(image)
            elif image.is_index is not False:
                self._unread.append(image.digest)

    def listing(self, image: LifecycleImage) -> Sequence[LifecycleImage]:
        """Return the indexes that are known to list the image."""
        return self._listing.get(image.digest, ())

    def protecting(self, image: LifecycleImage, action: Action) -> list[LifecycleImage]:
        """Return the indexes that prevent the action: all, or for archival those not archived."""
        return [
            index
            for index in self.listing(image)
            if action == "expire" or index.storage_class != "archive"
        ]

    def protects(self, action: Action, image: LifecycleImage) -> bool:
        """Whether an index prevents the action."""
        return bool(self.protecting(image, action))

    def may_be_listed(self, image: LifecycleImage) -> bool:
        """Whether an index of which the manifests were not read may list the image."""
        return any(digest != image.digest for digest in self._unread[:2])


def _action_of(rule: LifecycleRule) -> Action:
    return "archive" if rule.action.type == "transition" else "expire"


def _outcome(
    image: LifecycleImage, rule: LifecycleRule, verdict: Verdict, indexes: _Indexes
) -> ImageOutcome:
    outcome = ImageOutcome(
        digest=image.digest,
        tags=image.tags,
        pushed_at=image.pushed_at,
        storage_class=image.storage_class,
        outcome="keep",
        rule=rule.rule_priority,
        counted_from=verdict.counted_from,
        age=verdict.age,
        rank=verdict.rank,
        limit=rule.selection.count_number,
        subject=image.subject,
        assumptions=(*_of_status(image), *verdict.assumptions),
    )
    if verdict.is_due is None:
        return replace(outcome, outcome="undetermined", missing=verdict.missing)
    if not verdict.is_due:
        return outcome
    action = _action_of(rule)
    assumptions = list(outcome.assumptions)
    if image.subject is not None and "referrers_counted" not in assumptions:
        assumptions.append("referrers_counted")
    protecting = indexes.protecting(image, action)
    if protecting and action == "archive" and not any(one.storage_class for one in protecting):
        missing = tuple(f"image_status of {index.digest}" for index in protecting)
        return replace(outcome, outcome="undetermined", missing=missing)
    if protecting:
        assumptions.append("protected_listed")
        if all(index.storage_class == "archive" for index in protecting):
            assumptions.append("archived_index")
        return replace(
            outcome,
            outcome="protected",
            action=action,
            protected_by=tuple(index.digest for index in protecting),
            assumptions=tuple(assumptions),
        )
    if indexes.listing(image):
        assumptions.append("archived_index")
    if indexes.may_be_listed(image):
        assumptions.append("indexes_unknown")
    return replace(outcome, outcome=action, action=action, assumptions=tuple(assumptions))


def _of_status(image: LifecycleImage) -> tuple[Assumption, ...]:
    return ("status_not_sent",) if image.status is None else ()


def _undetermined(image: LifecycleImage) -> ImageOutcome:
    return ImageOutcome(
        digest=image.digest,
        tags=image.tags,
        pushed_at=image.pushed_at,
        storage_class=None,
        outcome="undetermined",
        subject=image.subject,
        missing=("image_status",),
    )


def _unselected(image: LifecycleImage, choices: Sequence[_Choice]) -> ImageOutcome:
    restoring = image.storage_class == "restoring"
    rests_on_it = restoring and any(choice.has_tags(image.tags) for choice in choices)
    return ImageOutcome(
        digest=image.digest,
        tags=image.tags,
        pushed_at=image.pushed_at,
        storage_class=image.storage_class,
        outcome="keep",
        subject=image.subject,
        assumptions=("restoring",) if rests_on_it else _of_status(image),
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


def _follow_subjects(outcomes: dict[str, ImageOutcome], images: Sequence[LifecycleImage]) -> None:
    """Expire and archive reference artifacts with their subjects, and theirs in turn."""
    referrers: dict[str, list[LifecycleImage]] = {}
    for image in images:
        if image.subject is not None:
            referrers.setdefault(image.subject, []).append(image)
    pending = [one for one in outcomes.values() if one.outcome in {"expire", "archive"}]
    while pending:
        subject = pending.pop()
        for image in referrers.get(subject.digest, ()):
            outcome = outcomes[image.digest]
            can_follow = subject.action == "expire" or image.storage_class == "standard"
            if outcome.outcome == "keep" and can_follow:
                followed = replace(outcome, outcome="follow", action=subject.action)
                outcomes[image.digest] = followed
                pending.append(followed)
    _inherit_doubts(outcomes, referrers)


def _inherit_doubts(
    outcomes: dict[str, ImageOutcome], referrers: Mapping[str, Sequence[LifecycleImage]]
) -> None:
    """Add what the outcome of a subject rests on to what stays or goes with it."""
    pending = [digest for digest in referrers if digest in outcomes]
    while pending:
        subject = outcomes[pending.pop()]
        for image in referrers.get(subject.digest, ()):
            outcome = outcomes[image.digest]
            if outcome.outcome not in {"keep", "follow"}:
                continue
            codes = dict.fromkeys((*outcome.assumptions, *subject.assumptions))
            doubtful = replace(outcome, assumptions=tuple(codes))
            if subject.outcome == "undetermined":
                missing = tuple(_of_image(name, subject.digest) for name in subject.missing)
                doubtful = replace(doubtful, outcome="undetermined", missing=missing)
            if doubtful != outcome:
                outcomes[image.digest] = doubtful
                pending.append(image.digest)


def _of_image(missing: str, digest: str) -> str:
    return missing if " of " in missing else f"{missing} of {digest}"


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

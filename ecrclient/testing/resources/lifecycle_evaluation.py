"""Evaluate a lifecycle policy: which images it expires or archives.

Sources: "Automate the cleanup of images by using lifecycle policies in Amazon ECR" (its evaluation
rules), "Lifecycle policy properties in Amazon ECR", "Examples of lifecycle policies in Amazon ECR".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ecrclient._wildcards import matches

if TYPE_CHECKING:
    from ecrclient.lifecycle import (
        LifecycleAction,
        LifecyclePolicy,
        LifecycleRule,
        LifecycleSelection,
    )

    from ..store import ImageRecord, RepositoryRecord

__all__ = ["Decision", "evaluate"]

_STORAGE_CLASSES = {"ACTIVE": "standard", "ARCHIVED": "archive"}


class Decision(NamedTuple):
    """An image that is expired or archived, and the rule that does so."""

    image: ImageRecord
    rule: LifecycleRule


def evaluate(
    policy: LifecyclePolicy, repository: RepositoryRecord, now: datetime
) -> list[Decision]:
    """Return what the policy does now: rule by rule, the oldest images first.

    Every rule counts all images that it selects, including those that another rule expires. But
    once a rule has selected an image, the later rules do not change it, whether or not the first
    rule does.
    """
    decisions: list[Decision] = []
    taken: set[str] = set()
    for rule in sorted(policy.rules, key=lambda one: one.rule_priority):
        selected = [
            image for image in repository.images.values() if _selects(rule.selection, image, now)
        ]
        decisions += [
            Decision(image, rule)
            for image in _due(rule.selection, selected, now)
            if image.digest not in taken and not _is_protected(repository, image, rule.action)
        ]
        taken.update(image.digest for image in selected)
    return decisions


def _selects(selection: LifecycleSelection, image: ImageRecord, now: datetime) -> bool:
    """Whether the image has the storage class and the tags that the rule selects.

    An image that is being restored is in neither class.
    """
    if _STORAGE_CLASSES.get(image.status(now)) != (selection.storage_class or "standard"):
        return False
    match selection.tag_status:
        case "untagged":
            return not image.tags
        case "tagged":
            patterns = selection.tag_pattern_list or ()
            prefixes = selection.tag_prefix_list or ()
            return all(any(matches(one, tag) for tag in image.tags) for one in patterns) and all(
                any(tag.startswith(one) for tag in image.tags) for one in prefixes
            )
        case _:
            return True


def _due(
    selection: LifecycleSelection, images: Sequence[ImageRecord], now: datetime
) -> list[ImageRecord]:
    """Return the images that are too old, or exceed the count; the oldest first."""
    since = _CLOCKS[selection.count_type]
    # The sort is stable: of two images of the same age, the first one counts as older.
    oldest_first = sorted(images, key=since)
    if selection.count_type == "imageCountMoreThan":
        return oldest_first[: max(0, len(images) - selection.count_number)]
    age = timedelta(days=selection.count_number)
    return [image for image in oldest_first if now - since(image) > age]


def _pushed(image: ImageRecord) -> datetime:
    """When the image was pushed, or restored from the archive."""
    return image.activated_at or image.pushed_at


def _pulled(image: ImageRecord) -> datetime:
    """When the image was last pulled; if never, when it was pushed."""
    return max(image.last_pull or image.pushed_at, _pushed(image))


def _archived(image: ImageRecord) -> datetime:
    return image.archived_at or image.pushed_at


_CLOCKS: dict[str, Callable[[ImageRecord], datetime]] = {
    "imageCountMoreThan": _pushed,
    "sinceImagePushed": _pushed,
    "sinceImagePulled": _pulled,
    "sinceImageTransitioned": _archived,
}


def _is_protected(
    repository: RepositoryRecord, image: ImageRecord, action: LifecycleAction
) -> bool:
    """Whether an index that lists the image prevents the action."""
    indexes = [repository.images[digest] for digest in repository.indexes_with(image.digest)]
    if action.type == "transition":
        return any(not index.is_archived for index in indexes)
    return bool(indexes)

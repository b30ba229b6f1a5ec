"""Evaluate a lifecycle policy for the images of a repository, with `ecrclient.lifecycle`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from ecrclient.lifecycle import LifecycleImage, evaluate

if TYPE_CHECKING:
    from ecrclient.lifecycle import LifecyclePolicy, LifecycleRule

    from ..store import ImageRecord, RepositoryRecord

__all__ = ["Decision", "Decisions", "decide"]


class Decision(NamedTuple):
    """An image that is expired or archived, and the rule that does so."""

    image: ImageRecord
    rule: LifecycleRule


class Decisions(NamedTuple):
    """What a policy does."""

    by_rules: list[Decision]
    """Rule by rule, the oldest images first."""
    expiring: list[ImageRecord]
    """The reference artifacts that expire with their subjects."""
    archiving: list[ImageRecord]
    """The reference artifacts that are archived with their subjects."""


def decide(policy: LifecyclePolicy, repository: RepositoryRecord, now: datetime) -> Decisions:
    """Return what the policy does now."""
    images = repository.images
    evaluation = evaluate(
        policy.rules,
        [_facts(image, now) for image in images.values()],
        now=now,
        children={digest: image.references for digest, image in images.items()},
    )
    rules = {rule.rule_priority: rule for rule in policy.rules}
    following = [one for one in evaluation.images if one.outcome == "follow"]
    return Decisions(
        [
            Decision(images[outcome.digest], rules[outcome.rule])
            for outcome in evaluation.actions
            if outcome.rule is not None
        ],
        [images[outcome.digest] for outcome in following if outcome.action == "expire"],
        [images[outcome.digest] for outcome in following if outcome.action == "archive"],
    )


def _facts(image: ImageRecord, now: datetime) -> LifecycleImage:
    return LifecycleImage(
        digest=image.digest,
        tags=tuple(image.tags),
        pushed_at=image.pushed_at,
        last_pull=image.last_pull,
        status=image.status(now),
        archived_at=image.archived_at,
        activated_at=image.activated_at,
        subject=image.subject,
        is_index=bool(image.references),
    )

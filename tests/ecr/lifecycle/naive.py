"""A second evaluator of lifecycle policies, written from AWS's documentation alone.

It decides about each image separately, by the evaluation rules in "Automate the cleanup of images
by using lifecycle policies in Amazon ECR". It works on the members of ECR's API, and does not
import the package.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

__all__ = ["LITERAL", "Decision", "Reading", "decide"]

Members = Mapping[str, Any]


class Decision(NamedTuple):
    """What happens to an image."""

    outcome: str
    """``expire``, ``archive``, ``protected``, ``follow`` or ``keep``."""
    rule: int | None
    """The rule that marks it."""


class Reading(NamedTuple):
    """How the passages are read of which AWS does not document the details.

    The defaults are the literal readings.
    """

    protected_images_count: bool = True
    """Images in manifest lists count as images of a rule."""
    artifacts_count: bool = True
    """Reference artifacts count as images of a rule."""
    calendar_days: bool = False
    """Days are those of the calendar in UTC, not 24 hours."""
    age_from_push: bool = False
    """The age of a restored image counts from its push."""
    push_after_pull: bool = False
    """A push after the last pull counts as a pull."""
    archived_lists_protect: str = "expire"
    """What an archived manifest list prevents: ``expire``, ``both`` or ``nothing``."""


LITERAL = Reading()


class _Repository(NamedTuple):
    reading: Reading
    images: Sequence[Members]
    manifest_lists: Mapping[str, Sequence[str]]
    """The digests in each manifest list."""
    now: datetime


def decide(
    policy: Members,
    images: Sequence[Members],
    manifest_lists: Mapping[str, Sequence[str]],
    now: datetime,
    reading: Reading = LITERAL,
) -> dict[str, Decision]:
    """The decision about each image, by its digest."""
    repository = _Repository(reading, images, manifest_lists, now)
    return {image["imageDigest"]: _decide(policy, image, repository) for image in images}


def _decide(policy: Members, image: Members, repository: _Repository) -> Decision:
    marked = _marked(policy, image, repository)
    if marked.outcome == "keep" and "subjectManifestDigest" in image:
        # Reference artifacts go when their subject does.
        for subject in repository.images:
            if subject["imageDigest"] == image["subjectManifestDigest"]:
                gone = _leaves(policy, subject, repository)
                if gone == "expire" or (gone == "archive" and _storage_class(image) == "standard"):
                    return Decision("follow", None)
    return marked


def _leaves(policy: Members, image: Members, repository: _Repository) -> str | None:
    """Whether an image is expired or archived, by a rule or with its subject."""
    decision = _decide(policy, image, repository)
    if decision.outcome != "follow":
        return decision.outcome if decision.outcome in {"expire", "archive"} else None
    (subject,) = (
        one for one in repository.images if one["imageDigest"] == image["subjectManifestDigest"]
    )
    return _leaves(policy, subject, repository)


def _marked(policy: Members, image: Members, repository: _Repository) -> Decision:
    # An image that matches a rule cannot be marked by a rule with a lower priority.
    matching = [rule for rule in policy["rules"] if _identifies(rule, image)]
    if not matching:
        return Decision("keep", None)
    rule = min(matching, key=lambda one: one["rulePriority"])
    if not _should_be_marked(rule, image, repository):
        return Decision("keep", None)
    outcome = _outcome_of(rule)
    if _is_in_manifest_list(image, outcome, repository):
        return Decision("protected", None)
    return Decision(outcome, rule["rulePriority"])


def _storage_class(image: Members) -> str:
    return {"ACTIVE": "standard", "ARCHIVED": "archive"}[image["imageStatus"]]


def _identifies(rule: Members, image: Members) -> bool:
    selection = rule["selection"]
    tags = image.get("imageTags", [])
    if selection.get("storageClass", "standard") != _storage_class(image):
        return False
    if selection["tagStatus"] == "untagged":
        return not tags
    if selection["tagStatus"] == "any":
        return True
    wanted = [
        *selection.get("tagPatternList", []),
        *(f"{prefix}*" for prefix in selection.get("tagPrefixList", [])),
    ]
    return all(any(fnmatchcase(tag, pattern) for tag in tags) for pattern in wanted)


def _should_be_marked(rule: Members, image: Members, repository: _Repository) -> bool:
    kind: str = rule["selection"]["countType"]
    number: int = rule["selection"]["countNumber"]
    if kind == "imageCountMoreThan":
        # All images that the rule identifies count, as if none had been expired.
        identified = [
            one
            for one in repository.images
            if _identifies(rule, one) and (one is image or _counts(rule, one, repository))
        ]
        younger = [one for one in identified if _pushed_at(one) > _pushed_at(image)]
        return len(younger) >= number
    begun = _pushed_at(image)
    if kind == "sinceImageTransitioned":
        begun = image["lastArchivedAt"]
    elif kind == "sinceImagePulled":
        begun = _pulled_at(image)
        if repository.reading.push_after_pull:
            begun = max(begun, image["imagePushedAt"])
    elif repository.reading.age_from_push:
        begun = image["imagePushedAt"]
    if repository.reading.calendar_days:
        return (repository.now.date() - begun.date()).days > number
    return repository.now - begun > timedelta(days=number)


def _counts(rule: Members, image: Members, repository: _Repository) -> bool:
    reading = repository.reading
    if not reading.artifacts_count and "subjectManifestDigest" in image:
        return False
    return reading.protected_images_count or not _is_in_manifest_list(
        image, _outcome_of(rule), repository
    )


def _outcome_of(rule: Members) -> str:
    return "expire" if rule["action"]["type"] == "expire" else "archive"


def _pushed_at(image: Members) -> datetime:
    time: datetime = image.get("lastActivatedAt", image["imagePushedAt"])
    return time


def _pulled_at(image: Members) -> datetime:
    if "lastRecordedPullTime" not in image:
        return _pushed_at(image)
    pulled: datetime = image["lastRecordedPullTime"]
    if "lastActivatedAt" in image and pulled < image["lastActivatedAt"]:
        return _pushed_at(image)
    return pulled


def _is_in_manifest_list(image: Members, outcome: str, repository: _Repository) -> bool:
    lists = [
        one
        for one in repository.images
        if image["imageDigest"] in repository.manifest_lists.get(one["imageDigest"], ())
    ]
    if repository.reading.archived_lists_protect not in {outcome, "both"}:
        lists = [one for one in lists if _storage_class(one) != "archive"]
    return lists != []

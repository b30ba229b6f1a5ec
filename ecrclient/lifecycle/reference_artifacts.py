"""Reference artifacts, such as signatures, which ECR expires and archives with their subjects.

Source: the evaluation rules in "Automate the cleanup of images by using lifecycle policies in
Amazon ECR".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ecrclient.lifecycle.image_facts import LifecycleImage
from ecrclient.lifecycle.outcomes import ImageOutcome

__all__ = ["follow_subjects"]


def follow_subjects(outcomes: dict[str, ImageOutcome], images: Sequence[LifecycleImage]) -> None:
    """Change the outcomes of reference artifacts to those of their subjects, and so on in turn.

    An artifact on which a rule acts, or that an index protects, is not changed.
    """
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

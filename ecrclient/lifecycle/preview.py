"""The preview of a lifecycle policy: the outcome of each image, evaluated here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ecrclient._awsjson.protocol.argument_checks import check_argument, wrong_argument
from ecrclient.lifecycle.assumptions import ASSUMPTIONS, Assumption
from ecrclient.lifecycle.comparison import ServiceComparison
from ecrclient.lifecycle.evaluation import evaluate
from ecrclient.lifecycle.image_facts import ImageDetails, read_images
from ecrclient.lifecycle.outcomes import ImageOutcome, Outcome, RuleSummary
from ecrclient.lifecycle.rules import LifecycleRule

__all__ = ["LifecyclePreview", "checked_now", "preview_rules"]

_LAST_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecyclePreview:
    """What a lifecycle policy would do to the images of a repository."""

    now: datetime
    """The time of the evaluation."""
    images: tuple[ImageOutcome, ...]
    """All images, the oldest ones first; those without a push time are last."""
    rules: tuple[RuleSummary, ...]
    """The rules, in the order of their priorities."""
    service: ServiceComparison | None = None
    """The comparison with ECR's preview, if it was requested."""

    @property
    def expiring(self) -> tuple[ImageOutcome, ...]:
        """The images that rules expire."""
        return self._with("expire")

    @property
    def archiving(self) -> tuple[ImageOutcome, ...]:
        """The images that rules archive."""
        return self._with("archive")

    @property
    def following(self) -> tuple[ImageOutcome, ...]:
        """The reference artifacts that ECR expires or archives with their subjects."""
        return self._with("follow")

    @property
    def protected(self) -> tuple[ImageOutcome, ...]:
        """The images on which a rule would act if no index listed them."""
        return self._with("protected")

    @property
    def undetermined(self) -> tuple[ImageOutcome, ...]:
        """The images about which ECR did not send enough."""
        return self._with("undetermined")

    @property
    def assumptions(self) -> Mapping[Assumption, str]:
        """What the outcomes rest on besides AWS's documentation: codes with descriptions."""
        found = {code for image in self.images for code in image.assumptions}
        return {code: text for code, text in ASSUMPTIONS.items() if code in found}

    def outcome_of(self, reference: str) -> ImageOutcome:
        """Return the outcome of an image.

        Args:
            reference: Its digest or one of its tags.

        Raises:
            LookupError: There is no such image.
        """
        for image in self.images:
            if reference == image.digest or reference in image.tags:
                return image
        raise LookupError(f"the preview has no image {reference!r}")

    def to_json(self) -> str:
        """Return the preview as JSON: times as RFC 3339, ages as ISO 8601 durations."""
        from pydantic import TypeAdapter

        return TypeAdapter(LifecyclePreview).dump_json(self).decode()

    def _with(self, outcome: Outcome) -> tuple[ImageOutcome, ...]:
        return tuple(image for image in self.images if image.outcome == outcome)


def preview_rules(
    rules: Iterable[LifecycleRule],
    image_details: ImageDetails,
    *,
    now: datetime | None = None,
    children: Mapping[str, Iterable[str]] | None = None,
) -> LifecyclePreview:
    """Evaluate rules for some images; see `LifecyclePolicy.preview`.

    Raises:
        RequestValidationError: An argument is invalid.
    """
    time = checked_now("preview", now)
    check_argument("preview", "children", children, Mapping, "a mapping of digests", none=True)
    images = read_images("preview", image_details)
    evaluation = evaluate(rules, images, now=time, children=children)
    oldest_first = sorted(evaluation.images, key=lambda image: image.pushed_at or _LAST_TIME)
    return LifecyclePreview(now=time, images=tuple(oldest_first), rules=evaluation.rules)


def checked_now(function: str, now: datetime | None) -> datetime:
    """Return the time of an evaluation; None: the current time.

    Raises:
        RequestValidationError: It is not a time, or has no time zone.
    """
    if now is None:
        return datetime.now(UTC)
    check_argument(function, "now", now, datetime, "a datetime")
    if now.tzinfo is None:
        raise wrong_argument(function, "now", "must have a time zone")
    return now

"""What a lifecycle policy does to an image, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from ecrclient.lifecycle.assumptions import Assumption
from ecrclient.lifecycle.image_facts import StorageClass

__all__ = ["Action", "Event", "ImageOutcome", "Outcome", "RuleSummary"]

Action: TypeAlias = Literal["expire", "archive"]
"""What a rule does with an image."""

Outcome: TypeAlias = Literal["expire", "archive", "follow", "protected", "keep", "undetermined"]
"""What happens to an image.

``expire``, ``archive``: a rule does so. ``follow``: the image is a reference artifact, such as a
signature, and ECR expires or archives it with its subject. ``protected``: a rule would act on the
image, but an index lists it. ``keep``: no rule acts on it. ``undetermined``: ECR did not send what
is needed to decide.
"""

Event: TypeAlias = Literal["pushed", "restored", "pulled", "archived"]
"""The event from which the age of an image counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOutcome:
    """What a lifecycle policy does to an image, and why."""

    digest: str
    tags: tuple[str, ...]
    pushed_at: datetime | None
    storage_class: StorageClass | None
    outcome: Outcome
    action: Action | None = None
    """What happens, or would happen to a protected image; None: nothing."""
    rule: int | None = None
    """The priority of the rule that owns the image: the first one that selects it. Rules with a
    higher number do not act on it. None: no rule selects it."""
    selected_by: tuple[int, ...] = ()
    """The priorities of all rules that select it, the owner first."""
    counted_from: Event | None = None
    """The event whose time the owner reads."""
    age: timedelta | None = None
    """The time since then; None: unknown, or no rule owns the image."""
    rank: int | None = None
    """The position among the images that the owner counts, from 1 for the newest."""
    limit: int | None = None
    """The owner's count number: days, or images."""
    protected_by: tuple[str, ...] = ()
    """The digests of the indexes that protect it."""
    subject: str | None = None
    """The digest of the image that this reference artifact belongs to."""
    missing: tuple[str, ...] = ()
    """What ECR did not send, such as ``image_pushed_at``, if the outcome is undetermined."""
    assumptions: tuple[Assumption, ...] = ()
    """What the outcome rests on, besides AWS's documentation; see `ASSUMPTIONS`."""

    @property
    def reason(self) -> str:
        """The reason for the outcome, as a sentence."""
        match self.outcome:
            case "undetermined":
                return f"ECR did not send {', '.join(self.missing)}."
            case "follow":
                return f"ECR will {self.action} it with its subject, {self.subject}."
            case "protected":
                indexes = ", ".join(self.protected_by)
                return f"{self._rule_and_count()}, but {indexes} lists the image."
            case _ if self.rule is None:
                return "No rule selects the image."
            case _:
                return f"{self._rule_and_count()}."

    def _rule_and_count(self) -> str:
        begun = f"Rule {self.rule} selects the image"
        if self.rank is not None:
            return f"{begun}: number {self.rank} from the newest, keeps {self.limit}"
        days = None if self.age is None else self.age / timedelta(days=1)
        event = (
            f"{self.counted_from}" if days is None else f"{self.counted_from} {days:.2f} days ago"
        )
        return f"{begun}: {event}, limit {self.limit} days"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSummary:
    """What a rule of a lifecycle policy does."""

    priority: int
    action: Action
    selected: int
    """The number of images that it selects."""
    owned: int
    """The number of those that no earlier rule selects."""
    acts_on: int
    """The number of images that it expires or archives."""

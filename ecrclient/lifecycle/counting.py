"""The limit of a rule: which of the images that it selects are too old, or too many.

Source: the evaluation rules in "Automate the cleanup of images by using lifecycle policies in
Amazon ECR".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ecrclient.lifecycle.assumptions import Assumption
from ecrclient.lifecycle.image_facts import LifecycleImage
from ecrclient.lifecycle.outcomes import Event
from ecrclient.lifecycle.rules import LifecycleRule, LifecycleSelection

__all__ = ["Verdict", "order_time", "verdicts"]

_DAY = timedelta(days=1)
_MAX_MISSING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether an image exceeds the limit of a rule."""

    is_due: bool | None
    """None: it is unknown."""
    counted_from: Event | None = None
    age: timedelta | None = None
    rank: int | None = None
    missing: tuple[str, ...] = ()
    assumptions: tuple[Assumption, ...] = ()


def verdicts(
    rule: LifecycleRule,
    selected: Sequence[LifecycleImage],
    uncertain: Sequence[LifecycleImage],
    *,
    now: datetime,
    is_protected: Callable[[LifecycleImage], bool],
) -> Mapping[str, Verdict]:
    """Apply the limit of a rule.

    Args:
        rule: The rule.
        selected: The images that it selects.
        uncertain: The images of which it is unknown whether it selects them.
        now: The time of the evaluation.
        is_protected: Whether an index protects an image.

    Returns:
        For each selected image, by digest, whether it exceeds the limit.
    """
    if rule.selection.count_type == "imageCountMoreThan":
        return _by_rank(rule.selection, selected, uncertain, now, is_protected)
    return {image.digest: _by_age(rule.selection, image, now) for image in selected}


def order_time(image: LifecycleImage) -> tuple[datetime | None, Event]:
    """Return the time that orders the images of the standard class: push, or restoration."""
    if image.activated_at is not None:
        return image.activated_at, "restored"
    return image.pushed_at, "pushed"


def _counted_from(
    selection: LifecycleSelection, image: LifecycleImage
) -> tuple[datetime | None, Event]:
    match selection.count_type:
        case "sinceImageTransitioned":
            return image.archived_at, "archived"
        case "sinceImagePulled" if image.last_pull is not None and (
            image.activated_at is None or image.last_pull >= image.activated_at
        ):
            return image.last_pull, "pulled"
        case _:
            return order_time(image)


_MEMBERS: Mapping[Event, str] = {"archived": "last_archived_at", "pushed": "image_pushed_at"}


def _by_age(selection: LifecycleSelection, image: LifecycleImage, now: datetime) -> Verdict:
    begun, event = _counted_from(selection, image)
    if begun is None:
        return Verdict(is_due=None, counted_from=event, missing=(_MEMBERS[event],))
    age, limit = now - begun, timedelta(days=selection.count_number)
    is_due = age > limit
    assumptions: list[Assumption] = []
    if abs(age - limit) < _DAY:
        assumptions.append("day_boundary")
    pushed = image.pushed_at
    if pushed is not None and (now - pushed > limit) != is_due:
        if selection.count_type == "sinceImagePushed":
            assumptions.append("restored_age")
        elif event == "pulled" and begun < pushed:
            assumptions.append("pulled_before_push")
    if selection.count_type == "sinceImagePulled" and is_due:
        assumptions.append("recorded_pulls")
    return Verdict(is_due=is_due, counted_from=event, age=age, assumptions=tuple(assumptions))


def _by_rank(
    selection: LifecycleSelection,
    selected: Sequence[LifecycleImage],
    uncertain: Sequence[LifecycleImage],
    now: datetime,
    is_protected: Callable[[LifecycleImage], bool],
) -> dict[str, Verdict]:
    limit = selection.count_number
    dated = [(time, image) for image in selected if (time := order_time(image)[0]) is not None]
    undated = [image for image in selected if order_time(image)[0] is None]
    found = {
        image.digest: Verdict(is_due=None, counted_from="pushed", missing=("image_pushed_at",))
        for image in undated
    }
    unknown = [
        *(f"image_pushed_at of {image.digest}" for image in undated),
        *(f"image_status of {image.digest}" for image in uncertain),
    ]
    # The sort is stable: of two images with the same time, the first one counts as older.
    newest_first = sorted(dated, key=lambda pair: pair[0])[::-1]
    tied = _time_at_the_limit([time for time, _ in newest_first], limit)
    others = _Ranks()
    for rank, (time, image) in enumerate(newest_first, start=1):
        is_due: bool | None = rank > limit
        if not is_due and rank + len(unknown) > limit:
            is_due = None
        protected, referrer = is_protected(image), image.subject is not None
        assumptions = others.assumptions(
            limit, is_due=rank > limit, protected=protected, referrer=referrer
        )
        others.count(protected=protected, referrer=referrer)
        if time == tied:
            assumptions = (*assumptions, "equal_times")
        found[image.digest] = Verdict(
            is_due=is_due,
            counted_from=order_time(image)[1],
            age=now - time,
            rank=rank,
            missing=tuple(unknown[:_MAX_MISSING]) if is_due is None else (),
            assumptions=assumptions,
        )
    return found


def _time_at_the_limit(newest_first: Sequence[datetime], limit: int) -> datetime | None:
    """Return the time of two images between which the limit falls, if they have the same time."""
    if len(newest_first) > limit and newest_first[limit - 1] == newest_first[limit]:
        return newest_first[limit]
    return None


class _Ranks:
    """The number of newer images, if some kinds of images did not count."""

    def __init__(self) -> None:
        self._plain = self._unprotected = self._without_referrers = 0

    def count(self, *, protected: bool, referrer: bool) -> None:
        """Count an image."""
        self._unprotected += not protected
        self._without_referrers += not referrer
        self._plain += not (protected or referrer)

    def assumptions(
        self, limit: int, *, is_due: bool, protected: bool, referrer: bool
    ) -> tuple[Assumption, ...]:
        """Return what the decision about the next image rests on."""
        found: list[Assumption] = []
        if not protected and (self._unprotected >= limit) != is_due:
            found.append("protected_counted")
        if not referrer and (self._without_referrers >= limit) != is_due:
            found.append("referrers_counted")
        if not (found or protected or referrer) and (self._plain >= limit) != is_due:
            found.extend(("protected_counted", "referrers_counted"))
        return tuple(found)

"""Functions that build common rules; `LifecyclePolicy.of` checks their limits."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Literal

from pydantic import ValidationError

from ecrclient.lifecycle.errors import LifecyclePolicyError, check_type
from ecrclient.lifecycle.rules import LifecycleAction, LifecycleRule, LifecycleSelection, Tags

__all__ = ["archive_after", "expire_after", "expire_archived_after", "keep_last"]


def keep_last(count: int, *, tags: Tags, description: str | None = None) -> LifecycleRule:
    """Expire all selected images except the *count* most recently pushed ones.

    Args:
        count: The number of images to keep, at least 1.
        tags: The images that the rule selects: ``"any"``, ``"untagged"`` or tag patterns.
        description: A description for people.

    Raises:
        LifecyclePolicyError: an argument has the wrong type.
    """
    return _rule(_selection(tags, "imageCountMoreThan", count), description)


def expire_after(days: int, *, tags: Tags, description: str | None = None) -> LifecycleRule:
    """Expire images *days* days after they were pushed.

    Args:
        days: The number of days, at least 1.
        tags: The images that the rule selects: ``"any"``, ``"untagged"`` or tag patterns.
        description: A description for people.

    Raises:
        LifecyclePolicyError: an argument has the wrong type.
    """
    return _rule(_selection(tags, "sinceImagePushed", days), description)


def archive_after(
    days: int,
    *,
    tags: Tags,
    since: Literal["pushed", "pulled"] = "pulled",
    description: str | None = None,
) -> LifecycleRule:
    """Archive images *days* days after they were pushed or last pulled.

    Args:
        days: The number of days, at least 1.
        tags: The images that the rule selects: ``"any"``, ``"untagged"`` or tag patterns.
        since: The event from which the days are counted.
        description: A description for people.

    Raises:
        LifecyclePolicyError: an argument has the wrong type, or *since* is another string.
    """
    if since not in ("pushed", "pulled"):
        raise LifecyclePolicyError([f"since must be pushed or pulled, not {since!r:.40}"])
    count_type = "sinceImagePushed" if since == "pushed" else "sinceImagePulled"
    archive = LifecycleAction(type="transition", target_storage_class="archive")
    return _rule(_selection(tags, count_type, days), description, archive)


def expire_archived_after(
    days: int, *, tags: Tags, description: str | None = None
) -> LifecycleRule:
    """Expire archived images *days* days after they were archived.

    Args:
        days: The number of days, at least 90.
        tags: The images that the rule selects: ``"any"``, ``"untagged"`` or tag patterns.
        description: A description for people.

    Raises:
        LifecyclePolicyError: an argument has the wrong type.
    """
    selection = _selection(tags, "sinceImageTransitioned", days, storage_class="archive")
    return _rule(selection, description)


def _rule(
    selection: LifecycleSelection, description: str | None, action: LifecycleAction | None = None
) -> LifecycleRule:
    with _readable():
        return LifecycleRule(
            description=description, selection=selection, action=action or LifecycleAction()
        )


def _selection(
    tags: Tags, count_type: str, number: int, *, storage_class: str | None = None
) -> LifecycleSelection:
    check_type(tags, Iterable, "tags must be any, untagged or tag patterns")
    patterns = None if isinstance(tags, str) else list(tags)
    with _readable():
        return LifecycleSelection(
            tag_status=tags if isinstance(tags, str) else "tagged",
            tag_pattern_list=patterns,
            storage_class=storage_class,
            count_type=count_type,
            count_unit=None if count_type == "imageCountMoreThan" else "days",
            count_number=number,
        )


@contextmanager
def _readable() -> Generator[None]:
    """Translate pydantic's errors into `LifecyclePolicyError`."""
    try:
        yield
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
            for problem in error.errors(include_url=False)
        ]
        raise LifecyclePolicyError(problems) from None

"""The rules of a lifecycle policy as typed data: selection and action.

Source: "Lifecycle policy properties in Amazon ECR" in the Amazon ECR User Guide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from ecrclient._awsjson.protocol.scalars import OpenEnum
from ecrclient._awsjson.protocol.shapes import Structure

__all__ = ["LifecycleAction", "LifecycleRule", "LifecycleSelection", "Tags", "storage_class_of"]

Tags = Literal["any", "untagged"] | Sequence[str]
"""The images that a rule selects: all of them, those without a tag, or those that have, for each of
the patterns, a tag that matches it. ``*`` in a pattern matches any characters."""


class LifecycleSelection(Structure, frozen=True):
    """The images that a rule selects."""

    tag_status: Annotated[Literal["tagged", "untagged", "any"] | str, OpenEnum()]
    tag_pattern_list: list[str] | None = None
    """Patterns, in which ``*`` matches any characters; an image needs a match for each of them."""
    tag_prefix_list: list[str] | None = None
    """Prefixes of tags; an image needs a match for each of them."""
    storage_class: Annotated[Literal["standard", "archive"] | str, OpenEnum()] | None = None
    count_type: Annotated[
        Literal[
            "imageCountMoreThan", "sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"
        ]
        | str,
        OpenEnum(),
    ]
    count_unit: Annotated[Literal["days"] | str, OpenEnum()] | None = None
    count_number: int


class LifecycleAction(Structure, frozen=True):
    """The action on the selected images."""

    type: Annotated[Literal["expire", "transition"] | str, OpenEnum()] = "expire"
    target_storage_class: Annotated[Literal["archive"] | str, OpenEnum()] | None = None


class LifecycleRule(Structure, frozen=True):
    """One rule. Rules apply in the order of their priorities, the lowest number first."""

    rule_priority: int = 1
    """The rule's number, at least 1; `LifecyclePolicy.of` assigns it."""
    description: str | None = None
    selection: LifecycleSelection
    action: LifecycleAction = LifecycleAction()


def storage_class_of(rule: LifecycleRule) -> str:
    """Return the storage class whose images a rule selects; ``standard`` is the default."""
    return rule.selection.storage_class or "standard"

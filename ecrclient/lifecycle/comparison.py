"""The differences between a preview that was evaluated here and ECR's preview."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from ecrclient.lifecycle.outcomes import Action, ImageOutcome

if TYPE_CHECKING:
    from ecrclient.models import LifecyclePolicyPreviewResult

__all__ = ["DifferenceKind", "PreviewDifference", "ServiceComparison", "compare_results"]

DifferenceKind: TypeAlias = Literal["only_here", "only_in_service", "other_action", "other_rule"]
"""How the previews differ about an image.

``only_here``, ``only_in_service``: only one of them expires or archives it. ``other_action``: one
expires and the other archives it. ``other_rule``: the action is the same, by another rule.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewDifference:
    """An image about which the preview evaluated here and ECR's preview differ."""

    kind: DifferenceKind
    digest: str
    tags: tuple[str, ...]
    here: ImageOutcome | None
    """What was evaluated here; None: the image was not in the list of images."""
    service_action: Action | str | None
    """What ECR's preview does; None: nothing."""
    service_rule: int | None
    """The priority of the rule that does so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceComparison:
    """A preview beside ECR's preview of the same policy."""

    compared: int
    """The number of images that at least one of the previews expires or archives."""
    differences: tuple[PreviewDifference, ...]

    @property
    def agrees(self) -> bool:
        """Whether there are no differences."""
        return not self.differences


def compare_results(
    outcomes: Iterable[ImageOutcome], results: Iterable[LifecyclePolicyPreviewResult]
) -> ServiceComparison:
    """Compare outcomes with the results of GetLifecyclePolicyPreview.

    Images that follow their subjects are not compared, since no rule acts on them; one that is in
    ECR's results is a difference.
    """
    here = {outcome.digest: outcome for outcome in outcomes}
    there = {result.image_digest: result for result in results}
    acting = [digest for digest, one in here.items() if one.outcome in {"expire", "archive"}]
    digests = dict.fromkeys([*acting, *there])
    differences = [
        difference
        for digest in digests
        if (difference := _difference(digest, here.get(digest), there.get(digest))) is not None
    ]
    return ServiceComparison(compared=len(digests), differences=tuple(differences))


def _difference(
    digest: str, here: ImageOutcome | None, there: LifecyclePolicyPreviewResult | None
) -> PreviewDifference | None:
    service_action = None if there is None else _action(there)
    service_rule = None if there is None else there.applied_rule_priority
    kind: DifferenceKind
    if there is None:
        kind = "only_here"
    elif here is None or here.outcome not in {"expire", "archive"}:
        kind = "only_in_service"
    elif here.outcome != service_action:
        kind = "other_action"
    elif here.rule != service_rule:
        kind = "other_rule"
    else:
        return None
    tags = here.tags if here is not None else tuple(there.image_tags if there is not None else ())
    return PreviewDifference(
        kind=kind,
        digest=digest,
        tags=tags,
        here=here,
        service_action=service_action,
        service_rule=service_rule,
    )


def _action(result: LifecyclePolicyPreviewResult) -> str:
    action = result.action
    if action.type == "EXPIRE":
        return "expire"
    if action.type == "TRANSITION" and action.target_storage_class == "ARCHIVE":
        return "archive"
    return f"{action.type} {action.target_storage_class}".lower()

"""StartLifecyclePolicyPreview and GetLifecyclePolicyPreview."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ecrclient.errors import (
    LifecyclePolicyPreviewInProgressException,
    LifecyclePolicyPreviewNotFoundException,
)
from ecrclient.lifecycle import LifecyclePolicy
from ecrclient.models import (
    GetLifecyclePolicyPreviewRequest,
    GetLifecyclePolicyPreviewResponse,
    ImageIdentifier,
    LifecyclePolicyPreviewResult,
    LifecyclePolicyPreviewSummary,
    LifecyclePolicyRuleAction,
    StartLifecyclePolicyPreviewRequest,
    StartLifecyclePolicyPreviewResponse,
    TransitioningImageTotalCount,
)
from ecrclient.operations import GET_LIFECYCLE_POLICY_PREVIEW, START_LIFECYCLE_POLICY_PREVIEW

from ..background import PreviewRecord
from ..errors import refuse
from .image_ids import check_image_id
from .lifecycle_evaluation import Decision, decide
from .pages import refuse_paging
from .policies import check_lifecycle_policy, lifecycle_policy_of
from .unused_layers import remove_image

if TYPE_CHECKING:
    from ..dispatch import Handlers
    from ..store import Registry, RepositoryRecord
    from .pages import Pages

__all__ = ["LifecyclePreviews", "apply_policies"]

_IN_PROGRESS, _COMPLETE = "IN_PROGRESS", "COMPLETE"


class LifecyclePreviews:
    """StartLifecyclePolicyPreview and GetLifecyclePolicyPreview.

    A repository has one preview, of the images at the time when the preview was started.
    """

    def __init__(self, registry: Registry, pages: Pages) -> None:
        self._registry = registry
        self._pages = pages

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(START_LIFECYCLE_POLICY_PREVIEW, self.start)
        handlers.on(GET_LIFECYCLE_POLICY_PREVIEW, self.get)

    def start(
        self, request: StartLifecyclePolicyPreviewRequest
    ) -> StartLifecyclePolicyPreviewResponse:
        """Start a preview of the given policy, or of the repository's policy."""
        registry = self._registry
        repository = registry.repository(request.repository_name, request.registry_id)
        text = request.lifecycle_policy_text
        if text is None:
            text = lifecycle_policy_of(registry, repository)
        else:
            check_lifecycle_policy(text)
        previous = repository.lifecycle_preview
        if previous is not None and self._status(repository, previous) == _IN_PROGRESS:
            raise refuse(
                LifecyclePolicyPreviewInProgressException,
                "The previous lifecycle policy preview request of the repository with name "
                f"'{repository.name}' in the registry with id '{registry.account_id}' has not "
                "completed. Wait and try again.",
            )
        now = registry.clock()
        repository.lifecycle_preview = PreviewRecord(
            policy_text=text,
            done_at=now + timedelta(seconds=registry.script.preview_seconds),
            results=list(
                map(_describe, decide(LifecyclePolicy.parse(text), repository, now).by_rules)
            ),
        )
        return StartLifecyclePolicyPreviewResponse(
            registry_id=registry.account_id,
            repository_name=repository.name,
            lifecycle_policy_text=text,
            status=_IN_PROGRESS,
        )

    def get(self, request: GetLifecyclePolicyPreviewRequest) -> GetLifecyclePolicyPreviewResponse:
        """Return the status of the preview, and its results once it is complete."""
        registry = self._registry
        repository = registry.repository(request.repository_name, request.registry_id)
        preview = repository.lifecycle_preview
        if preview is None:
            raise refuse(
                LifecyclePolicyPreviewNotFoundException,
                f"There is no lifecycle policy preview for the repository with name "
                f"'{repository.name}' in the registry with id '{registry.account_id}'",
            )
        status = self._status(repository, preview)
        results = preview.results if status == _COMPLETE else []
        page, next_token = self._page(request, [one for one in results if _wanted(one, request)])
        response = GetLifecyclePolicyPreviewResponse(
            registry_id=registry.account_id,
            repository_name=repository.name,
            lifecycle_policy_text=preview.policy_text,
            status=status,
            preview_results=page,
            next_token=next_token,
        )
        if status != _COMPLETE:
            return response
        return response.model_copy(update={"summary": _summarise(results)})

    def _page(
        self,
        request: GetLifecyclePolicyPreviewRequest,
        results: list[LifecyclePolicyPreviewResult],
    ) -> tuple[list[LifecyclePolicyPreviewResult], str | None]:
        """Return the results of the named images, or all of them in pages; the oldest first."""
        if not request.image_ids:
            return self._pages.cut(request, results, key=_sort_key)
        refuse_paging(request, "imageIds")
        for image_id in request.image_ids:
            check_image_id(image_id)
        return sorted(results, key=_sort_key), None

    def _status(self, repository: RepositoryRecord, preview: PreviewRecord) -> str:
        if self._registry.clock() < preview.done_at:
            return _IN_PROGRESS
        return self._registry.script.preview_statuses.get(repository.name, _COMPLETE)


def apply_policies(registry: Registry) -> dict[str, list[LifecyclePolicyPreviewResult]]:
    """Expire and archive images as the lifecycle policies say, and return what was done.

    Returns:
        The results by repository name; repositories without a policy are omitted. Reference
        artifacts, which go with their subjects, are not in the results.
    """
    now = registry.clock()
    done: dict[str, list[LifecyclePolicyPreviewResult]] = {}
    for repository in registry.repositories.values():
        if repository.lifecycle_policy_text is None:
            continue
        policy = LifecyclePolicy.parse(repository.lifecycle_policy_text)
        decisions = decide(policy, repository, now)
        done[repository.name] = [_describe(decision) for decision in decisions.by_rules]
        for image, rule in decisions.by_rules:
            if rule.action.type == "transition":
                image.is_archived, image.archived_at = True, now
            elif image.digest in repository.images:
                remove_image(registry, repository, image.digest)
        for image in decisions.archiving:
            image.is_archived, image.archived_at = True, now
        for image in decisions.expiring:
            remove_image(registry, repository, image.digest)
        repository.lifecycle_evaluated_at = now
    return done


def _describe(decision: Decision) -> LifecyclePolicyPreviewResult:
    image, rule = decision
    target = rule.action.target_storage_class
    result = LifecyclePolicyPreviewResult(
        image_digest=image.digest,
        image_pushed_at=image.pushed_at,
        action=LifecyclePolicyRuleAction(
            type=rule.action.type.upper(), target_storage_class=target.upper() if target else None
        ),
        applied_rule_priority=rule.rule_priority,
        storage_class=(rule.selection.storage_class or "standard").upper(),
    )
    # ECR omits the member if there is no tag.
    return result.model_copy(update={"image_tags": [*image.tags]}) if image.tags else result


def _wanted(
    result: LifecyclePolicyPreviewResult, request: GetLifecyclePolicyPreviewRequest
) -> bool:
    tag_status = (request.filter and request.filter.tag_status) or "ANY"
    has_status = tag_status in ("ANY", "TAGGED" if result.image_tags else "UNTAGGED")
    named = request.image_ids
    return has_status and (not named or any(_is_named(result, one) for one in named))


def _is_named(result: LifecyclePolicyPreviewResult, image_id: ImageIdentifier) -> bool:
    return image_id.image_digest in (None, result.image_digest) and (
        image_id.image_tag is None or image_id.image_tag in result.image_tags
    )


def _summarise(results: list[LifecyclePolicyPreviewResult]) -> LifecyclePolicyPreviewSummary:
    """Return the totals of all results, regardless of the filters of the request."""
    targets = [one.action.target_storage_class for one in results]
    summary = LifecyclePolicyPreviewSummary(expiring_image_total_count=targets.count(None))
    moving = [
        TransitioningImageTotalCount(target_storage_class=to, image_total_count=targets.count(to))
        for to in dict.fromkeys(targets)
        if to is not None
    ]
    # ECR omits the member if there is nothing to count.
    return summary.model_copy(update={"transitioning_image_total_counts": moving} if moving else {})


def _sort_key(result: LifecyclePolicyPreviewResult) -> str:
    return f"{result.image_pushed_at.timestamp():020.6f} {result.image_digest}"

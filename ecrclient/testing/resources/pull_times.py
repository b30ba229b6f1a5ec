"""Pull time update exclusions: principals whose pulls are not recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecrclient.errors import ExclusionAlreadyExistsException, ExclusionNotFoundException
from ecrclient.models import (
    DeregisterPullTimeUpdateExclusionRequest,
    DeregisterPullTimeUpdateExclusionResponse,
    ListPullTimeUpdateExclusionsRequest,
    ListPullTimeUpdateExclusionsResponse,
    RegisterPullTimeUpdateExclusionRequest,
    RegisterPullTimeUpdateExclusionResponse,
)
from ecrclient.operations import (
    DEREGISTER_PULL_TIME_UPDATE_EXCLUSION,
    LIST_PULL_TIME_UPDATE_EXCLUSIONS,
    REGISTER_PULL_TIME_UPDATE_EXCLUSION,
)

from ..errors import refuse

if TYPE_CHECKING:
    from ..dispatch import Handlers
    from ..store import Registry
    from .pages import Pages

__all__ = ["PullTimeExclusions"]


class PullTimeExclusions:
    """Register-, Deregister- and ListPullTimeUpdateExclusions."""

    def __init__(self, registry: Registry, pages: Pages) -> None:
        self._registry = registry
        self._pages = pages

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(REGISTER_PULL_TIME_UPDATE_EXCLUSION, self.add)
        handlers.on(DEREGISTER_PULL_TIME_UPDATE_EXCLUSION, self.remove)
        handlers.on(LIST_PULL_TIME_UPDATE_EXCLUSIONS, self.list_all)

    def add(
        self, request: RegisterPullTimeUpdateExclusionRequest
    ) -> RegisterPullTimeUpdateExclusionResponse:
        """Stop recording the pulls of a principal."""
        principal = request.principal_arn
        if principal in self._registry.pull_time_exclusions:
            raise refuse(
                ExclusionAlreadyExistsException,
                f"The pull time update exclusion for '{principal}' already exists",
            )
        self._registry.pull_time_exclusions.append(principal)
        return RegisterPullTimeUpdateExclusionResponse(
            principal_arn=principal, created_at=self._registry.clock()
        )

    def remove(
        self, request: DeregisterPullTimeUpdateExclusionRequest
    ) -> DeregisterPullTimeUpdateExclusionResponse:
        """Resume recording the pulls of a principal."""
        principal = request.principal_arn
        if principal not in self._registry.pull_time_exclusions:
            raise refuse(
                ExclusionNotFoundException,
                f"There is no pull time update exclusion for '{principal}'",
            )
        self._registry.pull_time_exclusions.remove(principal)
        return DeregisterPullTimeUpdateExclusionResponse(principal_arn=principal)

    def list_all(
        self, request: ListPullTimeUpdateExclusionsRequest
    ) -> ListPullTimeUpdateExclusionsResponse:
        """Return the excluded principals in pages."""
        page, next_token = self._pages.cut(request, self._registry.pull_time_exclusions, key=str)
        return ListPullTimeUpdateExclusionsResponse(
            pull_time_update_exclusions=page, next_token=next_token
        )

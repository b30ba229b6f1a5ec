"""Referrers: artifacts, such as signatures and SBOMs, whose ``subject`` is an image.

Source: "Listing referrers" in the OCI distribution specification, whose descriptors ECR returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecrclient.models import (
    ImageReferrer,
    ListImageReferrersFilter,
    ListImageReferrersRequest,
    ListImageReferrersResponse,
)
from ecrclient.operations import LIST_IMAGE_REFERRERS

from .image_ids import check_image_id, identify
from .manifests import read_manifest

if TYPE_CHECKING:
    from ..dispatch import Handlers
    from ..store import ImageRecord, Registry
    from .pages import Pages

__all__ = ["Referrers"]

_DEFAULT_PAGE_SIZE = 20


class Referrers:
    """ListImageReferrers.

    The subject need not exist: an artifact may be pushed before its subject, and stays when the
    subject is deleted.
    """

    def __init__(self, registry: Registry, pages: Pages) -> None:
        self._registry = registry
        self._pages = pages

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(LIST_IMAGE_REFERRERS, self.list_referrers)

    def list_referrers(self, request: ListImageReferrersRequest) -> ListImageReferrersResponse:
        """Return the artifacts of a subject in pages, by digest; only active ones by default."""
        repository = self._registry.repository(request.repository_name, request.registry_id)
        subject = request.subject_id.image_digest
        check_image_id(identify(subject))
        wanted = request.filter or ListImageReferrersFilter()
        referrers = [
            image
            for image in repository.images.values()
            if image.subject == subject and self._matches(image, wanted)
        ]
        page, next_token = self._pages.cut(
            request, referrers, key=lambda image: image.digest, default_size=_DEFAULT_PAGE_SIZE
        )
        return ListImageReferrersResponse(
            referrers=list(map(self._describe, page)), next_token=next_token
        )

    def _matches(self, image: ImageRecord, wanted: ListImageReferrersFilter) -> bool:
        status = wanted.artifact_status or "ACTIVE"
        types = wanted.artifact_types
        return status in ("ANY", image.status(self._registry.clock())) and (
            not types or image.artifact_media_type in types
        )

    def _describe(self, image: ImageRecord) -> ImageReferrer:
        return ImageReferrer(
            digest=image.digest,
            media_type=image.media_type,
            artifact_type=image.artifact_media_type,
            # The size of the manifest, with which clients can check what they receive.
            size=len(image.manifest.encode()),
            annotations=dict(read_manifest(image.manifest, image.media_type).annotations),
            artifact_status=image.status(self._registry.clock()),
        )

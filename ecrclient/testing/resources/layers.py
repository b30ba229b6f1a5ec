"""Availability and download URLs of layers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecrclient.errors import LayerInaccessibleException, LayersNotFoundException
from ecrclient.models import (
    BatchCheckLayerAvailabilityRequest,
    BatchCheckLayerAvailabilityResponse,
    GetDownloadUrlForLayerRequest,
    GetDownloadUrlForLayerResponse,
    Layer,
    LayerFailure,
)
from ecrclient.operations import BATCH_CHECK_LAYER_AVAILABILITY, GET_DOWNLOAD_URL_FOR_LAYER

from ..errors import refuse
from .image_ids import DIGEST

if TYPE_CHECKING:
    from datetime import datetime

    from ..dispatch import Handlers
    from ..store import Registry, RepositoryRecord
    from .layer_downloads import LayerDownloads

__all__ = ["Layers", "availability"]


class Layers:
    """BatchCheckLayerAvailability, GetDownloadUrlForLayer."""

    def __init__(self, registry: Registry, downloads: LayerDownloads) -> None:
        self._registry = registry
        self._downloads = downloads

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(BATCH_CHECK_LAYER_AVAILABILITY, self.check)
        handlers.on(GET_DOWNLOAD_URL_FOR_LAYER, self.get_download_url)

    def check(
        self, request: BatchCheckLayerAvailabilityRequest
    ) -> BatchCheckLayerAvailabilityResponse:
        """Return for each layer whether it has to be uploaded."""
        repository = self._registry.repository(request.repository_name, request.registry_id)
        found = [self._layer(repository, digest) for digest in dict.fromkeys(request.layer_digests)]
        return BatchCheckLayerAvailabilityResponse(
            layers=[one for one in found if isinstance(one, Layer)],
            failures=[one for one in found if isinstance(one, LayerFailure)],
        )

    def get_download_url(
        self, request: GetDownloadUrlForLayerRequest
    ) -> GetDownloadUrlForLayerResponse:
        """Return a URL that serves a layer of an image until it expires."""
        repository = self._registry.repository(request.repository_name, request.registry_id)
        digest = request.layer_digest
        where = (
            f"repository with name '{repository.name}' in the registry with id "
            f"'{self._registry.account_id}'"
        )
        if digest not in repository.layers:
            raise refuse(
                LayersNotFoundException,
                f"The layer with digest '{digest}' does not exist within the {where}",
            )
        if "ACTIVE" not in _uses(repository, digest, self._registry.clock()):
            raise refuse(
                LayerInaccessibleException,
                f"The layer with digest '{digest}' is not associated with an active image in the "
                f"{where}",
            )
        return GetDownloadUrlForLayerResponse(
            download_url=self._downloads.url(repository.name, digest), layer_digest=digest
        )

    def _layer(self, repository: RepositoryRecord, digest: str) -> Layer | LayerFailure:
        if not digest:
            return LayerFailure(
                layer_digest=digest,
                failure_code="MissingLayerDigest",
                failure_reason="Invalid request parameters: layer digest cannot be empty",
            )
        if not re.fullmatch(DIGEST, digest):
            return LayerFailure(
                layer_digest=digest,
                failure_code="InvalidLayerDigest",
                failure_reason="Invalid request parameters: layer digest should satisfy the "
                f"regex '{DIGEST}'",
            )
        found = availability(repository, digest, self._registry.clock())
        if found == "UNAVAILABLE":
            return Layer(layer_digest=digest, layer_availability=found)
        layer = repository.layers[digest]
        return Layer(
            layer_digest=digest,
            layer_availability=found,
            layer_size=layer.size,
            media_type=layer.media_type,
        )


def availability(repository: RepositoryRecord, digest: str, now: datetime) -> str:
    """Return whether a layer has to be uploaded before an image with it can be pushed.

    It is ARCHIVED if images reference it and all of them are archived.
    """
    if digest not in repository.layers:
        return "UNAVAILABLE"
    uses = _uses(repository, digest, now)
    return "AVAILABLE" if not uses or "ACTIVE" in uses else "ARCHIVED"


def _uses(repository: RepositoryRecord, digest: str, now: datetime) -> set[str]:
    """Return the statuses of the images that reference the layer."""
    return {image.status(now) for image in repository.images.values() if digest in image.layers}

"""DescribeImageReplicationStatus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ecrclient.models import (
    DescribeImageReplicationStatusRequest,
    DescribeImageReplicationStatusResponse,
    ImageReplicationStatus,
)
from ecrclient.operations import DESCRIBE_IMAGE_REPLICATION_STATUS

from ..background import ReplicationRecord
from .image_ids import identify, named_image

if TYPE_CHECKING:
    from ..dispatch import Handlers
    from ..store import ImageRecord, Registry, RepositoryRecord

__all__ = ["Replication"]


class Replication:
    """DescribeImageReplicationStatus."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(DESCRIBE_IMAGE_REPLICATION_STATUS, self.describe)

    def describe(
        self, request: DescribeImageReplicationStatusRequest
    ) -> DescribeImageReplicationStatusResponse:
        """Return the status of the last replication of an image to each destination."""
        registry = self._registry
        repository = registry.repository(request.repository_name, request.registry_id)
        image = named_image(registry, repository, request.image_id)
        records = sorted(
            [*image.replications, *self._backfilled(repository, image)],
            key=lambda record: record.started_at,
        )
        last = {(record.region, record.registry_id): record for record in records}
        return DescribeImageReplicationStatusResponse(
            repository_name=repository.name,
            image_id=identify(image.digest, request.image_id.image_tag),
            replication_statuses=[self._status(record) for record in last.values()],
        )

    def _backfilled(
        self, repository: RepositoryRecord, image: ImageRecord
    ) -> Iterator[ReplicationRecord]:
        """Yield the image's replications by backfills that have started and are not cut off."""
        now = self._registry.clock()
        for backfill in self._registry.backfills.values():
            for item in backfill.items:
                is_item = (item.repository_name, item.digest) == (repository.name, image.digest)
                if is_item and backfill.prepared_at <= now and item.done_at <= backfill.ended_at:
                    yield ReplicationRecord(
                        region=backfill.region,
                        registry_id=backfill.registry_id,
                        started_at=backfill.prepared_at,
                        done_at=item.done_at,
                        failure_code=item.failure_code,
                    )

    def _status(self, record: ReplicationRecord) -> ImageReplicationStatus:
        if self._registry.clock() < record.done_at:
            status = "IN_PROGRESS"
        else:
            status = "FAILED" if record.failure_code else "COMPLETE"
        return ImageReplicationStatus(
            region=record.region,
            registry_id=record.registry_id,
            status=status,
            failure_code=record.failure_code if status == "FAILED" else None,
        )

"""Storage classes: archived and restored images.

Sources: "Archiving an image in Amazon ECR" and "Restoring an image". An index and the images that
it lists are archived separately: AWS does not document that they are archived together.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ecrclient.errors import ImageStorageClassUpdateNotSupportedException
from ecrclient.models import UpdateImageStorageClassRequest, UpdateImageStorageClassResponse
from ecrclient.operations import UPDATE_IMAGE_STORAGE_CLASS

from ..errors import refuse
from .image_ids import identify, named_image

if TYPE_CHECKING:
    from datetime import datetime

    from ..dispatch import Handlers
    from ..store import ImageRecord, Registry

__all__ = ["StorageClasses", "restore_now"]

# ECR documents up to 20 minutes, for which callers have to be prepared.
_RESTORE_DURATION = timedelta(minutes=20)

# The status that an image must have to be moved to a storage class.
_REQUIRED_STATUS = {"ARCHIVE": "ACTIVE", "STANDARD": "ARCHIVED"}


class StorageClasses:
    """UpdateImageStorageClass.

    An image is archived immediately. It is restored after 20 minutes by the registry's clock; until
    then it is ACTIVATING and cannot be pulled.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(UPDATE_IMAGE_STORAGE_CLASS, self.update)

    def update(self, request: UpdateImageStorageClassRequest) -> UpdateImageStorageClassResponse:
        """Archive an image, or start to restore it."""
        repository = self._registry.repository(request.repository_name, request.registry_id)
        image = named_image(self._registry, repository, request.image_id)
        now, target = self._registry.clock(), request.target_storage_class
        status = image.status(now)
        if status != _REQUIRED_STATUS[target]:
            raise refuse(
                ImageStorageClassUpdateNotSupportedException,
                f"The image with digest '{image.digest}' is {status} and cannot be moved to the "
                f"storage class {target}",
            )
        if target == "ARCHIVE":
            image.is_archived, image.archived_at = True, now
        else:
            image.is_archived, image.activated_at = False, now + _RESTORE_DURATION
        return UpdateImageStorageClassResponse(
            registry_id=self._registry.account_id,
            repository_name=repository.name,
            image_id=identify(image.digest, request.image_id.image_tag),
            image_status=image.status(now),
        )


def restore_now(image: ImageRecord, now: datetime) -> None:
    """Restore an archived image without delay, as a push does."""
    if image.status(now) != "ACTIVE":
        image.is_archived, image.activated_at = False, now

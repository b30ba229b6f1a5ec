"""Uploads of layers: consecutive parts, then a check of the digest.

Sources: the API reference of the three operations, and "Amazon ECR service quotas". AWS does not
document the lifetime of an upload ID. Here an upload expires 24 hours after its last part; a call
that names it then fails like one that names an unknown upload.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from ecrclient.errors import (
    EmptyUploadException,
    InvalidLayerException,
    InvalidLayerPartException,
    LayerAlreadyExistsException,
    LayerPartTooSmallException,
    LimitExceededException,
    UploadNotFoundException,
)
from ecrclient.models import (
    CompleteLayerUploadRequest,
    CompleteLayerUploadResponse,
    InitiateLayerUploadRequest,
    InitiateLayerUploadResponse,
    UploadLayerPartRequest,
    UploadLayerPartResponse,
)
from ecrclient.operations import (
    COMPLETE_LAYER_UPLOAD,
    INITIATE_LAYER_UPLOAD,
    UPLOAD_LAYER_PART,
)

from ..errors import refuse
from ..store import UploadRecord
from .create_on_push import repository_for_push
from .layers import availability
from .unused_layers import mark_unused

if TYPE_CHECKING:
    from ..dispatch import Handlers
    from ..store import Registry, RepositoryRecord

__all__ = ["LayerUploads", "find_upload"]

_LEAST_PART_SIZE = 5 * 1024 * 1024
_MOST_PARTS = 4_200
_LIFETIME = timedelta(hours=24)


class LayerUploads:
    """InitiateLayerUpload, UploadLayerPart, CompleteLayerUpload."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(INITIATE_LAYER_UPLOAD, self.initiate)
        handlers.on(UPLOAD_LAYER_PART, self.upload_part)
        handlers.on(COMPLETE_LAYER_UPLOAD, self.complete)

    def initiate(self, request: InitiateLayerUploadRequest) -> InitiateLayerUploadResponse:
        """Start an upload."""
        repository = repository_for_push(
            self._registry, request.repository_name, request.registry_id
        )
        _expire(self._registry, repository)
        upload = UploadRecord(str(uuid.uuid4()), active_at=self._registry.clock())
        repository.uploads[upload.upload_id] = upload
        return InitiateLayerUploadResponse(
            upload_id=upload.upload_id, part_size=self._registry.part_size
        )

    def upload_part(self, request: UploadLayerPartRequest) -> UploadLayerPartResponse:
        """Store the next part."""
        repository = self._registry.repository(request.repository_name, request.registry_id)
        upload = find_upload(self._registry, repository, request.upload_id)
        self._check_part(repository, upload, request)
        if len(upload.part_sizes) == _MOST_PARTS:
            raise refuse(
                LimitExceededException, f"A layer cannot have more than {_MOST_PARTS} parts"
            )
        self._registry.layer_store.append(upload, request.layer_part_blob)
        upload.active_at = self._registry.clock()
        return UploadLayerPartResponse(
            registry_id=self._registry.account_id,
            repository_name=repository.name,
            upload_id=upload.upload_id,
            last_byte_received=upload.size - 1,
        )

    def complete(self, request: CompleteLayerUploadRequest) -> CompleteLayerUploadResponse:
        """Create a layer from the parts.

        A layer that only archived images reference can be uploaded again, since it is reported to
        clients as not available.
        """
        repository = self._registry.repository(request.repository_name, request.registry_id)
        upload = find_upload(self._registry, repository, request.upload_id)
        self._check_sizes(upload)
        layer_store = self._registry.layer_store
        digest = layer_store.digest(upload)
        if set(request.layer_digests) != {digest}:
            raise refuse(
                InvalidLayerException,
                f"The digest of the layer is '{digest}', "
                f"not '{', '.join(sorted(set(request.layer_digests) - {digest}))}'",
            )
        del repository.uploads[upload.upload_id]
        if availability(repository, digest, self._registry.clock()) == "AVAILABLE":
            layer_store.discard(upload)
            raise refuse(
                LayerAlreadyExistsException,
                f"The layer with digest '{digest}' already exists in the repository with name "
                f"'{repository.name}' in the registry with id '{self._registry.account_id}'",
            )
        if digest in repository.layers:
            layer_store.discard(upload)
        else:
            repository.layers[digest] = layer_store.complete(upload, digest)
        mark_unused(self._registry, repository, [digest])
        return CompleteLayerUploadResponse(
            registry_id=self._registry.account_id,
            repository_name=repository.name,
            upload_id=upload.upload_id,
            layer_digest=digest,
        )

    def _check_sizes(self, upload: UploadRecord) -> None:
        sizes = upload.part_sizes
        if not sizes:
            raise refuse(
                EmptyUploadException,
                f"The upload with id '{upload.upload_id}' does not contain any layer parts",
            )
        # A part of the advertised size is never too small, even if a test advertises a small size,
        # and the registry's /v2/ API takes parts of any size.
        least = min(_LEAST_PART_SIZE, self._registry.part_size)
        if upload.first_request_size is None and any(size < least for size in sizes[:-1]):
            raise refuse(
                LayerPartTooSmallException,
                f"Layer parts must be at least {least} bytes, except for the last one",
            )

    def _check_part(
        self,
        repository: RepositoryRecord,
        upload: UploadRecord,
        request: UploadLayerPartRequest,
    ) -> None:
        """Refuse a part that is empty, leaves a gap, or has another length than its range."""
        first, last, size = request.part_first_byte, request.part_last_byte, upload.size
        if first != size:
            problem = f"the part must start at byte {size}, not {first}"
        elif not request.layer_part_blob:
            problem = "the part must not be empty"
        elif last - first + 1 != len(request.layer_part_blob):
            problem = (
                f"the range from byte {first} to byte {last} must match the "
                f"{len(request.layer_part_blob)} bytes of the part"
            )
        else:
            return
        # Before the first part there is no last byte, and the model cannot express that.
        received = {"lastValidByteReceived": size - 1} if size else {}
        raise refuse(
            InvalidLayerPartException,
            f"Invalid part of the upload with id '{upload.upload_id}': {problem}",
            registryId=self._registry.account_id,
            repositoryName=repository.name,
            uploadId=upload.upload_id,
            **received,
        )


def find_upload(registry: Registry, repository: RepositoryRecord, upload_id: str) -> UploadRecord:
    """Return an upload in progress.

    Raises:
        UploadNotFoundException: It does not exist, is complete or has expired.
    """
    _expire(registry, repository)
    upload = repository.uploads.get(upload_id)
    if upload is None:
        raise refuse(
            UploadNotFoundException,
            f"The upload with id '{upload_id}' does not exist in the repository with name "
            f"'{repository.name}' in the registry with id '{registry.account_id}'",
        )
    return upload


def _expire(registry: Registry, repository: RepositoryRecord) -> None:
    """Discard the uploads that have not received a part for 24 hours."""
    now = registry.clock()
    for upload in list(repository.uploads.values()):
        if upload.active_at is not None and now - upload.active_at >= _LIFETIME:
            del repository.uploads[upload.upload_id]
            registry.layer_store.discard(upload)

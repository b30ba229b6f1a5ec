"""Uploads of blobs with ECR's own operations.

Parts are consecutive and go out one after the other, while the next ones are read, hashed and
encoded: at most three parts of an upload are in memory. Source: "InitiateLayerUpload",
"UploadLayerPart" and "CompleteLayerUpload" in the Amazon ECR API Reference.
"""

from __future__ import annotations

from ecrclient._awsjson.many.ahead import ReadAhead
from ecrclient.errors import (
    EmptyUploadException,
    InvalidLayerException,
    InvalidLayerPartException,
    LayerAlreadyExistsException,
    LayerPartTooSmallException,
    UploadNotFoundException,
)
from ecrclient.images.calls import RepositoryCalls
from ecrclient.images.errors import LimitError, UploadError
from ecrclient.images.manifests import Descriptor
from ecrclient.images.parts import STEP_BYTES, Part, Parts
from ecrclient.images.stores import BlobMeter, BlobSource, UploadLog, UploadRecord
from ecrclient.operations import (
    BATCH_CHECK_LAYER_AVAILABILITY,
    COMPLETE_LAYER_UPLOAD,
    INITIATE_LAYER_UPLOAD,
)

__all__ = ["MAX_LAYER_BYTES", "LayerUploads", "check_uploadable"]

MAX_LAYER_BYTES = 52_000 * 1024 * 1024
"""ECR's limit for a layer ("Amazon ECR service quotas")."""
_MAX_PARTS = 4_200
_MAX_PART_BYTES = 20_971_520
_MIN_PART_BYTES = 5 * 1024 * 1024
_PARTS_AHEAD = 2
"""The parts that are prepared while another one is being sent."""
_MAX_STARTS = 3


class LayerUploads:
    """Uploads blobs to one repository.

    Args:
        calls: The operations on the repository.
        log: Remembers uploads in progress.
        repository: The name of the repository in the log.
    """

    def __init__(self, calls: RepositoryCalls, log: UploadLog | None, repository: str) -> None:
        self._calls = calls
        self._log = log
        self._repository = repository

    async def upload(self, source: BlobSource, meter: BlobMeter) -> None:
        """Upload a blob; it succeeds if the repository has the blob in the meantime.

        The content is hashed while it is sent, unless an interrupted upload continues: ECR verifies
        the digest of every upload when it completes.

        Raises:
            ContentMismatchError: The content does not have its digest or its size.
            LimitError: ECR does not accept a blob of this size.
            UploadError: The registry refuses the upload, or loses it repeatedly.
        """
        blob = source.descriptor
        check_uploadable(blob)
        upload = self._interrupted(blob)
        for start in range(_MAX_STARTS):
            upload = upload or await self._initiate(blob)
            if start or upload.position:
                meter.restart(upload.position)
            try:
                await self._continue(source, upload, meter)
            except _RewindError as rewind:
                upload = upload._replace(position=rewind.position) if rewind.position else None
            except UploadNotFoundException:
                upload = None
            else:
                await self._record(blob.digest, None)
                return
            meter.retried()
        await self._record(blob.digest, None)
        raise UploadError(blob.digest, 0, f"the registry lost the upload {_MAX_STARTS} times")

    def _interrupted(self, blob: Descriptor) -> UploadRecord | None:
        """Return the upload of an earlier process."""
        upload = None if self._log is None else self._log.find(self._repository, blob.digest)
        if upload is None or upload.position > blob.size or upload.part_size > _MAX_PART_BYTES:
            return None
        return upload

    async def _initiate(self, blob: Descriptor) -> UploadRecord:
        response = await self._calls.call(INITIATE_LAYER_UPLOAD)
        part_size = max(response.part_size, _MIN_PART_BYTES, -(-blob.size // _MAX_PARTS))
        return UploadRecord(response.upload_id, min(part_size, _MAX_PART_BYTES), 0)

    async def _continue(self, source: BlobSource, upload: UploadRecord, meter: BlobMeter) -> None:
        """Send the parts from the upload's position on, and complete the upload."""
        blob = source.descriptor
        if upload.position < blob.size:
            async with source.open(upload.position, piece_bytes=STEP_BYTES) as stream:
                parts = Parts(stream, blob, upload, self._members(upload))
                async with ReadAhead(parts, _PARTS_AHEAD) as prepared:
                    async for part in prepared:
                        await self._send(part)
                        parts.reuse(part)
                        accepted = upload._replace(position=part.end)
                        await self._record(blob.digest, accepted)
                        meter.add(part.end - part.start)
        await self._complete(blob, upload)

    def _members(self, upload: UploadRecord) -> dict[str, str]:
        """The members of a request that all parts have in common."""
        members = {
            "registryId": self._calls.registry_id,
            "repositoryName": self._calls.repository_name,
            "uploadId": upload.upload_id,
        }
        return {name: value for name, value in members.items() if value is not None}

    async def _send(self, part: Part) -> None:
        try:
            await self._calls.send_part(part.body)
        except InvalidLayerPartException as error:
            last = error.last_valid_byte_received
            if last is None or last < part.end - 1:
                raise _RewindError(0 if last is None else last + 1) from error
            # An earlier attempt, whose response was lost, has arrived.

    async def _complete(self, blob: Descriptor, upload: UploadRecord) -> None:
        try:
            await self._calls.call(
                COMPLETE_LAYER_UPLOAD, upload_id=upload.upload_id, layer_digests=[blob.digest]
            )
        except LayerAlreadyExistsException:
            pass
        except UploadNotFoundException:
            # Also the result of a retry, if the response to the first attempt was lost.
            if not await self._is_available(blob):
                raise
        except (InvalidLayerException, LayerPartTooSmallException, EmptyUploadException) as error:
            await self._record(blob.digest, None)
            raise UploadError(blob.digest, blob.size, error.message) from error

    async def _is_available(self, blob: Descriptor) -> bool:
        response = await self._calls.call(
            BATCH_CHECK_LAYER_AVAILABILITY, layer_digests=[blob.digest]
        )
        return any(layer.layer_availability == "AVAILABLE" for layer in response.layers)

    async def _record(self, digest: str, upload: UploadRecord | None) -> None:
        if self._log is not None:
            await self._log.record(self._repository, digest, upload)


def check_uploadable(blob: Descriptor) -> None:
    """Verify that ECR accepts a blob of this size.

    Raises:
        LimitError: The blob is empty or too long.
    """
    if blob.size == 0:
        raise LimitError(blob.digest, "ECR does not accept empty blobs")
    if blob.size > MAX_LAYER_BYTES:
        raise LimitError(
            blob.digest, f"{blob.size} bytes are more than ECR's limit of {MAX_LAYER_BYTES}"
        )


class _RewindError(Exception):
    """The registry has fewer bytes than were sent."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position
        """The next byte that the registry accepts."""

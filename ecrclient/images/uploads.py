"""Uploads of blobs with ECR's own operations.

Parts are consecutive and go out one after the other, while the next ones are read, hashed and
encoded: at most three parts of an upload are in memory. Source: "InitiateLayerUpload",
"UploadLayerPart" and "CompleteLayerUpload" in the Amazon ECR API Reference.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

import anyio.to_thread

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
from ecrclient.images.content import ContentCheck
from ecrclient.images.errors import ContentMismatchError, LimitError, UploadError
from ecrclient.images.manifests import Descriptor
from ecrclient.images.stores import BlobMeter, BlobSource, UploadLog, UploadRecord
from ecrclient.operations import (
    BATCH_CHECK_LAYER_AVAILABILITY,
    COMPLETE_LAYER_UPLOAD,
    INITIATE_LAYER_UPLOAD,
)

__all__ = ["MAX_LAYER_BYTES", "LayerUploads", "check_uploadable"]

try:  # the extra ``fast``: about 20 times as fast
    from pybase64 import b64encode as _base64
except ImportError:  # pragma: no cover
    from base64 import b64encode as _base64  # type: ignore[assignment]

MAX_LAYER_BYTES = 52_000 * 1024 * 1024
"""ECR's limit for a layer ("Amazon ECR service quotas")."""
_MAX_PARTS = 4_200
_MAX_PART_BYTES = 20_971_520
_MIN_PART_BYTES = 5 * 1024 * 1024
_PARTS_AHEAD = 2
"""The parts that are prepared while another one is being sent."""
_MAX_STARTS = 3
_ENCODED_BYTES = 3 * 256 * 1024
"""The bytes that are encoded at a time; a multiple of 3, so that only the last piece is padded."""


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
            async with source.open(upload.position, piece_bytes=upload.part_size) as stream:
                parts = _Parts(stream, blob, upload, self._body_start(upload))
                async with ReadAhead(parts, _PARTS_AHEAD) as prepared:
                    async for part in prepared:
                        await self._send(part)
                        accepted = upload._replace(position=part.end)
                        await self._record(blob.digest, accepted)
                        meter.add(part.end - part.start)
        await self._complete(blob, upload)

    def _body_start(self, upload: UploadRecord) -> bytes:
        """The members of a request that all parts have in common."""
        members = {
            "registryId": self._calls.registry_id,
            "repositoryName": self._calls.repository_name,
            "uploadId": upload.upload_id,
        }
        sent = {name: value for name, value in members.items() if value is not None}
        return json.dumps(sent).encode()[:-1]

    async def _send(self, part: _Part) -> None:
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


class _Part(NamedTuple):
    """An encoded part."""

    start: int
    end: int
    body: bytes


class _Parts(AsyncIterator[_Part]):
    """The parts of a stream, hashed and encoded in worker threads."""

    def __init__(
        self, stream: AsyncIterator[bytes], blob: Descriptor, upload: UploadRecord, start: bytes
    ) -> None:
        self._stream = stream
        self._blob = blob
        self._part_size = upload.part_size
        self._position = upload.position
        self._body_start = start
        self._check = None if upload.position else ContentCheck(blob)
        self._rest = b""

    async def __anext__(self) -> _Part:
        if self._position >= self._blob.size and not self._rest:
            raise StopAsyncIteration
        pieces, size = [self._rest] if self._rest else [], len(self._rest)
        self._rest = b""
        while size < self._part_size:
            piece = await anext(self._stream, b"")
            if not piece:
                break
            pieces.append(piece)
            size += len(piece)
        if size > self._part_size:
            excess = size - self._part_size
            self._rest, pieces[-1] = pieces[-1][-excess:], pieces[-1][:-excess]
            size = self._part_size
        start = self._position
        self._position += size
        body = await anyio.to_thread.run_sync(self._encode, pieces, start)
        return _Part(start, self._position, body)

    def _encode(self, pieces: Sequence[bytes], start: int) -> bytes:
        """Hash the content and return the body of the request."""
        content = b"".join(pieces)
        if self._check is not None:
            self._check.update(content)
        end = start + len(content)
        if end >= self._blob.size or len(content) < self._part_size:
            self._finish(end)
        numbers = b', "partFirstByte": %d, "partLastByte": %d, "layerPartBlob": "' % (
            start,
            end - 1,
        )
        # The encoder of the standard library keeps the GIL, so a long piece would block the loop.
        view = memoryview(content)
        texts = [
            _base64(view[at : at + _ENCODED_BYTES]) for at in range(0, len(view), _ENCODED_BYTES)
        ]
        return b"".join((self._body_start, numbers, *texts, b'"}'))

    def _finish(self, end: int) -> None:
        """Verify the content before its last part is sent."""
        if self._check is not None:
            self._check.finish()
        elif end != self._blob.size:
            problem = f"ends after {end} of {self._blob.size} bytes"
            raise ContentMismatchError(self._blob.digest, problem)

"""Uploads of blobs: parts, races, lost responses, forgotten uploads, and resumption."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from ecrclient import ECRClient
from ecrclient.errors import (
    InvalidLayerPartException,
    LayerAlreadyExistsException,
    ServerException,
    UploadNotFoundException,
)
from ecrclient.images import ContentMismatchError, Descriptor, LimitError, StateFile, UploadError
from ecrclient.images.digests import sha256
from ecrclient.images.stores import BlobSource, TransferContext, UploadRecord
from ecrclient.images.uploads import LayerUploads
from ecrclient.testing import Call, InMemoryECR

pytestmark = pytest.mark.anyio

PART = 5 * 1024 * 1024
CONTENT = b"".join(bytes([n]) * (PART // 4) for n in range(13))
DIGEST = sha256(CONTENT)
PIECE = 700_000


ARN = "arn:aws:ecr:us-east-1:123456789012:repository/team/app"


class _InterruptedError(Exception):
    pass


class Source:
    """A blob in memory, in pieces that do not divide the parts."""

    ranges = 1

    def __init__(
        self, content: bytes = CONTENT, *, digest: str | None = None, size: int | None = None
    ) -> None:
        self.descriptor = Descriptor(
            media_type="layer",
            digest=digest or sha256(content),
            size=len(content) if size is None else size,
        )
        self._content = content
        self.starts: list[int] = []
        self.read = 0
        """The position after the last byte that was read."""

    @asynccontextmanager
    async def open(
        self, start: int = 0, stop: int | None = None, *, piece_bytes: int = 0
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        self.starts.append(start)
        async with aclosing(self._pieces(start, stop)) as pieces:
            yield pieces

    async def _pieces(self, start: int, stop: int | None) -> AsyncGenerator[bytes]:
        content = self._content[start:stop]
        for at in range(0, len(content), PIECE):
            piece = content[at : at + PIECE]
            self.read = start + at + len(piece)
            yield piece


class Uploading:
    """Uploads to the in-memory ECR, and counts."""

    def __init__(self, ecr: InMemoryECR, client: ECRClient) -> None:
        self.ecr, self.client = ecr, client
        self.sizes: list[int] = []
        self.restarts: list[int] = []
        self.retries = 0
        self.stop_after: int | None = None
        """The number of parts after which uploads fail."""

    def add(self, count: int) -> None:
        self.sizes.append(count)
        if len(self.sizes) == self.stop_after:
            raise _InterruptedError

    def restart(self, position: int) -> None:
        self.restarts.append(position)

    def retried(self) -> None:
        self.retries += 1

    async def upload(
        self, source: BlobSource, log: StateFile | None = None, repository: str = "team/app"
    ) -> None:
        context = TransferContext(upload_log=log)
        async with self.client.images(repository).writing(context) as writer:
            await writer.write_blob(source, self)

    async def is_there(self, digest: str = DIGEST) -> bool:
        response = await self.client.batch_check_layer_availability(
            repository_name="team/app", layer_digests=[digest]
        )
        return [layer.layer_availability for layer in response.layers] == ["AVAILABLE"]

    def calls(self, operation: str) -> int:
        return len([call for call in self.ecr.calls if call.operation == operation])


@pytest.fixture
def ecr() -> InMemoryECR:
    return InMemoryECR(part_size=PART)


@pytest.fixture
def uploading(ecr: InMemoryECR, client: ECRClient) -> Uploading:
    return Uploading(ecr, client)


@pytest.mark.parametrize("size", [1, PART - 1, PART, PART + 1, len(CONTENT)])
async def test_a_blob_is_uploaded_in_consecutive_parts(uploading: Uploading, size: int) -> None:
    source = Source(CONTENT[:size])
    await uploading.upload(source)
    assert await uploading.is_there(source.descriptor.digest)
    assert sum(uploading.sizes) == size
    assert set(uploading.sizes[:-1]) <= {PART}
    assert uploading.calls("UploadLayerPart") == -(-size // PART)


async def test_the_request_is_what_the_method_sends(uploading: Uploading) -> None:
    await uploading.upload(Source(b"abc"))
    (call,) = [call for call in uploading.ecr.calls if call.operation == "UploadLayerPart"]
    body = json.loads(call.body)
    assert body.pop("uploadId")
    assert body == {
        "repositoryName": "team/app",
        "partFirstByte": 0,
        "partLastByte": 2,
        "layerPartBlob": "YWJj",
    }


async def test_a_layer_that_exists_is_a_success(uploading: Uploading) -> None:
    await uploading.upload(Source())
    await uploading.upload(Source())
    uploading.ecr.faults.error(LayerAlreadyExistsException, operation="CompleteLayerUpload")
    await uploading.upload(Source())


@pytest.mark.parametrize("operation", ["UploadLayerPart", "CompleteLayerUpload"])
@pytest.mark.parametrize("after", [0, 1, 2, 3])
async def test_a_forgotten_upload_starts_again(
    uploading: Uploading, operation: str, after: int
) -> None:
    seen = 0

    def late(_: object) -> bool:
        nonlocal seen
        seen += 1
        return operation == "CompleteLayerUpload" or seen > after

    uploading.ecr.faults.error(UploadNotFoundException, operation=operation, times=1, when=late)
    source = Source()
    await uploading.upload(source)
    assert await uploading.is_there()
    assert (uploading.retries, source.starts, uploading.restarts) == (1, [0, 0], [0])


async def test_an_upload_that_is_always_forgotten_fails(uploading: Uploading) -> None:
    uploading.ecr.faults.error(UploadNotFoundException, operation="UploadLayerPart", times=None)
    with pytest.raises(UploadError, match="lost the upload 3 times"):
        await uploading.upload(Source())
    assert uploading.calls("InitiateLayerUpload") == 3


@pytest.mark.parametrize("operation", ["UploadLayerPart", "CompleteLayerUpload"])
async def test_a_lost_response_is_no_error(uploading: Uploading, operation: str) -> None:
    uploading.ecr.faults.drop(executed=True, operation=operation, times=1)
    await uploading.upload(Source())
    assert await uploading.is_there()


@pytest.mark.parametrize("operation", ["InitiateLayerUpload", "UploadLayerPart"])
async def test_a_server_error_is_retried(uploading: Uploading, operation: str) -> None:
    uploading.ecr.faults.error(ServerException, operation=operation, times=2)
    await uploading.upload(Source())
    assert await uploading.is_there()


@pytest.mark.parametrize("last", [PART - 1, -1, None])
async def test_a_refused_part_continues_after_the_last_valid_byte(
    uploading: Uploading, last: int | None
) -> None:
    details = {} if last is None else {"lastValidByteReceived": last}
    refused = PART if last == PART - 1 else 0

    def is_refused(call: Call) -> bool:
        return bool(json.loads(call.body)["partFirstByte"] == refused)

    uploading.ecr.faults.error(
        InvalidLayerPartException("InvalidLayerPartException", details=details),
        operation="UploadLayerPart",
        when=is_refused,
    )
    source = Source()
    await uploading.upload(source)
    assert await uploading.is_there()
    assert source.starts == [0, refused]
    assert uploading.restarts == [refused]
    assert sum(uploading.sizes) == len(CONTENT)


async def test_wrong_content_is_never_completed(uploading: Uploading) -> None:
    flipped = bytearray(CONTENT)
    flipped[-1] ^= 1
    for source in (
        Source(bytes(flipped), digest=DIGEST),
        Source(CONTENT[:-1], digest=DIGEST, size=len(CONTENT)),
        Source(CONTENT + b"x", digest=DIGEST, size=len(CONTENT)),
    ):
        with pytest.raises(ContentMismatchError):
            await uploading.upload(source)
    assert uploading.calls("CompleteLayerUpload") == 0
    assert not await uploading.is_there()


@pytest.mark.parametrize("size", [0, 52_000 * 1024 * 1024 + 1])
async def test_a_size_that_ecr_refuses_is_an_error_before_anything_is_sent(
    uploading: Uploading, size: int
) -> None:
    with pytest.raises(LimitError):
        await uploading.upload(Source(b"", digest=DIGEST, size=size))
    assert uploading.calls("InitiateLayerUpload") == 0


@pytest.mark.parametrize("parts", [1, 2, 3])
async def test_a_later_process_continues(uploading: Uploading, tmp_path: Path, parts: int) -> None:
    path = tmp_path / "state.json"

    log = StateFile(path)
    await log.load()
    uploading.stop_after = parts
    with pytest.raises(_InterruptedError):
        await uploading.upload(Source(), log)
    uploading.stop_after = None
    later = StateFile(path)
    await later.load()
    source = Source()
    await uploading.upload(source, later)
    assert source.starts == uploading.restarts == [parts * PART]
    assert await uploading.is_there()
    assert uploading.calls("InitiateLayerUpload") == 1
    assert not path.exists()


async def test_an_upload_that_ecr_no_longer_knows_starts_again(
    uploading: Uploading, tmp_path: Path
) -> None:
    log = StateFile(tmp_path / "state.json")
    unknown = "01234567-89ab-cdef-0123-456789abcdef"
    await log.record(ARN, DIGEST, UploadRecord(unknown, PART, PART))
    source = Source()
    await uploading.upload(source, log)
    assert source.starts == [PART, 0]
    assert await uploading.is_there()


async def test_the_same_name_in_another_registry_is_another_upload(
    uploading: Uploading, tmp_path: Path
) -> None:
    far = InMemoryECR(region="eu-west-1", account_id="222222222222", part_size=PART)
    log = StateFile(tmp_path / "state.json")
    uploading.stop_after = 1
    with pytest.raises(_InterruptedError):
        await uploading.upload(Source(), log)
    async with far.client() as client:
        await client.create_repository(repository_name="team/app")
        elsewhere = Uploading(far, client)
        await elsewhere.upload(Source(), log)
    assert (elsewhere.restarts, elsewhere.retries) == ([], 0)
    later = StateFile(log.path)
    await later.load()
    upload = later.find(ARN, DIGEST)
    assert upload is not None
    assert upload.position == PART


@pytest.mark.parametrize(
    "record",
    [UploadRecord("u", PART, len(CONTENT) + 1), UploadRecord("u", 100 * PART, PART)],
    ids=["position", "part size"],
)
async def test_an_impossible_record_is_ignored(
    uploading: Uploading, record: UploadRecord, tmp_path: Path
) -> None:
    log = StateFile(tmp_path / "state.json")
    await log.record(ARN, DIGEST, record)
    source = Source()
    await uploading.upload(source, log)
    assert source.starts == [0]


async def test_at_most_three_parts_are_in_memory(
    uploading: Uploading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source is as far ahead of a slow registry as it may be."""
    content = CONTENT * 3
    source = Source(content)
    ahead: list[int] = []
    send = LayerUploads.__dict__["_send"]

    async def slowly(self: LayerUploads, part: Any) -> None:
        with anyio.fail_after(20):
            while source.read < min(part.start + 2 * PART + 1, len(content)):
                await anyio.sleep(0.001)
        for _ in range(10):  # it could read on
            await anyio.sleep(0.001)
        ahead.append(source.read - part.start)
        await send(self, part)

    monkeypatch.setattr(LayerUploads, "_send", slowly)
    await uploading.upload(source)
    assert max(ahead) <= 3 * PART + PIECE
    assert max(ahead) > 2 * PART

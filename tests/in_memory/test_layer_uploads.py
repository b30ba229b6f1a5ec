"""Uploads of layers."""

from __future__ import annotations

import uuid

import pytest

from ecrclient import ECRClient
from ecrclient.errors import (
    EmptyUploadException,
    InvalidLayerException,
    InvalidLayerPartException,
    InvalidParameterException,
    LayerAlreadyExistsException,
    LayerPartTooSmallException,
    LimitExceededException,
    RepositoryNotFoundException,
    UploadNotFoundException,
)
from ecrclient.models import InitiateLayerUploadRequest, UploadLayerPartRequest
from ecrclient.testing import InMemoryECR
from ecrclient.testing.resources.layer_uploads import LayerUploads
from ecrclient.testing.seeds import add_layer
from ecrclient.testing.store import Registry, utc_now
from tests.in_memory.builders import (
    REPOSITORY,
    HandClock,
    digest_of,
    post,
    upload,
    upload_part,
)

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024
CONTENT = bytes(range(256)) * (5 * MIB // 256)
"""The minimum size of a part."""


async def begin(client: ECRClient) -> str:
    return (await client.initiate_layer_upload(repository_name=REPOSITORY)).upload_id


async def send(client: ECRClient, upload_id: str, first: int, part: bytes) -> int:
    """Upload a part, and return the last byte received."""
    received = await upload_part(client, REPOSITORY, upload_id, first, part)
    assert (received.registry_id, received.repository_name) == ("123456789012", REPOSITORY)
    assert received.upload_id == upload_id
    return received.last_byte_received


async def complete(client: ECRClient, upload_id: str, *digests: str) -> str:
    done = await client.complete_layer_upload(
        repository_name=REPOSITORY, upload_id=upload_id, layer_digests=digests
    )
    assert (done.registry_id, done.repository_name) == ("123456789012", REPOSITORY)
    assert done.upload_id == upload_id
    return done.layer_digest


async def test_consecutive_parts(client: ECRClient, repository: str) -> None:
    started = await client.initiate_layer_upload(repository_name=repository)
    assert started.part_size == 20_971_520
    assert uuid.UUID(started.upload_id)

    assert await send(client, started.upload_id, 0, CONTENT) == 5 * MIB - 1
    assert await send(client, started.upload_id, 5 * MIB, b"end") == 5 * MIB + 2
    digest = digest_of(CONTENT + b"end")
    assert await complete(client, started.upload_id, digest) == digest

    (layer,) = (
        await client.batch_check_layer_availability(
            repository_name=repository, layer_digests=[digest]
        )
    ).layers
    assert (layer.layer_availability, layer.layer_size) == ("AVAILABLE", 5 * MIB + 3)


@pytest.mark.parametrize("part_size", [1, 4, 5 * MIB + 1, 20_971_520])
async def test_the_part_size_is_configurable(part_size: int) -> None:
    ecr = InMemoryECR(part_size=part_size)
    ecr.add_image(REPOSITORY, [b"layer"])
    content = CONTENT + b"the end" if part_size > MIB else b"0123456789"
    async with ecr.client() as client:
        started = await client.initiate_layer_upload(repository_name=REPOSITORY)
        assert started.part_size == part_size
        for first in range(0, len(content), part_size):
            await send(client, started.upload_id, first, content[first : first + part_size])
        assert await complete(client, started.upload_id, digest_of(content))


async def test_parts_smaller_than_a_small_part_size(client: ECRClient) -> None:
    ecr = InMemoryECR(part_size=4)
    ecr.add_image(REPOSITORY, [b"layer"])
    async with ecr.client() as client:
        upload_id = await begin(client)
        await send(client, upload_id, 0, b"abc")
        await send(client, upload_id, 3, b"defg")
        with pytest.raises(LayerPartTooSmallException, match="at least 4 bytes"):
            await complete(client, upload_id, digest_of(b"abcdefg"))


@pytest.mark.parametrize("part_size", [0, -1, 20_971_521])
def test_refused_part_sizes(part_size: int) -> None:
    with pytest.raises(ValueError, match=f"part_size must be from 1 to 20971520, not {part_size}"):
        InMemoryECR(part_size=part_size)


async def test_an_upload_expires(
    client: ECRClient, ecr: InMemoryECR, clock: HandClock, repository: str
) -> None:
    upload_id = await begin(client)
    clock.advance(hours=23)
    await send(client, upload_id, 0, b"abc")
    clock.advance(hours=23)
    await send(client, upload_id, 3, b"def")
    clock.advance(hours=24)
    with pytest.raises(UploadNotFoundException, match=upload_id):
        await send(client, upload_id, 6, b"ghi")
    with pytest.raises(UploadNotFoundException):
        await complete(client, upload_id, digest_of(b"abcdef"))


async def test_the_largest_part(client: ECRClient, repository: str) -> None:
    started = await client.initiate_layer_upload(repository_name=repository)
    part = CONTENT * 4
    assert len(part) == started.part_size
    assert await send(client, started.upload_id, 0, part) == len(part) - 1


@pytest.mark.parametrize(
    ("first", "last", "part"),
    [
        pytest.param(4, 5, b"de", id="a gap"),
        pytest.param(2, 3, b"de", id="an overlap"),
        pytest.param(0, 2, b"abc", id="the same part again"),
        pytest.param(3, 4, b"d", id="shorter than its range"),
        pytest.param(3, 3, b"de", id="longer than its range"),
        pytest.param(3, 1, b"de", id="an end before the start"),
        pytest.param(3, 2, b"", id="nothing"),
    ],
)
async def test_a_part_that_is_not_the_next(
    client: ECRClient, repository: str, first: int, last: int, part: bytes
) -> None:
    upload_id = await begin(client)
    await send(client, upload_id, 0, b"abc")
    with pytest.raises(InvalidLayerPartException) as caught:
        await client.upload_layer_part(
            repository_name=repository,
            upload_id=upload_id,
            part_first_byte=first,
            part_last_byte=last,
            layer_part_blob=part,
        )
    error = caught.value
    assert (error.registry_id, error.repository_name) == ("123456789012", repository)
    assert (error.upload_id, error.last_valid_byte_received) == (upload_id, 2)

    # The upload can continue after the last valid byte.
    assert await send(client, upload_id, 3, b"de") == 4


async def test_a_first_part_that_does_not_start_at_zero(client: ECRClient, repository: str) -> None:
    with pytest.raises(InvalidLayerPartException) as caught:
        await send(client, await begin(client), 1, b"abc")
    assert caught.value.last_valid_byte_received is None


async def test_only_the_last_part_may_be_small(client: ECRClient, repository: str) -> None:
    upload_id = await begin(client)
    await send(client, upload_id, 0, CONTENT[:-1])
    await send(client, upload_id, len(CONTENT) - 1, CONTENT[-1:])
    with pytest.raises(LayerPartTooSmallException):
        await complete(client, upload_id, digest_of(CONTENT))

    upload_id = await begin(client)
    await send(client, upload_id, 0, CONTENT)
    assert await complete(client, upload_id, digest_of(CONTENT)) == digest_of(CONTENT)


async def test_an_upload_without_parts(client: ECRClient, repository: str) -> None:
    with pytest.raises(EmptyUploadException):
        await complete(client, await begin(client), digest_of(b""))


@pytest.mark.parametrize(
    "digests",
    [
        [digest_of(b"other")],
        [digest_of(b"abc"), digest_of(b"other")],
        ["sha512:00"],
    ],
)
async def test_a_wrong_digest(client: ECRClient, repository: str, digests: list[str]) -> None:
    upload_id = await begin(client)
    await send(client, upload_id, 0, b"abc")
    with pytest.raises(InvalidLayerException, match=digest_of(b"abc")):
        await complete(client, upload_id, *digests)
    assert await complete(client, upload_id, digest_of(b"abc")) == digest_of(b"abc")


async def test_a_malformed_digest(client: ECRClient, ecr: InMemoryECR, repository: str) -> None:
    upload_id = await begin(client)
    body = f'{{"repositoryName": "{repository}", "uploadId": "{upload_id}", "layerDigests": ["x"]}}'
    response = await post(ecr, "CompleteLayerUpload", body.encode())
    assert response.json()["__type"] == "InvalidParameterException"
    assert "layerDigests" in response.json()["message"]


async def test_an_existing_layer(client: ECRClient, repository: str) -> None:
    digest = await upload(client, repository, b"abc")
    upload_id = await begin(client)
    await send(client, upload_id, 0, b"abc")
    with pytest.raises(LayerAlreadyExistsException, match=digest):
        await complete(client, upload_id, digest)
    with pytest.raises(UploadNotFoundException):
        await complete(client, upload_id, digest)


async def test_a_completed_upload_is_not_found(client: ECRClient, repository: str) -> None:
    upload_id = await begin(client)
    await send(client, upload_id, 0, b"abc")
    await complete(client, upload_id, digest_of(b"abc"))
    with pytest.raises(UploadNotFoundException, match=upload_id):
        await complete(client, upload_id, digest_of(b"abc"))
    with pytest.raises(UploadNotFoundException):
        await send(client, upload_id, 3, b"def")


async def test_an_upload_belongs_to_its_repository(client: ECRClient, repository: str) -> None:
    upload_id = await begin(client)
    await client.create_repository(repository_name="other")
    with pytest.raises(UploadNotFoundException, match="other"):
        await upload_part(client, "other", upload_id, 0, b"abc")


async def test_uploads_are_independent(client: ECRClient, repository: str) -> None:
    one, other = await begin(client), await begin(client)
    await send(client, one, 0, b"one")
    await send(client, other, 0, b"other")
    assert await complete(client, one, digest_of(b"one"))
    assert await complete(client, other, digest_of(b"other"))


async def test_layers_belong_to_their_repository(client: ECRClient, repository: str) -> None:
    await upload(client, repository, b"abc")
    await client.create_repository(repository_name="other")
    await upload(client, "other", b"abc")


async def test_no_repository(client: ECRClient) -> None:
    with pytest.raises(RepositoryNotFoundException):
        await begin(client)
    with pytest.raises(RepositoryNotFoundException):
        await send(client, str(uuid.uuid4()), 0, b"abc")
    with pytest.raises(RepositoryNotFoundException):
        await complete(client, str(uuid.uuid4()), digest_of(b"abc"))


async def test_a_malformed_upload_id(ecr: InMemoryECR, client: ECRClient, repository: str) -> None:
    body = (
        f'{{"repositoryName": "{repository}", "uploadId": "1", "partFirstByte": 0,'
        ' "partLastByte": 0, "layerPartBlob": "YQ=="}'
    )
    response = await post(ecr, "UploadLayerPart", body.encode())
    assert response.json()["__type"] == InvalidParameterException.__name__
    assert "uploadId" in response.json()["message"]


def test_the_most_parts() -> None:
    # Without a client, since 4200 calls would be slow.
    registry = Registry("123456789012", "us-east-1", utc_now)
    add_layer(registry, REPOSITORY, b"any")
    uploads = LayerUploads(registry)
    started = uploads.initiate(InitiateLayerUploadRequest(repository_name=REPOSITORY))

    def send_byte(number: int) -> None:
        uploads.upload_part(
            UploadLayerPartRequest(
                repository_name=REPOSITORY,
                upload_id=started.upload_id,
                part_first_byte=number,
                part_last_byte=number,
                layer_part_blob=b"x",
            )
        )

    for number in range(4200):
        send_byte(number)
    with pytest.raises(LimitExceededException, match="4200"):
        send_byte(4200)

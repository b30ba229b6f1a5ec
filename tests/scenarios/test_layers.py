"""Upload, check and download layers."""

from __future__ import annotations

import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.errors import (
    EmptyUploadException,
    InvalidLayerException,
    InvalidLayerPartException,
    LayerAlreadyExistsException,
    UploadNotFoundException,
)
from tests.scenarios.pushing import digest_of, image, push, upload

pytestmark = pytest.mark.anyio

LAYER = b"layer" * 100


@pytest.fixture
async def app(ecr: ECRClient) -> str:
    """The name of an empty repository."""
    await ecr.create_repository(repository_name="app")
    return "app"


async def test_upload_in_parts(ecr: ECRClient, app: str) -> None:
    first, last = b"1" * 5 * 1024 * 1024, b"2" * 1000
    started = await ecr.initiate_layer_upload(repository_name=app)
    sent = 0
    for part in (first, last):
        response = await ecr.upload_layer_part(
            repository_name=app,
            upload_id=started.upload_id,
            part_first_byte=sent,
            part_last_byte=sent + len(part) - 1,
            layer_part_blob=part,
        )
        sent += len(part)
        assert response.last_byte_received == sent - 1
    digest = digest_of(first + last)
    done = await ecr.complete_layer_upload(
        repository_name=app, upload_id=started.upload_id, layer_digests=[digest]
    )
    assert done.layer_digest == digest


async def test_availability(ecr: ECRClient, app: str) -> None:
    digest, missing = await upload(ecr, app, LAYER), digest_of("another")
    response = await ecr.batch_check_layer_availability(
        repository_name=app, layer_digests=[digest, missing]
    )
    there = {
        layer.layer_digest for layer in response.layers if layer.layer_availability == "AVAILABLE"
    }
    assert there == {digest}


@pytest.mark.moto_differs("moto responds 500", '"GetDownloadUrlForLayer", Amazon ECR API Reference')
async def test_download(ecr: ECRClient, app: str, target: str) -> None:
    pushed = image("a")
    await push(ecr, app, pushed)
    layer = pushed.layers[0]
    response = await ecr.get_download_url_for_layer(
        repository_name=app, layer_digest=digest_of(layer)
    )
    assert response.layer_digest == digest_of(layer)
    assert response.download_url.startswith(("http://", "https://"))
    if target == "served":
        async with httpx.AsyncClient() as http:
            assert (await http.get(response.download_url)).content == layer


@pytest.mark.moto_differs(
    "moto does not check the digest",
    '"CompleteLayerUpload", Amazon ECR API Reference: InvalidLayerException',
)
async def test_the_digest_of_an_upload_is_verified(ecr: ECRClient, app: str) -> None:
    started = await ecr.initiate_layer_upload(repository_name=app)
    await ecr.upload_layer_part(
        repository_name=app,
        upload_id=started.upload_id,
        part_first_byte=0,
        part_last_byte=len(LAYER) - 1,
        layer_part_blob=LAYER,
    )
    with pytest.raises(InvalidLayerException):
        await ecr.complete_layer_upload(
            repository_name=app, upload_id=started.upload_id, layer_digests=[digest_of("another")]
        )


@pytest.mark.moto_differs(
    "moto accepts it", '"CompleteLayerUpload", Amazon ECR API Reference: EmptyUploadException'
)
async def test_an_upload_without_parts(ecr: ECRClient, app: str) -> None:
    started = await ecr.initiate_layer_upload(repository_name=app)
    with pytest.raises(EmptyUploadException):
        await ecr.complete_layer_upload(
            repository_name=app, upload_id=started.upload_id, layer_digests=[digest_of(b"")]
        )


async def test_parts_must_be_consecutive(ecr: ECRClient, app: str) -> None:
    started = await ecr.initiate_layer_upload(repository_name=app)
    with pytest.raises(InvalidLayerPartException) as refused:
        await ecr.upload_layer_part(
            repository_name=app,
            upload_id=started.upload_id,
            part_first_byte=7,
            part_last_byte=11,
            layer_part_blob=b"layer",
        )
    assert refused.value.upload_id == started.upload_id


@pytest.mark.moto_differs(
    "moto accepts it again",
    '"CompleteLayerUpload", Amazon ECR API Reference: LayerAlreadyExistsException',
)
async def test_an_existing_layer_is_refused(ecr: ECRClient, app: str) -> None:
    await upload(ecr, app, LAYER)
    with pytest.raises(LayerAlreadyExistsException):
        await upload(ecr, app, LAYER)


async def test_an_unknown_upload(ecr: ECRClient, app: str) -> None:
    upload_id = "00000000-0000-4000-8000-000000000000"
    with pytest.raises(UploadNotFoundException):
        await ecr.complete_layer_upload(
            repository_name=app, upload_id=upload_id, layer_digests=[digest_of(LAYER)]
        )

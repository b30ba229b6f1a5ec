"""Cross-repository mounts of blobs."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.models import EncryptionConfiguration
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import LAYERS, HandClock, digest_of
from tests.in_memory.distribution.registry_client import (
    APP,
    BLOB,
    BLOB_DIGEST,
    COPY,
    code_of,
    create,
    open_http,
    push,
    push_blob,
)

pytestmark = pytest.mark.anyio

DIGEST = digest_of(LAYERS[1])


async def allow_mounts(client: ECRClient) -> None:
    await client.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")


async def mount(
    http: httpx.AsyncClient, digest: str = DIGEST, source: str = "team/app", target: str = COPY
) -> httpx.Response:
    return await http.post(f"{target}/blobs/uploads/", params={"mount": digest, "from": source})


async def is_there(http: httpx.AsyncClient, digest: str = DIGEST, repository: str = COPY) -> bool:
    return (await http.head(f"{repository}/blobs/{digest}")).status_code == 200


async def assert_upload(http: httpx.AsyncClient, response: httpx.Response) -> None:
    """Assert that the blob has to be uploaded, and that the upload has started."""
    assert response.status_code == 202
    assert (await http.get(response.headers["location"])).status_code == 204
    assert not await is_there(http)


async def test_a_blob_is_mounted(any_http: httpx.AsyncClient, client: ECRClient) -> None:
    await push(any_http)
    await allow_mounts(client)
    response = await mount(any_http)
    assert (response.status_code, response.headers["location"]) == (201, f"{COPY}/blobs/{DIGEST}")
    assert response.headers["docker-content-digest"] == DIGEST
    assert await is_there(any_http)
    assert (await mount(any_http)).status_code == 201


async def test_the_account_setting_is_required(http: httpx.AsyncClient) -> None:
    await push(http)
    await assert_upload(http, await mount(http))


async def test_an_image_must_reference_the_blob(http: httpx.AsyncClient, client: ECRClient) -> None:
    await push_blob(http, BLOB)
    await allow_mounts(client)
    assert (await mount(http, BLOB_DIGEST)).status_code == 202


async def test_the_encryption_must_be_the_same(http: httpx.AsyncClient, client: ECRClient) -> None:
    await push(http)
    await allow_mounts(client)
    for name, key in (("team/kms", None), ("team/key", "alias/other")):
        await client.create_repository(
            repository_name=name,
            encryption_configuration=EncryptionConfiguration(encryption_type="KMS", kms_key=key),
        )
        assert (await mount(http, target=f"/v2/{name}")).status_code == 202


@pytest.mark.parametrize("source", ["team/missing", "team/copy", "Not-A-Name"])
async def test_a_source_without_the_blob(
    http: httpx.AsyncClient, client: ECRClient, source: str
) -> None:
    await push(http)
    await allow_mounts(client)
    await assert_upload(http, await mount(http, source=source))


async def test_the_source_is_required(http: httpx.AsyncClient, client: ECRClient) -> None:
    await push(http)
    await allow_mounts(client)
    await assert_upload(http, await http.post(f"{COPY}/blobs/uploads/?mount={DIGEST}"))


async def test_the_source_must_be_readable(
    ecr: InMemoryECR, http: httpx.AsyncClient, client: ECRClient
) -> None:
    await push(http)
    await allow_mounts(client)
    arn = "arn:aws:ecr:us-east-1:123456789012:repository/team/app"
    with ecr.deny("ecr:GetDownloadUrlForLayer", resource=arn):
        await assert_upload(http, await mount(http))
    with ecr.deny("ecr:InitiateLayerUpload"):
        assert code_of(await mount(http)) == (403, "DENIED")
    assert (await mount(http)).status_code == 201


async def test_a_malformed_digest(http: httpx.AsyncClient) -> None:
    assert code_of(await mount(http, "latest")) == (400, "DIGEST_INVALID")


async def test_the_target_must_exist(http: httpx.AsyncClient, client: ECRClient) -> None:
    await push(http)
    await allow_mounts(client)
    response = await mount(http, target="/v2/team/missing")
    assert code_of(response) == (404, "NAME_UNKNOWN")


async def test_a_mounted_blob_outlives_its_source(clock: HandClock, tmp_path: Path) -> None:
    for layers_dir in (None, tmp_path):
        ecr = InMemoryECR(clock=clock, layers_dir=layers_dir)
        async with ecr.client() as client, open_http(ecr) as http:
            await create(client, "team/app", "team/copy")
            await push(http)
            await allow_mounts(client)
            assert (await mount(http)).status_code == 201
            await client.delete_repository(repository_name="team/app", force=True)
            ecr.registry_behavior.serve_unreferenced_blobs = True
            path = f"{COPY}/blobs/{DIGEST}"
            assert (await http.get(path, follow_redirects=True)).content == LAYERS[1]
            assert not await is_there(http, repository=APP)

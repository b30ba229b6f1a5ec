"""Checks and downloads of blobs."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import (
    CONFIG,
    LAYERS,
    OCI_CONFIG,
    OCI_LAYER,
    HandClock,
    digest_of,
)
from tests.in_memory.distribution.registry_client import (
    APP,
    BLOB,
    BLOB_DIGEST,
    OTHER_DIGEST,
    code_of,
    push,
    push_blob,
)

pytestmark = pytest.mark.anyio

LAYER = LAYERS[1]
PATH = f"{APP}/blobs/{digest_of(LAYER)}"


async def test_a_blob_is_checked(any_http: httpx.AsyncClient) -> None:
    await push(any_http)
    for content, media_type in ((LAYER, OCI_LAYER), (CONFIG, OCI_CONFIG)):
        response = await any_http.head(f"{APP}/blobs/{digest_of(content)}")
        assert (response.status_code, response.content) == (200, b"")
        assert response.headers["content-length"] == str(len(content))
        assert response.headers["content-type"] == media_type
        assert response.headers["docker-content-digest"] == digest_of(content)


async def test_a_blob_without_an_image_is_there(http: httpx.AsyncClient) -> None:
    await push_blob(http, BLOB)
    response = await http.head(f"{APP}/blobs/{BLOB_DIGEST}")
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-length"] == str(len(BLOB))


async def test_a_missing_blob(http: httpx.AsyncClient) -> None:
    path = f"{APP}/blobs/{OTHER_DIGEST}"
    assert (await http.head(path)).status_code == 404
    assert code_of(await http.get(path)) == (404, "BLOB_UNKNOWN")


async def test_a_malformed_digest(http: httpx.AsyncClient) -> None:
    for path in (f"{APP}/blobs/latest", f"{APP}/blobs/sha256:xyz"):
        assert (await http.head(path)).status_code == 400
        assert code_of(await http.get(path)) == (400, "DIGEST_INVALID")


async def test_a_percent_encoded_digest(http: httpx.AsyncClient) -> None:
    await push(http)
    assert (await http.head(PATH.replace(":", "%3A"))).status_code == 200


async def test_a_download_is_redirected(any_http: httpx.AsyncClient) -> None:
    await push(any_http)
    response = await any_http.get(PATH)
    assert (response.status_code, response.content) == (307, b"")
    location = urlsplit(response.headers["location"])
    assert location.path.startswith("/layers/")
    assert "X-Amz-Signature" in location.query
    if any_http.base_url.host != "registry.test":
        assert location.netloc == any_http.base_url.netloc.decode()
    part = await any_http.get(PATH, headers={"range": "bytes=5-14"}, follow_redirects=True)
    assert (part.status_code, part.content) == (206, LAYER[5:15])
    whole = await any_http.get(PATH, follow_redirects=True)
    assert (whole.status_code, whole.content) == (200, LAYER)


async def test_a_blob_without_an_image_is_not_served(
    ecr: InMemoryECR, http: httpx.AsyncClient
) -> None:
    await push_blob(http, BLOB)
    path = f"{APP}/blobs/{BLOB_DIGEST}"
    assert code_of(await http.get(path)) == (404, "BLOB_UNKNOWN")
    ecr.registry_behavior.serve_unreferenced_blobs = True
    assert (await http.get(path, follow_redirects=True)).content == BLOB


async def test_a_blob_of_an_archived_image(
    http: httpx.AsyncClient, client: ECRClient, clock: HandClock
) -> None:
    digest = await push(http)
    await client.update_image_storage_class(
        repository_name="team/app",
        image_id={"image_digest": digest},
        target_storage_class="ARCHIVE",
    )
    clock.advance(hours=1)
    assert (await http.head(PATH)).status_code == 404
    assert code_of(await http.get(PATH)) == (404, "BLOB_UNKNOWN")
    assert code_of(await http.get(f"{APP}/manifests/v1")) == (404, "MANIFEST_UNKNOWN")


async def test_blobs_are_not_deleted(http: httpx.AsyncClient) -> None:
    await push(http)
    assert code_of(await http.delete(PATH)) == (405, "UNSUPPORTED")


class TestDirect:
    @pytest.fixture(autouse=True)
    def direct(self, ecr: InMemoryECR) -> None:
        ecr.registry_behavior.redirect_blobs = False

    async def test_the_response_contains_the_blob(self, any_http: httpx.AsyncClient) -> None:
        await push(any_http)
        response = await any_http.get(PATH)
        assert (response.status_code, response.content) == (200, LAYER)
        assert response.headers["docker-content-digest"] == digest_of(LAYER)
        assert response.headers["accept-ranges"] == "bytes"

    async def test_a_range(self, http: httpx.AsyncClient) -> None:
        await push(http)
        response = await http.get(PATH, headers={"range": "bytes=-3"})
        assert (response.status_code, response.content) == (206, LAYER[-3:])
        assert response.headers["content-range"] == f"bytes {len(LAYER) - 3}-{len(LAYER) - 1}/3000"

    async def test_a_range_without_a_byte(self, http: httpx.AsyncClient) -> None:
        await push(http)
        response = await http.get(PATH, headers={"range": "bytes=3000-"})
        assert code_of(response) == (416, "SIZE_INVALID")
        assert response.headers["content-range"] == "bytes */3000"

    async def test_a_blob_without_an_image_is_not_served(self, http: httpx.AsyncClient) -> None:
        await push_blob(http, BLOB)
        assert code_of(await http.get(f"{APP}/blobs/{BLOB_DIGEST}")) == (404, "BLOB_UNKNOWN")

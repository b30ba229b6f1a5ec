"""Manifests: push, pull, check and delete."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import (
    OCI_INDEX,
    OCI_MANIFEST,
    HandClock,
    add_blobs,
    digest_of,
    image_manifest,
    index_of,
)
from tests.in_memory.distribution.registry_client import (
    APP,
    OTHER_DIGEST,
    code_of,
    push,
    put,
)

pytestmark = pytest.mark.anyio

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
PULLED = f"{APP}/manifests/v1"


async def pulled_at(client: ECRClient) -> datetime | None:
    (image,) = await client.describe_images(repository_name="team/app").collect()
    return image.last_recorded_pull_time


class TestPull:
    async def test_by_tag_and_by_digest(self, any_http: httpx.AsyncClient) -> None:
        digest = await push(any_http)
        for reference in ("v1", digest):
            for method in ("GET", "HEAD"):
                response = await any_http.request(method, f"{APP}/manifests/{reference}")
                assert response.status_code == 200
                assert response.headers["content-type"] == OCI_MANIFEST
                assert response.headers["docker-content-digest"] == digest
                expected = image_manifest().encode()
                assert response.headers["content-length"] == str(len(expected))
                assert response.content == (expected if method == "GET" else b"")

    @pytest.mark.parametrize(
        ("reference", "expected"),
        [
            ("missing", (404, "MANIFEST_UNKNOWN")),
            (OTHER_DIGEST, (404, "MANIFEST_UNKNOWN")),
            ("a+b", (400, "TAG_INVALID")),
            ("sha256:xyz", (400, "DIGEST_INVALID")),
        ],
    )
    async def test_a_missing_or_malformed_reference(
        self, http: httpx.AsyncClient, reference: str, expected: tuple[int, str]
    ) -> None:
        await push(http)
        path = f"{APP}/manifests/{reference}"
        assert code_of(await http.get(path)) == expected
        head = await http.head(path)
        assert (head.status_code, head.content) == (expected[0], b"")

    @pytest.mark.parametrize(
        "accept",
        [
            OCI_MANIFEST,
            f"{DOCKER};q=0.5, {OCI_MANIFEST} ; q=1.0",
            "*/*",
            f"{DOCKER}, application/*;q=0.1",
            "",
        ],
    )
    async def test_an_accepted_type_is_not_converted(
        self, http: httpx.AsyncClient, accept: str
    ) -> None:
        await push(http)
        response = await http.get(PULLED, headers={"accept": accept})
        assert response.headers["content-type"] == OCI_MANIFEST
        assert response.text == image_manifest()

    async def test_a_pull_by_tag_is_converted(self, http: httpx.AsyncClient) -> None:
        await push(http)
        for method in ("GET", "HEAD"):
            response = await http.request(method, PULLED, headers={"accept": DOCKER})
            assert response.headers["content-type"] == DOCKER
        converted = await http.get(PULLED, headers={"accept": DOCKER})
        # Clients compare the header with the digest of what they receive.
        assert converted.headers["docker-content-digest"] == digest_of(converted.content)
        assert converted.json()["mediaType"] == DOCKER

    async def test_a_type_that_is_not_accepted(self, http: httpx.AsyncClient) -> None:
        digest = await push(http)
        for reference, accept in (("v1", OCI_INDEX), (digest, DOCKER)):
            path, headers = f"{APP}/manifests/{reference}", {"accept": accept}
            response = await http.get(path, headers=headers)
            assert code_of(response) == (404, "MANIFEST_UNKNOWN")
            assert "of no accepted media type" in response.text
            assert (await http.head(path, headers=headers)).status_code == 404

    async def test_a_pull_is_recorded_and_a_check_is_not(
        self, http: httpx.AsyncClient, client: ECRClient, clock: HandClock
    ) -> None:
        await push(http)
        await http.head(PULLED)
        assert await pulled_at(client) is None
        await http.get(PULLED)
        assert await pulled_at(client) == clock.now
        clock.advance(hours=1)
        await http.get(PULLED)
        assert await pulled_at(client) == clock.now - timedelta(hours=1)

    async def test_the_pulls_of_an_excluded_principal_are_not_recorded(
        self, ecr: InMemoryECR, http: httpx.AsyncClient, client: ECRClient
    ) -> None:
        await push(http)
        await client.register_pull_time_update_exclusion(principal_arn=ecr.caller_arn)
        await http.get(PULLED)
        assert await pulled_at(client) is None


class TestPush:
    async def test_the_response(self, ecr: InMemoryECR, any_http: httpx.AsyncClient) -> None:
        add_blobs(ecr)
        manifest = image_manifest()
        digest = digest_of(manifest)
        for reference in ("v1", digest, "v2", "v2"):
            response = await put(any_http, reference, manifest)
            assert (response.status_code, response.content) == (201, b"")
            assert response.headers["location"] == f"{APP}/manifests/{digest}"
            assert response.headers["docker-content-digest"] == digest
            assert "oci-subject" not in response.headers

    async def test_the_ecr_api_returns_the_same_bytes(
        self, ecr: InMemoryECR, http: httpx.AsyncClient, client: ECRClient
    ) -> None:
        add_blobs(ecr)
        manifest = json.dumps(json.loads(image_manifest("é")), indent=3, ensure_ascii=False)
        await put(http, "v1", manifest)
        page = await client.batch_get_image(
            repository_name="team/app", image_ids=[{"image_tag": "v1"}]
        )
        assert page.images[0].image_manifest == manifest
        assert (await http.get(PULLED)).content == manifest.encode()

    async def test_an_image_of_the_ecr_api_is_pulled(
        self, ecr: InMemoryECR, http: httpx.AsyncClient
    ) -> None:
        digest = ecr.add_image("team/app", [b"a layer"], tags=["v1"])
        assert digest_of((await http.get(PULLED)).content) == digest

    async def test_an_index(self, ecr: InMemoryECR, http: httpx.AsyncClient) -> None:
        add_blobs(ecr)
        children = [image_manifest(name) for name in ("a", "b")]
        index = index_of(children)
        response = await put(http, "v1", index, OCI_INDEX)
        assert code_of(response) == (404, "MANIFEST_BLOB_UNKNOWN")
        for child in children:
            assert (await put(http, digest_of(child), child)).status_code == 201
        assert (await put(http, "v1", index, OCI_INDEX)).status_code == 201
        assert (await http.get(PULLED)).headers["content-type"] == OCI_INDEX

    async def test_missing_blobs(self, http: httpx.AsyncClient) -> None:
        response = await put(http, "v1", image_manifest())
        assert code_of(response) == (404, "MANIFEST_BLOB_UNKNOWN")
        assert (await http.get(PULLED)).status_code == 404

    @pytest.mark.parametrize(
        ("manifest", "media_type"),
        [
            ("not JSON", OCI_MANIFEST),
            ("[]", OCI_MANIFEST),
            ('{"schemaVersion": 2}', OCI_MANIFEST),
            (image_manifest(), "application/octet-stream"),
            (image_manifest(media_type=None), ""),
            (image_manifest(layers="none"), OCI_MANIFEST),
        ],
    )
    async def test_an_invalid_manifest(
        self, ecr: InMemoryECR, http: httpx.AsyncClient, manifest: str, media_type: str
    ) -> None:
        add_blobs(ecr)
        response = await put(http, "v1", manifest, media_type)
        assert code_of(response) == (400, "MANIFEST_INVALID")

    async def test_bytes_that_are_not_text(self, http: httpx.AsyncClient) -> None:
        response = await http.put(PULLED, content=b'{"a": "\xff"}')
        assert code_of(response) == (400, "MANIFEST_INVALID")

    async def test_the_type_may_be_in_the_manifest(
        self, ecr: InMemoryECR, http: httpx.AsyncClient
    ) -> None:
        add_blobs(ecr)
        response = await http.put(PULLED, content=image_manifest())
        assert response.status_code == 201
        typed = {"content-type": f"{OCI_MANIFEST}; charset=utf-8"}
        response = await http.put(
            PULLED, content=image_manifest("x", media_type=None), headers=typed
        )
        assert response.status_code == 201
        assert (await http.get(PULLED)).headers["content-type"] == OCI_MANIFEST

    async def test_a_large_manifest(self, ecr: InMemoryECR, http: httpx.AsyncClient) -> None:
        add_blobs(ecr)
        limit = 4 * 1024 * 1024
        padding = limit - len(image_manifest(""))
        assert (await put(http, "v1", image_manifest("x" * padding))).status_code == 201
        response = await put(http, "v2", image_manifest("x" * (padding + 1)))
        assert code_of(response) == (413, "SIZE_INVALID")

    @pytest.mark.parametrize(
        ("reference", "expected"),
        [
            (OTHER_DIGEST, (400, "DIGEST_INVALID")),
            ("sha256:xyz", (400, "DIGEST_INVALID")),
            ("a+b", (400, "TAG_INVALID")),
            ("x" * 301, (400, "TAG_INVALID")),
        ],
    )
    async def test_another_digest_and_malformed_references(
        self,
        ecr: InMemoryECR,
        http: httpx.AsyncClient,
        reference: str,
        expected: tuple[int, str],
    ) -> None:
        add_blobs(ecr)
        assert code_of(await put(http, reference, image_manifest())) == expected

    async def test_a_tag_moves(self, ecr: InMemoryECR, http: httpx.AsyncClient) -> None:
        add_blobs(ecr)
        for content in ("one", "two"):
            await put(http, "v1", image_manifest(content))
            assert (await http.get(PULLED)).text == image_manifest(content)

    async def test_an_immutable_tag(
        self, ecr: InMemoryECR, http: httpx.AsyncClient, client: ECRClient
    ) -> None:
        add_blobs(ecr)
        await client.put_image_tag_mutability(
            repository_name="team/app", image_tag_mutability="IMMUTABLE"
        )
        for _ in range(2):
            assert (await put(http, "v1", image_manifest())).status_code == 201
        response = await put(http, "v1", image_manifest("other"))
        assert code_of(response) == (400, "TAG_INVALID")
        assert "cannot be overwritten because the tag is immutable" in response.text
        assert (await http.get(PULLED)).text == image_manifest()

    async def test_a_subject(self, ecr: InMemoryECR, http: httpx.AsyncClient) -> None:
        add_blobs(ecr)
        subject = {"mediaType": OCI_MANIFEST, "digest": OTHER_DIGEST, "size": 10}
        response = await put(http, "v1", image_manifest(subject=subject))
        assert response.status_code == 201
        assert response.headers["oci-subject"] == OTHER_DIGEST


class TestDelete:
    async def test_by_digest(self, any_http: httpx.AsyncClient) -> None:
        digest = await push(any_http)
        await push(any_http, "v2")
        assert (await any_http.delete(f"{APP}/manifests/{digest}")).status_code == 202
        for reference in ("v1", "v2", digest):
            path = f"{APP}/manifests/{reference}"
            assert code_of(await any_http.get(path)) == (404, "MANIFEST_UNKNOWN")
            assert code_of(await any_http.delete(path)) == (404, "MANIFEST_UNKNOWN")

    async def test_a_tag(self, http: httpx.AsyncClient) -> None:
        digest = await push(http)
        await push(http, "v2")
        assert (await http.delete(PULLED)).status_code == 202
        assert (await http.get(PULLED)).status_code == 404
        assert (await http.get(f"{APP}/manifests/{digest}")).status_code == 200

    async def test_the_last_tag_deletes_the_image(self, http: httpx.AsyncClient) -> None:
        digest = await push(http)
        assert (await http.delete(PULLED)).status_code == 202
        assert (await http.get(f"{APP}/manifests/{digest}")).status_code == 404

    async def test_an_image_of_an_index(self, ecr: InMemoryECR, http: httpx.AsyncClient) -> None:
        add_blobs(ecr)
        child = image_manifest()
        await put(http, digest_of(child), child)
        await put(http, "v1", index_of([child]), OCI_INDEX)
        response = await http.delete(f"{APP}/manifests/{digest_of(child)}")
        assert code_of(response) == (405, "UNSUPPORTED")
        assert "referenced by manifest list" in response.text
        assert (await http.get(f"{APP}/manifests/{digest_of(child)}")).status_code == 200

    async def test_a_malformed_digest(self, http: httpx.AsyncClient) -> None:
        response = await http.delete(f"{APP}/manifests/sha256:xyz")
        assert code_of(response) == (400, "DIGEST_INVALID")

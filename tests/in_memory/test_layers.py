"""Availability of layers, and their download URLs."""

from __future__ import annotations

import re
from datetime import timedelta, timezone
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.errors import (
    LayerInaccessibleException,
    LayersNotFoundException,
    RepositoryNotFoundException,
)
from ecrclient.testing import InMemoryECR
from ecrclient.testing.http_messages import HttpRequest
from ecrclient.testing.resources.layer_downloads import LayerDownloads
from ecrclient.testing.seeds import add_layer
from ecrclient.testing.store import Registry, utc_now
from tests.in_memory.builders import (
    CONFIG,
    LAYERS,
    OCI_CONFIG,
    OCI_LAYER,
    HandClock,
    descriptor,
    digest_of,
    image_manifest,
    post,
    upload,
)

pytestmark = pytest.mark.anyio

LAYER = digest_of(LAYERS[1])


@pytest.fixture
async def pushed(client: ECRClient, repository: str) -> str:
    """A repository with an image."""
    await client.put_image(
        repository_name=repository, image_manifest=image_manifest(), image_tag="v1"
    )
    return repository


async def availability(client: ECRClient, repository: str, digest: str) -> str:
    response = await client.batch_check_layer_availability(
        repository_name=repository, layer_digests=[digest]
    )
    return response.layers[0].layer_availability


async def archive(client: ECRClient, repository: str, digest: str) -> None:
    await client.update_image_storage_class(
        repository_name=repository,
        image_id={"image_digest": digest},
        target_storage_class="ARCHIVE",
    )


class TestAvailability:
    async def test_each_digest_has_a_separate_result(self, client: ECRClient, pushed: str) -> None:
        unused = await upload(client, pushed, b"unused")
        response = await client.batch_check_layer_availability(
            repository_name=pushed,
            layer_digests=[digest_of(CONFIG), LAYER, unused, "sha256:00", "x", "", LAYER],
        )
        assert [
            (one.layer_digest, one.layer_availability, one.layer_size, one.media_type)
            for one in response.layers
        ] == [
            (digest_of(CONFIG), "AVAILABLE", 10, OCI_CONFIG),
            (LAYER, "AVAILABLE", 3000, OCI_LAYER),
            (unused, "AVAILABLE", 6, None),
            ("sha256:00", "UNAVAILABLE", None, None),
        ]
        assert [(one.layer_digest, one.failure_code) for one in response.failures] == [
            ("x", "InvalidLayerDigest"),
            ("", "MissingLayerDigest"),
        ]
        assert all(one.failure_reason for one in response.failures)

    async def test_the_first_manifest_sets_the_media_type(
        self, client: ECRClient, pushed: str
    ) -> None:
        layers = [descriptor(LAYERS[1], "text/plain")]
        await client.put_image(repository_name=pushed, image_manifest=image_manifest(layers=layers))
        response = await client.batch_check_layer_availability(
            repository_name=pushed, layer_digests=[LAYER]
        )
        assert response.layers[0].media_type == OCI_LAYER

    async def test_at_most_100_digests(self, ecr: InMemoryECR, repository: str) -> None:
        def asking(count: int) -> bytes:
            digests = ", ".join(f'"sha256:{number:02}"' for number in range(count))
            return f'{{"repositoryName": "{repository}", "layerDigests": [{digests}]}}'.encode()

        most = await post(ecr, "BatchCheckLayerAvailability", asking(100))
        assert len(most.json()["layers"]) == 100
        for count in (0, 101):
            refused = await post(ecr, "BatchCheckLayerAvailability", asking(count))
            assert refused.json()["__type"] == "InvalidParameterException"

    async def test_layers_of_archived_images(self, client: ECRClient, pushed: str) -> None:
        await client.put_image(repository_name=pushed, image_manifest=image_manifest("other"))
        await archive(client, pushed, digest_of(image_manifest()))
        assert await availability(client, pushed, LAYER) == "AVAILABLE"
        await archive(client, pushed, digest_of(image_manifest("other")))
        assert await availability(client, pushed, LAYER) == "ARCHIVED"

        # The next push uploads layers that are not available, which makes them available.
        assert await upload(client, pushed, LAYERS[1]) == LAYER
        await client.put_image(repository_name=pushed, image_manifest=image_manifest("new"))
        assert await availability(client, pushed, LAYER) == "AVAILABLE"

    async def test_no_repository(self, client: ECRClient) -> None:
        with pytest.raises(RepositoryNotFoundException):
            await availability(client, "none", LAYER)


async def url_of(client: ECRClient, repository: str, digest: str = LAYER) -> str:
    response = await client.get_download_url_for_layer(
        repository_name=repository, layer_digest=digest
    )
    assert response.layer_digest == digest
    return response.download_url


async def get(ecr: InMemoryECR, url: str) -> httpx.Response:
    """Download without signing the request, as clients do."""
    async with httpx.AsyncClient(transport=ecr.transport()) as http:
        return await http.get(url)


def code_of(response: httpx.Response) -> tuple[int, str]:
    """Return status and code of an error of S3."""
    assert response.headers["content-type"] == "application/xml"
    match = re.search("<Code>(.*)</Code>", response.text)
    assert match is not None
    assert f"<RequestId>{response.headers['x-amz-request-id']}</RequestId>" in response.text
    return response.status_code, match[1]


class TestDownloadUrl:
    @pytest.mark.parametrize("content", [CONFIG, *LAYERS])
    async def test_it_serves_the_layer(
        self, ecr: InMemoryECR, client: ECRClient, pushed: str, content: bytes
    ) -> None:
        response = await get(ecr, await url_of(client, pushed, digest_of(content)))
        assert (response.status_code, response.content) == (200, content)
        assert response.headers["content-length"] == str(len(content))

    async def test_it_has_the_form_of_an_s3_url(
        self, client: ECRClient, pushed: str, clock: HandClock
    ) -> None:
        url = urlsplit(await url_of(client, pushed))
        assert url.scheme == "https"
        assert url.netloc == "prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com"
        query = parse_qs(url.query)
        assert query["X-Amz-Date"] == ["20240506T070809Z"]
        assert query["X-Amz-Expires"] == ["3600"]
        assert query["X-Amz-Credential"][0].endswith("/20240506/us-east-1/s3/aws4_request")

    async def test_it_expires(
        self, ecr: InMemoryECR, client: ECRClient, pushed: str, clock: HandClock
    ) -> None:
        url = await url_of(client, pushed)
        clock.advance(seconds=3599)
        assert (await get(ecr, url)).status_code == 200
        clock.advance(seconds=1)
        expired = await get(ecr, url)
        assert code_of(expired) == (403, "AccessDenied")
        assert "expired" in expired.text
        assert (await get(ecr, await url_of(client, pushed))).status_code == 200

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            pytest.param("X-Amz-Expires=3600", "X-Amz-Expires=7200", id="expiry"),
            pytest.param("20240506T07", "20240506T08", id="date"),
            pytest.param("amazonaws.com", "example.com", id="host"),
            pytest.param(LAYER[7:], digest_of(CONFIG)[7:], id="layer"),
            pytest.param("?", "?x=&", id="another parameter"),
            pytest.param("X-Amz-Signature=", "X-Amz-Signature=0", id="signature"),
            pytest.param("X-Amz-Signature=", "X-Amz-Signature=%C3%A9", id="not hexadecimal"),
        ],
    )
    async def test_a_changed_url_is_refused(
        self, ecr: InMemoryECR, client: ECRClient, pushed: str, old: str, new: str
    ) -> None:
        url = (await url_of(client, pushed)).replace(old, new)
        assert code_of(await get(ecr, url)) == (403, "SignatureDoesNotMatch")

    async def test_without_a_signature(
        self, ecr: InMemoryECR, client: ECRClient, pushed: str
    ) -> None:
        url, _, _ = (await url_of(client, pushed)).partition("?")
        assert code_of(await get(ecr, url)) == (403, "AccessDenied")

    async def test_a_deleted_layer(self, ecr: InMemoryECR, client: ECRClient, pushed: str) -> None:
        url = await url_of(client, pushed)
        await client.delete_repository(repository_name=pushed, force=True)
        assert code_of(await get(ecr, url)) == (404, "NoSuchKey")
        await client.create_repository(repository_name=pushed)
        assert code_of(await get(ecr, url)) == (404, "NoSuchKey")

    async def test_another_registry_refuses_it(self, client: ECRClient, pushed: str) -> None:
        other = InMemoryECR()
        other.add_layer(pushed, LAYERS[1])
        response = await get(other, await url_of(client, pushed))
        assert code_of(response) == (403, "SignatureDoesNotMatch")

    async def test_the_clock_may_be_in_another_timezone(self, clock: HandClock) -> None:
        east = timedelta(hours=9)
        ecr = InMemoryECR(clock=lambda: clock().astimezone(timezone(east)))
        ecr.add_image("team/app", [b"layer"], tags=["v1"])
        async with ecr.client() as client:
            url = await url_of(client, "team/app", digest_of(b"layer"))
        assert "X-Amz-Date=20240506T070809Z" in url
        assert (await get(ecr, url)).content == b"layer"

    async def test_the_origin_of_a_server(self) -> None:
        registry = Registry("123456789012", "us-east-1", utc_now)
        digest = add_layer(registry, "team/app", b"layer")
        registry.origin = "http://127.0.0.1:5001"
        downloads = LayerDownloads(registry)
        url = downloads.url("team/app", digest)
        assert url.startswith("http://127.0.0.1:5001/layers/123456789012/team/app/sha256/")
        parts = urlsplit(url)
        request = HttpRequest("GET", parts.path, parts.query, {"host": parts.netloc}, b"")
        assert downloads.serves(request)
        assert downloads.respond(request).body == b"layer"

    async def test_another_partition(self) -> None:
        ecr = InMemoryECR(region="cn-north-1")
        ecr.add_image("team/app", [b"layer"])
        async with ecr.client() as client:
            url = await url_of(client, "team/app", digest_of(b"layer"))
        assert urlsplit(url).netloc.endswith(".s3.cn-north-1.amazonaws.com.cn")

    async def test_a_missing_layer(self, client: ECRClient, pushed: str) -> None:
        with pytest.raises(LayersNotFoundException, match="sha256:00"):
            await url_of(client, pushed, "sha256:00")

    async def test_a_layer_of_another_repository(self, client: ECRClient, pushed: str) -> None:
        await client.create_repository(repository_name="other")
        with pytest.raises(LayersNotFoundException, match="other"):
            await url_of(client, "other")

    async def test_a_layer_without_an_image(self, client: ECRClient, pushed: str) -> None:
        unused = await upload(client, pushed, b"unused")
        with pytest.raises(LayerInaccessibleException, match=unused):
            await url_of(client, pushed, unused)

    async def test_a_layer_of_an_archived_image(self, client: ECRClient, pushed: str) -> None:
        await archive(client, pushed, digest_of(image_manifest()))
        with pytest.raises(LayerInaccessibleException):
            await url_of(client, pushed)

    async def test_a_layer_of_a_deleted_image(self, client: ECRClient, pushed: str) -> None:
        await client.batch_delete_image(repository_name=pushed, image_ids=[{"image_tag": "v1"}])
        with pytest.raises(LayerInaccessibleException):
            await url_of(client, pushed)

    async def test_no_repository(self, client: ECRClient) -> None:
        with pytest.raises(RepositoryNotFoundException):
            await url_of(client, "none")

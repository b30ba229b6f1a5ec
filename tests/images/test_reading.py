"""Reading from a repository: resolve, manifest, config, blobs and referrers."""

from __future__ import annotations

import gc
import json
import pickle

import anyio
import httpx
import pytest

from ecrclient import ECRClient, RequestValidationError
from ecrclient.errors import RepositoryNotFoundException
from ecrclient.images import (
    BlobNotFoundError,
    ContentMismatchError,
    Descriptor,
    ImageError,
    ImageIndex,
    ImageManifest,
    ImageNotFoundError,
    Images,
    ManifestError,
    Platform,
    PlatformNotFoundError,
)
from ecrclient.images.digests import sha256
from ecrclient.testing import InMemoryECR
from tests.images.calls import Calls
from tests.images.graphs import LAYER, PLATFORMS, Graph

pytestmark = pytest.mark.anyio

CONTENT = bytes(range(256)) * 400


@pytest.fixture
def graph() -> Graph:
    """An index for three platforms, a single image, and what refers to the index."""
    graph = Graph()
    images = [graph.add_image([CONTENT, one[1].encode()], platform=one) for one in PLATFORMS]
    index = graph.add_index(images, tag="v1")
    graph.add_image([b"single"], platform=PLATFORMS[1], tag="single")
    referrer = graph.add_artifact(index, b"signature")
    graph.add_artifact(referrer, b"signature of the signature")
    graph.add_cosign_signature(index, b"signature of cosign")
    return graph


@pytest.fixture
async def images(client: ECRClient, graph: Graph) -> Images:
    await graph.push(client, "team/app")
    return client.images("team/app")


def child(graph: Graph, number: int) -> str:
    digest: str = json.loads(graph.manifests[graph.tags["v1"]])["manifests"][number]["digest"]
    return digest


# -- resolve and manifest --------------------------------------------------------------------------


async def test_a_tag_and_a_digest_resolve_to_the_same(graph: Graph, images: Images) -> None:
    found = await images.resolve("v1")
    assert found.digest == graph.tags["v1"]
    assert found.size == len(graph.manifests[found.digest])
    assert await images.resolve(found.digest) == found


@pytest.mark.parametrize(
    ("platform", "number"),
    [
        ("linux/amd64", 0),
        ("linux/x86_64", 0),
        ("linux/arm64", 1),
        ("linux/arm64/v8", 1),
        (Platform(os="linux", architecture="arm", variant="v7"), 2),
        ("linux/arm/v8", 2),
    ],
)
async def test_a_platform_of_an_index(
    graph: Graph, images: Images, platform: str | Platform, number: int
) -> None:
    found = await images.resolve("v1", platform=platform)
    assert found.digest == child(graph, number)
    assert (await images.manifest("v1", platform=platform)).digest == found.digest
    config = await images.config("v1", platform=platform)
    assert str(config.platform) == str(found.platform)


async def test_the_platform_of_a_single_image_is_verified(images: Images) -> None:
    await images.resolve("single", platform="linux/arm64")
    with pytest.raises(PlatformNotFoundError, match=r"it has: linux/arm64/v8"):
        await images.resolve("single", platform="linux/amd64")


@pytest.mark.parametrize("platform", ["linux/arm/v6", "linux/s390x", "windows/amd64"])
async def test_an_unknown_platform_lists_those_there_are(images: Images, platform: str) -> None:
    for method in (images.resolve, images.manifest, images.config):
        with pytest.raises(PlatformNotFoundError) as caught:
            await method("v1", platform=platform)
        error = caught.value
        assert error.available == ("linux/amd64", "linux/arm64/v8", "linux/arm/v7")
        assert error.platform == platform
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


async def test_an_image_that_is_not_there(client: ECRClient, images: Images) -> None:
    for reference in ("none", "sha256:" + "0" * 64):
        with pytest.raises(ImageNotFoundError, match=f"team/app has no image {reference}"):
            await images.resolve(reference)
    with pytest.raises(RepositoryNotFoundException):
        await client.images("team/none").resolve("v1")


async def test_an_archived_image_is_not_reported_as_missing(
    client: ECRClient, graph: Graph, images: Images
) -> None:
    await client.update_image_storage_class(
        repository_name="team/app",
        image_id={"image_digest": graph.tags["single"]},
        target_storage_class="ARCHIVE",
    )
    with pytest.raises(ImageError, match="archived; restore it before pulling") as caught:
        await images.resolve("single")
    assert not isinstance(caught.value, ImageNotFoundError)


async def test_a_manifest_is_exactly_what_is_stored(graph: Graph, images: Images) -> None:
    index = await images.manifest("v1")
    assert isinstance(index, ImageIndex)
    assert index.raw == graph.manifests[index.digest]
    manifest = await images.manifest(index.manifests[0])
    assert isinstance(manifest, ImageManifest)
    assert manifest.raw == graph.manifests[manifest.digest]


async def test_reading_a_manifest_takes_one_call(ecr: InMemoryECR, images: Images) -> None:
    calls = Calls(ecr)
    await images.manifest("v1")
    assert calls.new() == {"BatchGetImage": 1}
    await images.manifest("v1", platform="linux/arm64")
    assert calls.new() == {"BatchGetImage": 2}


# -- config ----------------------------------------------------------------------------------------


async def test_a_config(graph: Graph, images: Images) -> None:
    config = await images.config("v1", platform="linux/arm64")
    assert config.environment == {"PATH": "/bin", "MODE": "a=b"}
    assert (config.command, config.labels) == (("run",), {"k": "v"})
    assert config.created is not None
    assert config.created.isoformat() == "2026-01-02T03:04:05+00:00"
    assert config.raw in graph.blobs.values()


async def test_the_config_of_several_platforms_needs_one(images: Images) -> None:
    with pytest.raises(PlatformNotFoundError, match="none was passed"):
        await images.config("v1")


async def test_the_config_of_an_artifact(graph: Graph, images: Images) -> None:
    artifact = next(root for root in graph.roots if root not in graph.tags.values())
    with pytest.raises(ManifestError, match="architecture"):
        await images.config(artifact)


# -- blobs -----------------------------------------------------------------------------------------

BLOB = Descriptor(media_type=LAYER, digest=sha256(CONTENT), size=len(CONTENT))


@pytest.mark.parametrize("start", [0, 1, 1000, len(CONTENT) - 1, len(CONTENT)])
async def test_a_blob_is_read_from_a_position(images: Images, start: int) -> None:
    async with images.open_blob(BLOB, start=start) as blob:
        assert blob.position == start
        assert await blob.read() == CONTENT[start:]
        assert blob.position == len(CONTENT)


async def test_a_blob_that_is_not_there(images: Images) -> None:
    absent = Descriptor(media_type=LAYER, digest=sha256(b"absent"), size=6)
    async with images.open_blob(absent) as blob:
        with pytest.raises(BlobNotFoundError, match="team/app has no blob sha256:"):
            await blob.read()


@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1])
async def test_a_blob_of_another_size(images: Images, size: int) -> None:
    wrong = BLOB.model_copy(update={"size": size})
    with pytest.raises(ImageError):
        async with images.open_blob(wrong) as blob:
            await blob.read()


class Altering(httpx.AsyncBaseTransport):
    """Flips the last byte of each download."""

    def __init__(self, ecr: InMemoryECR) -> None:
        self._transport = ecr.transport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._transport.handle_async_request(request)
        if request.method == "POST":
            return response
        content = bytearray(await response.aread())
        content[-1] ^= 1
        return httpx.Response(200, stream=httpx.ByteStream(bytes(content)))


async def test_wrong_content_is_an_error_at_the_end(ecr: InMemoryECR, images: Images) -> None:
    assert images
    async with ECRClient(
        region=ecr.region, credentials=ecr.credentials, transport=Altering(ecr)
    ) as client:
        async with client.images("team/app").open_blob(BLOB) as blob:
            with pytest.raises(ContentMismatchError, match="the content has the digest"):
                await blob.read()
            assert blob.position == len(CONTENT)
        with pytest.raises(ContentMismatchError):
            await client.images("team/app").config("single")


@pytest.mark.parametrize("start", [-1, len(CONTENT) + 1])
async def test_a_position_outside_the_blob(ecr: InMemoryECR, images: Images, start: int) -> None:
    calls = Calls(ecr)
    with pytest.raises(RequestValidationError, match=f"start: must be from 0 to {len(CONTENT)}"):
        async with images.open_blob(BLOB, start=start):
            pass
    assert not calls.new()


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


async def test_a_reader_that_stops_early_or_is_cancelled_leaves_no_connection(
    ecr: InMemoryECR, client: ECRClient
) -> None:
    """Over a real socket: a connection that is not closed causes a ResourceWarning."""
    content = CONTENT * 100
    blob = Descriptor(media_type=LAYER, digest=sha256(content), size=len(content))
    graph = Graph()
    graph.add_image([content], tag="v1")
    await graph.push(client, "team/app")
    async with (
        ecr.serve() as server,
        ECRClient(
            region=ecr.region, credentials=ecr.credentials, endpoint_url=server.url
        ) as served,
    ):
        images = served.images("team/app")
        async with images.open_blob(blob) as stream:
            assert await anext(stream)
        with anyio.CancelScope() as scope:
            async with images.open_blob(blob) as stream:
                assert await anext(stream)
                scope.cancel()
                await stream.read()
        assert scope.cancelled_caught
        with pytest.raises(ZeroDivisionError):
            async with images.open_blob(blob) as stream:
                assert await anext(stream)
                raise ZeroDivisionError
        async with images.open_blob(blob) as stream:
            assert await stream.read() == content
    gc.collect()


# -- referrers -------------------------------------------------------------------------------------


async def test_referrers_are_those_of_oci_and_of_cosign(graph: Graph, images: Images) -> None:
    found = [descriptor.digest async for descriptor in images.referrers("v1")]
    signature = f"{graph.tags['v1'].replace(':', '-')}.sig"
    artifacts = [root for root in graph.roots if root not in graph.tags.values()]
    assert found == [artifacts[0], graph.tags[signature]]
    assert [one.digest async for one in images.referrers(artifacts[0])] == [artifacts[1]]
    assert [one async for one in images.referrers("single")] == []


async def test_each_referrer_is_yielded_once(client: ECRClient, images: Images) -> None:
    """One image may have several tags of cosign."""
    digest = (await images.resolve("single")).digest
    signature = Graph()
    signature.add_image([b"a signature"], tag=f"{digest.replace(':', '-')}.sig")
    signature.tags[f"{digest.replace(':', '-')}.att"] = next(iter(signature.tags.values()))
    await signature.push(client, "team/app")
    found = [one.digest async for one in images.referrers("single")]
    assert found == [next(iter(signature.tags.values()))]


# -- a registry that returns nonsense --------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "{", '{"schemaVersion": 2}', "[]"])
@pytest.mark.parametrize("same_digest", [True, False])
async def test_a_manifest_that_is_none(text: str, same_digest: bool) -> None:
    digest = sha256(text.encode()) if same_digest else "sha256:" + "0" * 64

    def respond(_: httpx.Request) -> httpx.Response:
        image = {
            "imageId": {"imageDigest": digest, "imageTag": "v1"},
            "imageManifest": text,
            "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
        }
        return httpx.Response(200, content=json.dumps({"images": [image], "failures": []}))

    ecr = InMemoryECR()
    async with ECRClient(
        region="us-east-1",
        credentials=ecr.credentials,
        transport=httpx.MockTransport(respond),
    ) as client:
        with pytest.raises((ManifestError, ContentMismatchError)):
            await client.images("team/app").manifest("v1")

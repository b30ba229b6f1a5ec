"""Verification: every kind of damage is a row of the report, and intact images have none."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

from ecrclient import ECRClient, RequestValidationError, ServiceError
from ecrclient.errors import RepositoryNotFoundException
from ecrclient.images import (
    ImageNotFoundError,
    Images,
    SkippedContent,
    VerificationProgress,
    VerificationReport,
    downloads,
)
from ecrclient.images.digests import sha256
from ecrclient.testing import InMemoryECR
from tests.images.calls import WRITES, Calls
from tests.images.graphs import CONFIG, LAYER, MANIFEST, PLATFORMS, Graph, describe, random_graph
from tests.images.races import Before

pytestmark = pytest.mark.anyio

FOREIGN = "application/vnd.oci.image.layer.nondistributable.v1.tar"


@pytest.fixture(autouse=True)
def no_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "_FIRST_DELAY", 0.0)


@pytest.fixture
def graph() -> Graph:
    """An index of two images with a common layer, and another image with that layer."""
    graph = Graph()
    children = [
        graph.add_image([b"common", platform[1].encode()], platform=platform)
        for platform in PLATFORMS[:2]
    ]
    graph.add_index(children, tag="v1")
    graph.add_image([b"common", b"other"], tag="v2")
    return graph


@pytest.fixture
async def images(client: ECRClient, graph: Graph) -> Images:
    await graph.push(client, "team/app")
    return client.images("team/app")


def rows(report: VerificationReport) -> set[tuple[str, str, str]]:
    """The problems of a report: image, content and kind."""
    return {(row.image, row.content, row.kind) for row in report.problems}


Change = Callable[[str, dict[str, Any]], None]
"""Changes the document of a response of an operation."""


class Registry(httpx.AsyncBaseTransport):
    """The in-memory registry with changed responses, and with damaged layers.

    Args:
        ecr: The registry.
        change: Changes the responses of ECR's operations.
        damage: Changes the content of downloads.
    """

    def __init__(
        self,
        ecr: InMemoryECR,
        change: Change = lambda _operation, _document: None,
        damage: Callable[[bytes], bytes] = lambda content: content,
    ) -> None:
        self._transport = ecr.transport()
        self._change, self._damage = change, damage
        self.downloads = self.most_downloads = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._transport.handle_async_request(request)
        content = await response.aread()
        if request.method == "GET":
            return await self._download(response.status_code, content)
        document = json.loads(content)
        self._change(request.headers["x-amz-target"].rpartition(".")[2], document)
        return httpx.Response(response.status_code, content=json.dumps(document).encode())

    async def _download(self, status: int, content: bytes) -> httpx.Response:
        self.downloads += 1
        self.most_downloads = max(self.downloads, self.most_downloads)
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
        self.downloads -= 1
        return httpx.Response(status, content=self._damage(content))


async def verify(ecr: InMemoryECR, transport: Registry, **arguments: Any) -> VerificationReport:
    """Verify team/app through a transport."""
    async with ECRClient(
        region=ecr.region, credentials=ecr.credentials, transport=transport
    ) as client:
        return await client.images("team/app").verify(**arguments)


def replaced(changes: Mapping[bytes, bytes], content: bytes) -> bytes:
    """Return other content for some."""
    return changes.get(content, content)


# -- intact images ---------------------------------------------------------------------------------


@pytest.mark.parametrize("deep", [False, True])
async def test_an_intact_repository(images: Images, graph: Graph, deep: bool) -> None:
    report = await images.verify(deep=deep)
    assert report.ok
    assert (report.images, report.blobs) == (len(graph.manifests), len(graph.blobs))
    assert report.bytes_read == (sum(map(len, graph.blobs.values())) if deep else 0)
    assert (report.repository, report.reference, report.deep) == ("team/app", None, deep)
    assert (report.problems, report.skipped) == ((), ())


async def test_one_image_with_its_children(images: Images, graph: Graph) -> None:
    report = await images.verify("v1", deep=True)
    assert (report.ok, report.images, report.blobs) == (True, 3, 5)
    by_digest = await images.verify(graph.tags["v2"])
    assert (by_digest.ok, by_digest.images, by_digest.blobs) == (True, 1, 3)


async def test_an_empty_repository(client: ECRClient) -> None:
    report = await client.images("team/copy").verify(deep=True)
    assert (report.ok, report.images) == (True, 0)


async def test_random_graphs_are_intact(ecr: InMemoryECR, client: ECRClient) -> None:
    for seed in range(10):
        name = f"random/{seed}"
        await client.create_repository(repository_name=name)
        await random_graph(seed)[0].push(client, name)
        assert (await client.images(name).verify(deep=True)).problems == ()


async def test_verification_writes_nothing(ecr: InMemoryECR, images: Images) -> None:
    calls = Calls(ecr)
    await images.verify(deep=True)
    assert not calls.new().keys() & WRITES


async def test_calls_are_batched(ecr: InMemoryECR, client: ECRClient) -> None:
    many = Graph()
    for number in range(60):
        many.add_image([f"{number} {part}".encode() for part in range(3)], tag=f"v{number}")
    await many.push(client, "team/app")
    calls = Calls(ecr)
    report = await client.images("team/app").verify()
    assert (report.images, report.blobs) == (60, len(many.blobs))
    assert calls.new() == {
        "DescribeImages": 1,
        "BatchGetImage": 3,
        "BatchCheckLayerAvailability": -(-len(many.blobs) // 100),
    }


async def test_each_blob_is_downloaded_once(ecr: InMemoryECR, images: Images, graph: Graph) -> None:
    calls = Calls(ecr)
    await images.verify(deep=True)
    assert calls.new()["GetDownloadUrlForLayer"] == len(graph.blobs)


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_concurrency_is_bounded(ecr: InMemoryECR, images: Images, limit: int) -> None:
    transport = Registry(ecr)
    await verify(ecr, transport, deep=True, max_concurrency=limit)
    assert transport.most_downloads == limit


async def test_progress_ends_with_everything(images: Images, graph: Graph) -> None:
    seen: list[VerificationProgress] = []
    report = await images.verify(deep=True, on_progress=seen.append)
    assert seen[0].images_total == 4
    assert seen[-1] == VerificationProgress(
        images=4,
        images_total=4,
        blobs=len(graph.blobs),
        blobs_total=len(graph.blobs),
        bytes_read=report.bytes_read,
    )


async def test_an_exception_of_the_callback_ends_the_verification(images: Images) -> None:
    def stop(progress: VerificationProgress) -> None:
        raise KeyError(progress.blobs)

    with pytest.raises(KeyError):
        await images.verify(on_progress=stop)


# -- damaged content -------------------------------------------------------------------------------


@pytest.fixture
async def stored(tmp_path: Path, graph: Graph) -> AsyncIterator[tuple[Images, Path]]:
    """The images in a registry that stores its layers in a folder."""
    ecr = InMemoryECR(layers_dir=tmp_path)
    async with ecr.client() as client:
        await client.create_repository(repository_name="team/app")
        await graph.push(client, "team/app")
        yield client.images("team/app"), tmp_path / "sha256"


async def test_a_flipped_bit_in_any_blob_is_found(
    stored: tuple[Images, Path], graph: Graph
) -> None:
    images, folder = stored
    rng = random.Random(7)
    for digest, content in graph.blobs.items():
        damaged = bytearray(content)
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        path = anyio.Path(folder / digest.partition(":")[2])
        await path.write_bytes(damaged)
        report = await images.verify(deep=True)
        affected = {
            image
            for image, raw in graph.manifests.items()
            if digest in raw.decode() and graph.media_types[image] == MANIFEST
        }
        assert rows(report) == {(image, digest, "wrong blob content") for image in affected}
        assert (await images.verify()).ok, "only deep=True reads the content"
        await path.write_bytes(content)


async def test_truncated_and_extended_blobs_are_found(
    ecr: InMemoryECR, images: Images, graph: Graph
) -> None:
    digest = sha256(b"other")
    for damaged in (b"othe", b"other!"):
        transport = Registry(ecr, damage=partial(replaced, {b"other": damaged}))
        report = await verify(ecr, transport, deep=True)
        (row,) = report.problems
        assert (row.image, row.content, row.tags) == (graph.tags["v2"], digest, ("v2",))
        assert row.kind in {"wrong blob content", "unreadable blob"}


async def test_a_blob_without_a_download_is_missing(
    ecr: InMemoryECR, images: Images, graph: Graph
) -> None:
    digest = sha256(b"other")
    ecr.faults.error(
        "LayersNotFoundException",
        operation="GetDownloadUrlForLayer",
        when=lambda call: digest.encode() in call.body,
        times=None,
    )
    report = await images.verify(deep=True)
    assert rows(report) == {(graph.tags["v2"], digest, "missing blob")}


async def test_a_download_that_never_completes_is_unreadable(
    ecr: InMemoryECR, images: Images, graph: Graph
) -> None:
    class Broken(Registry):
        async def _download(self, status: int, content: bytes) -> httpx.Response:
            if content == b"other":
                raise httpx.ReadError("broken")
            return await super()._download(status, content)

    report = await verify(ecr, Broken(ecr), deep=True)
    (row,) = report.problems
    assert (row.image, row.kind) == (graph.tags["v2"], "unreadable blob")
    assert "broken" in row.message


# -- damaged metadata ------------------------------------------------------------------------------


async def test_missing_blobs_are_rows_for_each_image(
    ecr: InMemoryECR, images: Images, graph: Graph
) -> None:
    digest = sha256(b"common")

    def lose(operation: str, document: dict[str, Any]) -> None:
        if operation == "BatchCheckLayerAvailability":
            for layer in document["layers"]:
                if layer["layerDigest"] == digest:
                    layer["layerAvailability"] = "UNAVAILABLE"

    report = await verify(ecr, Registry(ecr, lose))
    affected = {image for image, raw in graph.manifests.items() if digest in raw.decode()}
    assert len(affected) == 3
    assert rows(report) == {(image, digest, "missing blob") for image in affected}
    assert {row.tags for row in report.problems} == {(), ("v2",)}
    assert report.blobs == len(graph.blobs)


async def test_a_layer_that_is_refused_is_missing_with_the_reason(
    ecr: InMemoryECR, images: Images, graph: Graph
) -> None:
    digest = sha256(b"other")

    def refuse(operation: str, document: dict[str, Any]) -> None:
        if operation == "BatchCheckLayerAvailability":
            layers = document["layers"]
            document["layers"] = [one for one in layers if one["layerDigest"] != digest]
            failure = {"layerDigest": digest, "failureCode": "InvalidLayerDigest"}
            document["failures"] = [{**failure, "failureReason": "too odd"}]

    report = await verify(ecr, Registry(ecr, refuse))
    assert rows(report) == {(graph.tags["v2"], digest, "missing blob")}
    assert report.problems[0].message == "InvalidLayerDigest: too odd"


async def test_an_archived_blob_of_an_active_image(
    ecr: InMemoryECR, images: Images, graph: Graph
) -> None:
    def archive(operation: str, document: dict[str, Any]) -> None:
        if operation == "BatchCheckLayerAvailability":
            for layer in document["layers"]:
                if layer["layerDigest"] == sha256(b"other"):
                    layer["layerAvailability"] = "ARCHIVED"

    report = await verify(ecr, Registry(ecr, archive), deep=True)
    assert rows(report) == {(graph.tags["v2"], sha256(b"other"), "archived blob")}


async def test_a_wrong_size_of_a_blob(ecr: InMemoryECR, client: ECRClient) -> None:
    wrong = Graph()
    config = wrong.add_blob(b"{}", CONFIG)
    layer = {**wrong.add_blob(b"layer", LAYER), "size": 4}
    document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}
    image = wrong.add_manifest(document, tag="v1")
    await wrong.push(client, "team/app")
    for deep in (False, True):
        report = await client.images("team/app").verify("v1", deep=deep)
        assert rows(report) == {(image["digest"], sha256(b"layer"), "wrong blob size")}
        assert report.problems[0].message == "the blob has 5 bytes, not 4 as the manifest says"


async def test_a_missing_child(ecr: InMemoryECR, images: Images, graph: Graph) -> None:
    child = next(iter(graph.manifests))

    def lose(operation: str, document: dict[str, Any]) -> None:
        if operation == "DescribeImages":
            found = document["imageDetails"]
            document["imageDetails"] = [one for one in found if one["imageDigest"] != child]
        if operation == "BatchGetImage":
            found = [one for one in document["images"] if one["imageId"]["imageDigest"] != child]
            if len(found) < len(document["images"]):
                failure = {"imageId": {"imageDigest": child}, "failureCode": "ImageNotFound"}
                document["failures"].append({**failure, "failureReason": "not found"})
            document["images"] = found

    for reference in (None, "v1"):
        report = await verify(ecr, Registry(ecr, lose), reference=reference)
        assert rows(report) == {(graph.tags["v1"], child, "missing child")}
        assert report.problems[0].tags == ("v1",)


async def test_a_wrong_size_of_a_child(ecr: InMemoryECR, client: ECRClient) -> None:
    wrong = Graph()
    child = wrong.add_image([b"a"])
    index = wrong.add_index([{**child, "size": child["size"] + 1}], tag="v1")
    await wrong.push(client, "team/app")
    report = await client.images("team/app").verify()
    assert rows(report) == {(index["digest"], child["digest"], "wrong child size")}


async def test_a_manifest_with_another_digest(
    ecr: InMemoryECR, images: Images, graph: Graph
) -> None:
    def change(operation: str, document: dict[str, Any]) -> None:
        if operation == "BatchGetImage":
            for image in document["images"]:
                if image["imageId"]["imageDigest"] == graph.tags["v2"]:
                    image["imageManifest"] += " "

    report = await verify(ecr, Registry(ecr, change))
    digest = graph.tags["v2"]
    assert rows(report) == {(digest, digest, "wrong manifest content")}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schemaVersion": 2}'])
async def test_a_manifest_that_is_none(
    ecr: InMemoryECR, images: Images, graph: Graph, text: str
) -> None:
    def change(operation: str, document: dict[str, Any]) -> None:
        if operation == "BatchGetImage":
            for image in document["images"]:
                if image["imageId"]["imageDigest"] == graph.tags["v2"]:
                    image["imageManifest"] = text

    report = await verify(ecr, Registry(ecr, change))
    digest = graph.tags["v2"]
    assert rows(report) == {(digest, digest, "unreadable manifest")}


async def test_images_that_ecr_does_not_return(
    ecr: InMemoryECR, images: Images, graph: Graph
) -> None:
    def drop(operation: str, document: dict[str, Any]) -> None:
        if operation == "BatchGetImage":
            failure = {"imageId": {"imageDigest": graph.tags["v2"]}, "failureCode": "KmsError"}
            document["failures"] = [{**failure, "failureReason": "no key"}]
            document["images"] = []

    report = await verify(ecr, Registry(ecr, drop))
    assert {row.kind for row in report.problems} == {"unreadable manifest"}
    messages = {row.image: row.message for row in report.problems}
    assert messages[graph.tags["v2"]] == "KmsError: no key"
    assert messages[graph.tags["v1"]] == "ECR returned neither the image nor a failure"


# -- what is skipped -------------------------------------------------------------------------------


async def test_archived_images_are_skipped(client: ECRClient, images: Images, graph: Graph) -> None:
    await client.update_image_storage_class(
        repository_name="team/app", image_id={"image_tag": "v2"}, target_storage_class="ARCHIVE"
    )
    for reference, number in ((None, 3), ("v2", 0)):
        report = await images.verify(reference)
        assert (report.ok, report.images) == (True, number)
        assert report.skipped == (SkippedContent(digest=graph.tags["v2"], reason="archived"),)


async def test_an_archived_child_is_skipped(
    client: ECRClient, images: Images, graph: Graph
) -> None:
    child = next(iter(graph.manifests))
    await client.update_image_storage_class(
        repository_name="team/app",
        image_id={"image_digest": child},
        target_storage_class="ARCHIVE",
    )
    report = await images.verify("v1")
    assert report.skipped == (SkippedContent(digest=child, reason="archived"),)
    assert report.ok


async def test_foreign_layers_and_unknown_types_are_skipped(
    ecr: InMemoryECR, client: ECRClient
) -> None:
    graph = Graph()
    foreign = describe(b"windows", FOREIGN, urls=["https://example.com/layer"])
    config = graph.add_blob(b"{}", CONFIG)
    layers = [foreign, graph.add_blob(b"layer", LAYER)]
    document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
    graph.add_manifest(document, tag="v1")
    schema1 = "application/vnd.docker.distribution.manifest.v1+json"
    old = graph.add_manifest({"schemaVersion": 1, "mediaType": schema1, "fsLayers": []}, tag="v0")
    await graph.push(client, "team/app")
    report = await client.images("team/app").verify(deep=True)
    assert report.ok
    assert {(row.digest, row.reason) for row in report.skipped} == {
        (foreign["digest"], "foreign layer"),
        (old["digest"], "unknown type"),
    }


async def test_an_image_that_is_deleted_meanwhile_is_skipped(
    ecr: InMemoryECR, images: Images, graph: Graph
) -> None:
    race = Before("BatchGetImage", lambda: images.untag("v2", last_tag="delete image"))
    async with ecr.client(middleware=[race]) as racing:
        report = await racing.images("team/app").verify()
    assert report.ok
    assert report.skipped == (SkippedContent(digest=graph.tags["v2"], reason="deleted"),)


async def test_a_child_that_is_pushed_meanwhile_is_verified(
    ecr: InMemoryECR, images: Images, graph: Graph
) -> None:
    """The list of images does not have it, but the index does."""

    def hide(operation: str, document: dict[str, Any]) -> None:
        if operation == "DescribeImages":
            found = document["imageDetails"]
            document["imageDetails"] = [one for one in found if "imageTags" in one]

    report = await verify(ecr, Registry(ecr, hide))
    assert (report.ok, report.images) == (True, 4)


# -- the report and errors -------------------------------------------------------------------------


async def test_the_report_is_json(ecr: InMemoryECR, images: Images, graph: Graph) -> None:
    ecr.faults.error(
        "LayersNotFoundException",
        operation="GetDownloadUrlForLayer",
        when=lambda call: sha256(b"other").encode() in call.body,
    )
    report = await images.verify("v2", deep=True)
    document = json.loads(report.model_dump_json())
    assert document["reference"] == "v2"
    assert document["problems"] == [
        {
            "image": graph.tags["v2"],
            "tags": ["v2"],
            "content": sha256(b"other"),
            "kind": "missing blob",
            "message": "the repository does not return the blob",
        }
    ]
    assert VerificationReport.model_validate(document) == report


async def test_an_unknown_image_or_repository(client: ECRClient, images: Images) -> None:
    with pytest.raises(ImageNotFoundError):
        await images.verify("v9")
    with pytest.raises(RepositoryNotFoundException):
        await client.images("team/none").verify()


@pytest.mark.parametrize(
    "operation",
    ["DescribeImages", "BatchGetImage", "BatchCheckLayerAvailability", "GetDownloadUrlForLayer"],
)
async def test_a_call_that_fails_ends_the_verification(
    ecr: InMemoryECR, images: Images, operation: str
) -> None:
    ecr.faults.error("AccessDeniedException", operation=operation)
    with pytest.raises(ServiceError, match="AccessDenied"):
        await images.verify(deep=True)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"reference": 1}, "reference: must be a tag or a digest"),
        ({"deep": 1}, "deep: must be True or False"),
        ({"max_concurrency": 0}, "max_concurrency: must be at least 1"),
        ({"max_concurrency": "4"}, "max_concurrency: must be a whole number"),
    ],
)
async def test_wrong_arguments(
    ecr: InMemoryECR, images: Images, arguments: dict[str, Any], problem: str
) -> None:
    calls = Calls(ecr)
    with pytest.raises(RequestValidationError, match=f"verify: {problem}"):
        await images.verify(**arguments)
    assert not calls.new()


async def test_a_cancelled_verification_closes_its_downloads(
    ecr: InMemoryECR, images: Images
) -> None:
    """Unclosed responses would be warnings, which are errors."""

    def cancel(progress: VerificationProgress) -> None:
        if progress.bytes_read:
            scope.cancel()

    with anyio.CancelScope() as scope:
        await images.verify(deep=True, on_progress=cancel)
    assert scope.cancelled_caught

"""Attachments: the artifact that is made of files, and how it is pushed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from ecrclient import ECRClient, RequestValidationError
from ecrclient.images import (
    ArchiveError,
    ArtifactTypes,
    Attachment,
    BlobDone,
    ContentMismatchError,
    ImageManifest,
    ImageNotFoundError,
    Images,
    LimitError,
    ManifestWritten,
    ProgressEvent,
)
from ecrclient.images.attachments import ArtifactStore, is_media_type
from ecrclient.images.digests import sha256
from ecrclient.images.manifests import Descriptor
from ecrclient.images.stores import ImageStore, TransferContext
from ecrclient.testing import InMemoryECR
from tests.bounded import run_bounded
from tests.images.calls import WRITES, Calls
from tests.images.graphs import PLATFORMS, Graph
from tests.images.races import Before
from tests.images.stores import repository_contents
from tests.images.test_cancellation import CancellingTransport

pytestmark = pytest.mark.anyio

EMPTY = {
    "mediaType": "application/vnd.oci.empty.v1+json",
    "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    "size": 2,
}


@pytest.fixture
def graph() -> Graph:
    graph = Graph()
    graph.add_index([graph.add_image([b"a"], platform=PLATFORMS[0])], tag="v1")
    return graph


@pytest.fixture
async def images(client: ECRClient, graph: Graph) -> Images:
    await graph.push(client, "team/app")
    return client.images("team/app")


async def document(images: Images, referrer: Descriptor) -> dict[str, Any]:
    """The manifest of an artifact."""
    loaded: dict[str, Any] = json.loads((await images.manifest(referrer)).raw)
    return loaded


async def test_the_manifest_is_that_of_the_oci_specification(
    images: Images, graph: Graph, tmp_path: Path
) -> None:
    path = tmp_path / "sbom.spdx.json"
    path.write_bytes(b'{"spdxVersion": "SPDX-2.3"}')
    sbom = await images.attach(
        "v1", path, artifact_type=ArtifactTypes.SPDX_JSON, annotations={"b": "2", "a": "1"}
    )
    assert await document(images, sbom) == {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": "application/spdx+json",
        "config": {**EMPTY, "data": "e30="},
        "layers": [
            {
                "mediaType": "application/spdx+json",
                "digest": sha256(path.read_bytes()),
                "size": 27,
                "annotations": {"org.opencontainers.image.title": "sbom.spdx.json"},
            }
        ],
        "subject": {
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "digest": graph.tags["v1"],
            "size": len(graph.manifests[graph.tags["v1"]]),
        },
        "annotations": {"a": "1", "b": "2"},
    }


async def test_several_files_with_their_own_types_and_names(images: Images, tmp_path: Path) -> None:
    path = tmp_path / "statement.json"
    path.write_bytes(b"statement")
    artifact = await images.attach(
        "v1",
        path,
        Attachment(path, title="renamed.json"),
        Attachment(b"sig", media_type="application/pgp-signature", annotations={"key": "k1"}),
        b"plain",
        artifact_type=ArtifactTypes.IN_TOTO,
        media_type="application/json",
    )
    title = "org.opencontainers.image.title"
    layers = (await document(images, artifact))["layers"]
    assert [(layer["mediaType"], layer.get("annotations")) for layer in layers] == [
        ("application/json", {title: "statement.json"}),
        ("application/json", {title: "renamed.json"}),
        ("application/pgp-signature", {"key": "k1"}),
        ("application/json", None),
    ]
    assert "annotations" not in await document(images, artifact)


async def test_the_title_names_the_only_file(images: Images) -> None:
    artifact = await images.attach("v1", b"{}", artifact_type="a/b", title="report.json")
    manifest = await images.manifest(artifact)
    assert isinstance(manifest, ImageManifest)
    assert manifest.layers[0].annotations == {"org.opencontainers.image.title": "report.json"}


async def test_an_artifact_without_files_has_the_empty_layer(images: Images) -> None:
    artifact = await images.attach("v1", artifact_type="a/b", annotations={"end-of-life": "2027"})
    assert (await document(images, artifact))["layers"] == [EMPTY]


async def test_attaching_again_writes_nothing(
    ecr: InMemoryECR, images: Images, tmp_path: Path
) -> None:
    path = tmp_path / "sbom.json"
    path.write_bytes(b"sbom")
    first = await images.attach("v1", path, b"more", artifact_type="a/b", annotations={"n": "1"})
    calls = Calls(ecr)
    again = await images.attach("v1", path, b"more", artifact_type="a/b", annotations={"n": "1"})
    assert again == first
    assert not calls.new().keys() & WRITES
    changed = await images.attach("v1", path, b"more", artifact_type="a/b", annotations={"n": "2"})
    assert changed.digest != first.digest


async def test_an_image_of_a_platform_as_the_subject(images: Images, graph: Graph) -> None:
    child = await images.resolve("v1", platform="linux/amd64")
    artifact = await images.attach(child.digest, b"{}", artifact_type="a/b")
    assert [one.digest async for one in images.referrers(child.digest)] == [artifact.digest]
    assert [one async for one in images.referrers("v1")] == []


async def test_events_are_reported(images: Images) -> None:
    events: list[ProgressEvent] = []
    await images.attach("v1", b"one", b"two", artifact_type="a/b", on_progress=events.append)
    done = {event.digest for event in events if isinstance(event, BlobDone)}
    assert {sha256(b"one"), sha256(b"two"), EMPTY["digest"]} == done
    assert isinstance(events[-1], ManifestWritten)


def read_an_attachment(backend: str, path: str) -> int:
    """Make an artifact of a file, and return the bytes that an upload reads, in a child process."""

    async def read() -> int:
        store = ArtifactStore("a/b", "a/b", {})
        subject = Descriptor(media_type="a/b", digest=sha256(b""), size=0)
        manifest = await store.build(subject, [Attachment(Path(path))])
        assert isinstance(manifest, ImageManifest)
        size = 0
        async with store.blob(manifest.layers[0]).open() as pieces:
            async for piece in pieces:
                size += len(piece)
        return size

    return anyio.run(read, backend=backend)


def test_a_long_file_is_never_in_memory(anyio_backend: str, tmp_path: Path) -> None:
    """Uploads, which hold three parts, are tested elsewhere."""
    path = tmp_path / "long.bin"
    with path.open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    read = run_bounded(read_an_attachment, anyio_backend, str(path), memory_mib=100)
    assert read == path.stat().st_size


async def test_a_file_that_changes_meanwhile_is_not_attached(
    ecr: InMemoryECR, client: ECRClient, images: Images, tmp_path: Path
) -> None:
    path = tmp_path / "sbom.json"
    path.write_bytes(b"before")

    async def change() -> None:
        await anyio.Path(path).write_bytes(b"after!")

    async with ecr.client(middleware=[Before("InitiateLayerUpload", change)]) as racing:
        with pytest.raises(ContentMismatchError):
            await racing.images("team/app").attach("v1", path, artifact_type="a/b")
    assert [one async for one in images.referrers("v1")] == []


async def test_files_that_cannot_be_read(ecr: InMemoryECR, images: Images, tmp_path: Path) -> None:
    calls = Calls(ecr)
    with pytest.raises(ArchiveError, match="not a file"):
        await images.attach("v1", tmp_path, artifact_type="a/b")
    with pytest.raises(ArchiveError, match="missing"):
        await images.attach("v1", tmp_path / "missing", artifact_type="a/b")
    assert not calls.new().keys() & WRITES


async def test_an_empty_file_is_refused_before_anything_is_sent(
    ecr: InMemoryECR, images: Images
) -> None:
    calls = Calls(ecr)
    with pytest.raises(LimitError, match="ECR does not accept empty blobs"):
        await images.attach("v1", b"content", b"", artifact_type="a/b")
    assert not calls.new().keys() & WRITES


async def test_attaching_to_an_unknown_image(images: Images) -> None:
    with pytest.raises(ImageNotFoundError):
        await images.attach("v9", b"{}", artifact_type="a/b")


@pytest.mark.parametrize(
    ("contents", "arguments", "problem"),
    [
        ((b"{}",), {"artifact_type": "sbom"}, "artifact_type: must be a media type"),
        ((b"{}",), {"artifact_type": "a/b; c=1"}, "artifact_type: must be a media type"),
        ((b"{}",), {"media_type": "json"}, "media_type: must be a media type"),
        (("text",), {}, r"contents\[0\]: must be bytes, a Path or an Attachment"),
        ((b"{}", Attachment("x")), {}, r"contents\[1\].content: must be"),  # type: ignore[arg-type]
        ((Attachment(b"", media_type="x"),), {}, r"contents\[0\].media_type: must be"),
        ((b"a", b"b"), {"title": "name"}, "title: must not be passed unless there is one file"),
        ((b"a",), {"annotations": {"a": 1}}, "annotations: must be a map of strings"),
        ((b"a",), {"annotations": "a"}, "annotations: must be a map of strings"),
        ((b"a",), {"max_concurrency": 0}, "max_concurrency: must be at least 1"),
    ],
)
async def test_wrong_arguments(
    ecr: InMemoryECR,
    images: Images,
    contents: tuple[Any, ...],
    arguments: dict[str, Any],
    problem: str,
) -> None:
    chosen: dict[str, Any] = {"artifact_type": "a/b", **arguments}
    calls = Calls(ecr)
    with pytest.raises(RequestValidationError, match=f"attach: {problem}"):
        await images.attach("v1", *contents, **chosen)
    assert not calls.new()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("application/vnd.cncf.notary.signature", True),
        ("a/" + "b" * 127, True),
        ("a/" + "b" * 128, False),
        ("a/b/c", False),
        ("/b", False),
        ("a /b", False),
        (None, False),
    ],
)
def test_media_types(text: object, expected: bool) -> None:
    assert is_media_type(text) is expected


async def test_a_cancelled_attachment_is_complete_or_absent(
    ecr: InMemoryECR, client: ECRClient, images: Images
) -> None:
    async def attach_until(step: int | None) -> int:
        transport = CancellingTransport(ecr.transport())
        async with ECRClient(
            region=ecr.region, credentials=ecr.credentials, transport=transport
        ) as cancelled:
            with anyio.CancelScope() as scope:
                transport.cancel_at, transport.cancel = step, scope.cancel
                content = f"for {step}".encode()
                await cancelled.images("team/app").attach("v1", content, artifact_type="a/b")
        return transport.steps

    steps = await attach_until(None)
    for step in range(1, steps + 1):
        await attach_until(step)
        (await repository_contents(ecr, "team/app")).check()
    assert 1 < len([one async for one in images.referrers("v1")]) < steps


async def test_the_store_of_an_attachment_is_only_a_source() -> None:
    store = ArtifactStore("a/b", "a/b", {})
    assert isinstance(store, ImageStore)
    assert [tag async for tag in store.tags()] == []
    with pytest.raises(NotImplementedError):
        store.writing(TransferContext())
    with pytest.raises(ImageNotFoundError):
        await store.resolve(None)

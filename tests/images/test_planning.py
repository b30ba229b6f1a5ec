"""Plans: what a destination cannot hold is an error before anything is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecrclient import ECRClient
from ecrclient.images import (
    ArchiveError,
    ContentMismatchError,
    DockerArchive,
    ImageError,
    ImageStore,
    Layout,
    LimitError,
    ManifestError,
    OCIArchive,
    ProgressEvent,
)
from ecrclient.images.digests import sha256
from ecrclient.testing import InMemoryECR
from tests.images.calls import WRITES, Calls
from tests.images.graphs import CONFIG, INDEX, LAYER, MANIFEST, PLATFORMS, Graph, describe
from tests.images.stores import repository_contents
from tests.images.transfers import transfer

pytestmark = pytest.mark.anyio

ANOTHER = b"another layer"


async def assert_refused_before_any_write(
    store: ImageStore, destination: ImageStore, kind: type[ImageError], problem: str
) -> None:
    events: list[ProgressEvent] = []
    with pytest.raises(kind, match=problem):
        await transfer(store, destination, "v1", on_progress=events.append)
    assert events == []


async def refused_by_ecr(
    ecr: InMemoryECR, client: ECRClient, store: Layout, kind: type[ImageError], problem: str
) -> None:
    calls = Calls(ecr)
    destination = client.images("team/copy")
    await assert_refused_before_any_write(store, destination, kind, problem)
    assert not WRITES & set(calls.new())


async def test_an_empty_blob(ecr: InMemoryECR, client: ECRClient, tmp_path: Path) -> None:
    graph = Graph()
    graph.add_image([ANOTHER, b""], tag="v1")
    graph.write_layout(tmp_path / "layout")
    await refused_by_ecr(ecr, client, Layout(tmp_path / "layout"), LimitError, "empty blobs")
    await transfer(Layout(tmp_path / "layout"), Layout(tmp_path / "copy"), "v1")


async def test_a_blob_that_is_too_long(ecr: InMemoryECR, client: ECRClient, tmp_path: Path) -> None:
    graph = Graph()
    long = {**describe(ANOTHER, LAYER), "size": 52_000 * 1024 * 1024 + 1}
    config = graph.add_blob(b"{}", CONFIG)
    document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [long]}
    graph.add_manifest(document, tag="v1")
    graph.write_layout(tmp_path / "layout")
    await refused_by_ecr(ecr, client, Layout(tmp_path / "layout"), LimitError, "ECR's limit")


@pytest.mark.parametrize("same_manifest", [True, False])
async def test_a_blob_with_two_sizes(
    ecr: InMemoryECR, client: ECRClient, same_manifest: bool, tmp_path: Path
) -> None:
    graph = Graph()
    config = graph.add_blob(b"{}", CONFIG)
    true = graph.add_blob(ANOTHER, LAYER)
    false = {**true, "size": 3}
    base = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config}
    if same_manifest:
        graph.add_manifest({**base, "layers": [true, false]}, tag="v1")
    else:
        children = [graph.add_manifest({**base, "layers": [one]}) for one in (true, false)]
        graph.add_index(children, tag="v1")
    graph.write_layout(tmp_path / "layout")
    source = Layout(tmp_path / "layout")
    problem = f"{true['digest']} has two sizes: 13 and 3 bytes"
    await refused_by_ecr(ecr, client, source, ManifestError, problem)
    await assert_refused_before_any_write(
        source, OCIArchive(tmp_path / "a.tar"), ManifestError, problem
    )
    assert not (tmp_path / "a.tar").exists()


async def test_a_blob_that_the_repository_has_with_another_size(
    ecr: InMemoryECR, client: ECRClient, tmp_path: Path
) -> None:
    graph = Graph()
    await Graph.push_blob(client, "team/copy", ANOTHER)
    config = graph.add_blob(b"{}", CONFIG)
    false = {**graph.add_blob(ANOTHER, LAYER), "size": 3}
    document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [false]}
    graph.add_manifest(document, tag="v1")
    graph.write_layout(tmp_path / "layout")
    problem = "repository team/copy has 13 bytes, not 3"
    await refused_by_ecr(ecr, client, Layout(tmp_path / "layout"), ContentMismatchError, problem)


@pytest.mark.parametrize(
    ("media_type", "document"),
    [
        (
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
            {"schemaVersion": 1, "fsLayers": [{"blobSum": sha256(ANOTHER)}], "signatures": []},
        ),
        ("application/vnd.oci.artifact.manifest.v1+json", {"blobs": [describe(ANOTHER, LAYER)]}),
    ],
)
@pytest.mark.parametrize("in_index", [False, True])
async def test_a_manifest_whose_content_is_unknown(
    ecr: InMemoryECR,
    client: ECRClient,
    media_type: str,
    document: dict[str, object],
    in_index: bool,
    tmp_path: Path,
) -> None:
    graph = Graph()
    tag = None if in_index else "v1"
    child = graph.add_manifest({"mediaType": media_type, **document}, tag=tag)
    if in_index:
        graph.add_index([child], tag="v1")
    graph.write_layout(tmp_path / "layout")
    source = Layout(tmp_path / "layout")
    problem = f"images of the type {media_type.replace('+', '.')} cannot be copied"
    await refused_by_ecr(ecr, client, source, ManifestError, problem)
    await assert_refused_before_any_write(source, Layout(tmp_path / "copy"), ManifestError, problem)
    assert not (tmp_path / "copy").exists()


async def test_an_index_for_an_archive_of_docker_save(client: ECRClient, tmp_path: Path) -> None:
    graph = Graph()
    graph.add_index([graph.add_image([b"x"], platform=one) for one in PLATFORMS[:2]], tag="v1")
    await graph.push(client, "team/app")
    target = DockerArchive(tmp_path / "docker.tar")
    await assert_refused_before_any_write(
        client.images("team/app"), target, ArchiveError, r"pass platforms="
    )


async def test_a_manifest_over_the_limit(
    ecr: InMemoryECR, client: ECRClient, tmp_path: Path
) -> None:
    graph = Graph()
    graph.add_image([ANOTHER], tag="v1", annotations={"a": "x" * (4 * 1024 * 1024)})
    graph.write_layout(tmp_path / "layout")
    await refused_by_ecr(
        ecr, client, Layout(tmp_path / "layout"), ArchiveError, "longer than 4194304 bytes"
    )


async def test_a_child_with_another_size_than_its_index_says(
    ecr: InMemoryECR, client: ECRClient, tmp_path: Path
) -> None:
    graph = Graph()
    child = graph.add_image([ANOTHER])
    graph.add_index([{**child, "size": child["size"] + 1}], tag="v1")
    await graph.push(client, "team/app")
    with pytest.raises(ContentMismatchError, match="as its index says"):
        await client.images("team/app").pull("v1", Layout(tmp_path / "copy"))
    assert not (tmp_path / "copy").exists()


async def test_nested_indexes_without_an_end(client: ECRClient, tmp_path: Path) -> None:
    graph = Graph()
    inner = graph.add_image([ANOTHER])
    for _ in range(9):
        inner = graph.add_index([inner])
    graph.add_index([inner], tag="v1")
    graph.write_layout(tmp_path / "layout")
    with pytest.raises(ManifestError, match="nested more than 8 deep"):
        await client.images("team/app").push(Layout(tmp_path / "layout"))


async def test_what_descriptors_contain_is_kept(
    ecr: InMemoryECR, client: ECRClient, tmp_path: Path
) -> None:
    """``data`` and ``urls`` are not used: the content is copied as any other."""
    graph = Graph()
    config = graph.add_blob(b"{}", "application/vnd.oci.empty.v1+json", data="e30=")
    layer = graph.add_blob(ANOTHER, LAYER, urls=["https://example.com/layer"])
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": "application/example",
        "config": config,
        "layers": [layer],
    }
    graph.add_manifest(document, tag="v1")
    graph.write_layout(tmp_path / "layout")
    await client.images("team/app").push(Layout(tmp_path / "layout"))
    contents = await repository_contents(ecr, "team/app")
    assert contents.blobs == {**graph.blobs, **graph.manifests}
    stored = json.loads(contents.blobs[graph.tags["v1"]])
    assert (stored["config"]["data"], stored["layers"][0]["urls"]) == (
        "e30=",
        ["https://example.com/layer"],
    )


async def test_a_manifest_with_a_digest_of_sha512(client: ECRClient, tmp_path: Path) -> None:
    import hashlib

    graph = Graph()
    child = graph.add_image([ANOTHER])
    digest = f"sha512:{hashlib.sha512(graph.manifests[child['digest']]).hexdigest()}"
    graph.add_manifest(
        {"schemaVersion": 2, "mediaType": INDEX, "manifests": [{**child, "digest": digest}]},
        tag="v1",
    )
    graph.write_layout(tmp_path / "layout")
    path = tmp_path / "layout" / "blobs" / digest.replace(":", "/")
    path.parent.mkdir()
    path.write_bytes(graph.manifests[child["digest"]])
    with pytest.raises(ManifestError, match="manifests need SHA-256 digests"):
        await client.images("team/app").push(Layout(tmp_path / "layout"))


async def test_referrers_are_read_with_one_call_for_each_manifest(
    ecr: InMemoryECR, client: ECRClient
) -> None:
    graph = Graph()
    index = graph.add_index(
        [graph.add_image([b"x"], platform=one) for one in PLATFORMS[:2]], tag="v1"
    )
    graph.add_artifact(index, b"signature")
    graph.add_cosign_signature(index, b"signature of cosign")
    await graph.push(client, "team/app")
    calls = Calls(ecr)
    images = client.images("team/app")
    plan = await images.plan_copy("v1", to=client.images("team/copy"), referrers=True)
    assert len(plan.manifests) == len(graph.manifests) + 1  # the tag of the index comes last
    made = calls.new()
    assert made["ListImageReferrers"] == len(graph.manifests)
    # The index, its children, tags of cosign in two rounds, and referrers in one of them.
    assert made["BatchGetImage"] <= 5

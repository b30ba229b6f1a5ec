"""Archives and layouts that are damaged, malicious, or of other programs."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ecrclient import ECRClient
from ecrclient.images import (
    ArchiveError,
    BlobNotFoundError,
    ContentMismatchError,
    DockerArchive,
    ImageError,
    ImageNotFoundError,
    ImageStore,
    Layout,
    OCIArchive,
)
from ecrclient.images.digests import sha256
from ecrclient.testing import InMemoryECR
from tests.images.graphs import PLATFORMS, Graph
from tests.images.stores import layout_contents, repository_contents
from tests.images.transfers import transfer

pytestmark = pytest.mark.anyio

LAYERS = (b"first layer" * 300, b"second layer" * 300)


@pytest.fixture
def graph() -> Graph:
    graph = Graph()
    graph.add_image(LAYERS, tag="v1")
    return graph


@pytest.fixture
def layout(graph: Graph, tmp_path: Path) -> Path:
    graph.write_layout(tmp_path / "layout")
    return tmp_path / "layout"


def write_tar(path: Path, members: Mapping[str, bytes | tarfile.TarInfo]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
            else:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return path


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


async def assert_refused(
    store: ImageStore, kind: type[ImageError], problem: str, tmp_path: Path
) -> None:
    """Assert that a transfer fails, and that the destination does not exist afterwards."""
    target = tmp_path / "destination.tar"
    with pytest.raises(kind, match=problem):
        await transfer(store, OCIArchive(target), None)
    assert not target.exists()
    assert not [name for name in os.listdir(tmp_path) if "destination" in name]


@pytest.mark.parametrize("name", ["blob", "manifest", "config"])
async def test_one_flipped_byte_in_a_layout_is_caught(
    graph: Graph, layout: Path, name: str, tmp_path: Path
) -> None:
    digests = {
        "blob": sha256(LAYERS[1]),
        "manifest": graph.tags["v1"],
        "config": next(iter(graph.blobs)),
    }
    path = layout / "blobs" / digests[name].replace(":", "/")
    for position in (0, path.stat().st_size // 2, -1):
        content = bytearray(path.read_bytes())
        content[position] ^= 0x20
        path.write_bytes(content)
        await assert_refused(Layout(layout), ContentMismatchError, digests[name], tmp_path)
        content[position] ^= 0x20
        path.write_bytes(content)
    await transfer(Layout(layout), OCIArchive(tmp_path / "whole.tar"), None)


@pytest.mark.parametrize("change", [b"", b"shorter", LAYERS[0] + b"longer"])
async def test_a_blob_of_another_size_is_caught(
    layout: Path, change: bytes, tmp_path: Path
) -> None:
    (layout / "blobs" / sha256(LAYERS[0]).replace(":", "/")).write_bytes(change)
    await assert_refused(Layout(layout), ContentMismatchError, sha256(LAYERS[0]), tmp_path)


async def test_a_missing_blob_is_named(layout: Path, tmp_path: Path) -> None:
    (layout / "blobs" / sha256(LAYERS[0]).replace(":", "/")).unlink()
    await assert_refused(Layout(layout), BlobNotFoundError, sha256(LAYERS[0]), tmp_path)


async def test_a_missing_manifest_is_named(graph: Graph, layout: Path, tmp_path: Path) -> None:
    (layout / "blobs" / graph.tags["v1"].replace(":", "/")).unlink()
    await assert_refused(Layout(layout), ImageNotFoundError, graph.tags["v1"], tmp_path)


async def test_an_incomplete_index_has_the_platforms_that_are_there(tmp_path: Path) -> None:
    graph = Graph()
    images = [graph.add_image([name.encode()], platform=("linux", name, None)) for name in "ab"]
    index = graph.add_index(images, tag="v1")
    graph.write_layout(tmp_path / "layout")
    (tmp_path / "layout" / "blobs" / images[1]["digest"].replace(":", "/")).unlink()
    store = Layout(tmp_path / "layout")
    problem = f"{images[1]['digest']}: the index {index['digest']} is incomplete; pass platforms"
    await assert_refused(store, ImageNotFoundError, problem, tmp_path)
    copy = tmp_path / "copy.tar"
    report = await transfer(store, OCIArchive(copy), "v1", platforms=["linux/a"])
    assert report.digest == images[0]["digest"]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("oci-layout", None, "not an OCI layout"),
        ("index.json", None, "not an OCI layout"),
        ("index.json", b"{", "index.json: not JSON"),
        ("index.json", b"{}", "index.json: schemaVersion"),
        ("index.json", b'{"schemaVersion":2,"manifests":[{}]}', "manifests.0.mediaType"),
    ],
)
async def test_a_damaged_layout(
    layout: Path, name: str, content: bytes | None, problem: str, tmp_path: Path
) -> None:
    if content is None:
        (layout / name).unlink()
    else:
        (layout / name).write_bytes(content)
    await assert_refused(Layout(layout), ArchiveError, problem, tmp_path)


async def test_an_image_must_be_named_if_there_are_several(graph: Graph, tmp_path: Path) -> None:
    graph.add_image([b"other"], tag="v2")
    graph.write_layout(tmp_path / "two")
    store = Layout(tmp_path / "two")
    await assert_refused(store, ImageNotFoundError, r"name one of its images \(v1, v2\)", tmp_path)
    report = await transfer(store, OCIArchive(tmp_path / "one.tar"), "v2")
    assert report.tags == ("v2",)


async def test_a_directory_with_other_contents_is_not_written(graph: Graph, tmp_path: Path) -> None:
    graph.write_layout(tmp_path / "source")
    target = tmp_path / "documents"
    target.mkdir()
    (target / "letter.txt").write_text("keep")
    with pytest.raises(ArchiveError, match="the directory has other contents"):
        await transfer(Layout(tmp_path / "source"), Layout(target), "v1")
    assert [path.name for path in target.iterdir()] == ["letter.txt"]


async def test_a_second_image_is_added_to_a_layout(graph: Graph, tmp_path: Path) -> None:
    other = Graph()
    other.add_image([b"other"], tag="v2")
    for name, one in (("a", graph), ("b", other)):
        one.write_layout(tmp_path / name)
        await transfer(
            Layout(tmp_path / name), Layout(tmp_path / "both"), None, tags=["latest", name]
        )
    contents = layout_contents(tmp_path / "both")
    contents.check()
    first, second = graph.tags["v1"], other.tags["v2"]
    assert contents.tags == {"a": first, "b": second, "latest": second}


# -- tar -------------------------------------------------------------------------------------------


def link(name: str, target: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"../escape": b"x"}, "outside the archive"),
        ({"/etc/passwd": b"x"}, "outside the archive"),
        ({"blobs/../../x": b"x"}, "outside the archive"),
        ({"device": link("device", "", tarfile.CHRTYPE)}, "not a plain file"),
        ({"pipe": link("pipe", "", tarfile.FIFOTYPE)}, "not a plain file"),
        ({"index.json": b"{}", "./index.json": b"{ }"}, "two different members"),
        ({"index.json": b"{}", "./index.json": b"[]"}, "two different members"),
        (
            {
                "x": b"",
                "index.json": b"",
                "./index.json": link("./index.json", "x", tarfile.LNKTYPE),
            },
            "two different members",
        ),
        ({}, "not an OCI layout"),
        (
            {
                "oci-layout": b"{}",
                "index.json": link("index.json", "/etc/hostname", tarfile.SYMTYPE),
            },
            "not an OCI layout",
        ),
        (
            {"oci-layout": b"{}", "index.json": link("index.json", "index.json", tarfile.SYMTYPE)},
            "too many links",
        ),
    ],
)
async def test_a_malicious_archive(
    members: dict[str, bytes | tarfile.TarInfo], problem: str, tmp_path: Path
) -> None:
    path = write_tar(tmp_path / "bad.tar", members)
    await assert_refused(OCIArchive(path), ArchiveError, problem, tmp_path)
    with pytest.raises(ArchiveError):
        await transfer(DockerArchive(path), Layout(tmp_path / "out"), None)


@pytest.mark.parametrize("keep", [0, 1, 511, 512, 700, 1024, 5000, 8000, 12_000])
async def test_a_truncated_archive(layout: Path, keep: int, tmp_path: Path) -> None:
    path = write_tar(tmp_path / "whole.tar", files_of(layout))
    cut = tmp_path / "cut.tar"
    cut.write_bytes(path.read_bytes()[:keep])
    target = tmp_path / "destination.tar"
    with pytest.raises(ImageError):
        await transfer(OCIArchive(cut), OCIArchive(target), None)
    assert not target.exists()


async def test_a_compressed_archive_says_so(layout: Path, tmp_path: Path) -> None:
    path = write_tar(tmp_path / "whole.tar", files_of(layout))
    packed = tmp_path / "whole.tar.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    await assert_refused(OCIArchive(packed), ArchiveError, "decompress the archive first", tmp_path)


@pytest.mark.parametrize("make", [OCIArchive, DockerArchive, Layout])
async def test_a_path_that_does_not_exist(
    make: Callable[[Path], ImageStore], tmp_path: Path
) -> None:
    with pytest.raises(ArchiveError, match="nowhere"):
        await transfer(make(tmp_path / "nowhere"), OCIArchive(tmp_path / "x.tar"), None)


async def test_a_folder_that_does_not_exist_as_destination(layout: Path, tmp_path: Path) -> None:
    for store in (OCIArchive(tmp_path / "no" / "a.tar"), DockerArchive(tmp_path / "no" / "d.tar")):
        with pytest.raises(ArchiveError, match="No such file or directory"):
            await transfer(Layout(layout), store, "v1")


async def test_an_index_does_not_fit_into_an_archive_of_docker_save(tmp_path: Path) -> None:
    graph = Graph()
    graph.add_index([graph.add_image([b"x"], platform=one) for one in PLATFORMS[:2]], tag="v1")
    graph.write_layout(tmp_path / "layout")
    target = DockerArchive(tmp_path / "docker.tar")
    with pytest.raises(ArchiveError, match=r"pass platforms="):
        await transfer(Layout(tmp_path / "layout"), target, "v1")
    assert not target.path.exists()
    await transfer(Layout(tmp_path / "layout"), target, "v1", platforms=["linux/arm64"])
    assert target.path.exists()


async def test_equal_members_of_an_archive_are_one(layout: Path, tmp_path: Path) -> None:
    path = tmp_path / "layout.tar"
    write_tar(path, files_of(layout))
    with tarfile.open(path, "a") as archive:  # as crane does for a shared configuration
        archive.add(layout / "index.json", "index.json")
    await transfer(OCIArchive(path), Layout(tmp_path / "copy"), "v1")


# -- docker save -----------------------------------------------------------------------------------


def old_archive(path: Path, **changes: Any) -> DockerArchive:
    """Write an archive as Docker 24 does, with a link between equal layers."""
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": None},
            "rootfs": {"type": "layers", "diff_ids": [sha256(LAYERS[n]) for n in (0, 1, 0)]},
        }
    ).encode()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    entry = {
        "Config": name,
        "RepoTags": ["team/app:v1", "team/app:latest"],
        "Layers": ["one/layer.tar", "two/layer.tar", "three/layer.tar"],
    }
    members: dict[str, bytes | tarfile.TarInfo] = {
        name: config,
        "one/layer.tar": LAYERS[0],
        "two/layer.tar": LAYERS[1],
        "three/layer.tar": link("three/layer.tar", "../one/layer.tar", tarfile.SYMTYPE),
        "manifest.json": json.dumps([{**entry, **changes}]).encode(),
    }
    write_tar(path, members)
    return DockerArchive(path)


@pytest.mark.parametrize("reference", ["v1", "latest", "team/app:v1", "app:v1", None])
async def test_an_archive_of_an_old_docker(
    ecr: InMemoryECR, client: ECRClient, reference: str | None, tmp_path: Path
) -> None:
    archive = old_archive(tmp_path / "old.tar")
    report = await client.images("team/app").push(archive, reference, tags=["pushed"])
    contents = await repository_contents(ecr, "team/app")
    contents.check()
    assert contents.tags == {"pushed": report.digest}
    assert set(LAYERS) <= set(contents.blobs.values())
    config = await client.images("team/app").config("pushed")
    assert str(config.platform) == "linux/amd64"


async def test_compressed_layers_stay_as_they_are(
    ecr: InMemoryECR, client: ECRClient, tmp_path: Path
) -> None:
    archive = old_archive(tmp_path / "old.tar")
    packed = gzip.compress(LAYERS[0])
    with tarfile.open(archive.path) as old:
        members = {
            one.name: file.read() for one in old if (file := old.extractfile(one)) is not None
        }
    members["one/layer.tar"] = members["three/layer.tar"] = packed
    write_tar(archive.path, members)
    await client.images("team/app").push(archive, "v1")
    manifest = await client.images("team/app").manifest("v1")
    layers = json.loads(manifest.raw)["layers"]
    assert [layer["mediaType"].rpartition(".")[2] for layer in layers] == [
        "tar+gzip",
        "tar",
        "tar+gzip",
    ]
    assert layers[0]["digest"] == sha256(packed)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"Config": "missing.json"}, "has no member 'missing.json'"),
        ({"Config": "../x"}, "has no member"),
        ({"Layers": ["one/layer.tar"]}, "lists 3 layers, not 1"),
        ({"Layers": ["one/layer.tar", "two/layer.tar", "no.tar"]}, "has no member 'no.tar'"),
        ({"Layers": 7}, "manifest.json: TypeError"),
        ({"RepoTags": [1]}, "manifest.json: TypeError"),
    ],
)
async def test_a_damaged_archive_of_docker_save(
    changes: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    archive = old_archive(tmp_path / "old.tar", **changes)
    await assert_refused(archive, ArchiveError, problem, tmp_path)


@pytest.mark.parametrize("document", [b"", b"{", b"[]", b"7", b'["x"]', b"[{}]"])
async def test_a_damaged_manifest_json(document: bytes, tmp_path: Path) -> None:
    path = write_tar(tmp_path / "bad.tar", {"manifest.json": document})
    await assert_refused(DockerArchive(path), ArchiveError, "manifest.json", tmp_path)

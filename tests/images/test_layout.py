"""Layout directories: concurrent writers, links, damaged destinations, and disk errors."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from ecrclient.images import ArchiveError, ImageNotFoundError, Layout, OCIArchive
from ecrclient.images.digests import sha256
from ecrclient.images.files import Directory, Region
from ecrclient.images.layout import index_json
from ecrclient.images.manifests import Descriptor
from ecrclient.images.stores import TransferContext
from tests.images.graphs import Graph
from tests.images.stores import layout_contents
from tests.images.transfers import transfer

pytestmark = pytest.mark.anyio

LAYER = b"layer" * 1000


@pytest.fixture
def graph() -> Graph:
    graph = Graph()
    graph.add_artifact(graph.add_image([LAYER], tag="v1"), b"signature")
    return graph


@pytest.fixture
def source(graph: Graph, tmp_path: Path) -> Path:
    graph.write_layout(tmp_path / "source")
    return tmp_path / "source"


def blob_path(layout: Path, digest: str) -> Path:
    return layout / "blobs" / digest.replace(":", "/")


async def test_concurrent_transfers_into_one_layout_keep_all_tags(tmp_path: Path) -> None:
    tags: dict[str, str] = {}
    target = tmp_path / "all"
    for number in range(8):
        graph = Graph()
        graph.add_image([str(number).encode()], tag=f"v{number}")
        graph.write_layout(tmp_path / str(number))
        tags |= graph.tags
    async with anyio.create_task_group() as tasks:
        for number in range(8):
            source = Layout(tmp_path / str(number))
            tasks.start_soon(transfer, source, Layout(target), f"v{number}")
    contents = layout_contents(target)
    contents.check()
    assert contents.tags == tags


@pytest.mark.parametrize("name", ["blob", "manifest", "index.json", "oci-layout"])
async def test_links_out_of_a_layout_are_not_followed(
    graph: Graph, source: Path, name: str, tmp_path: Path
) -> None:
    paths = {
        "blob": blob_path(source, sha256(LAYER)),
        "manifest": blob_path(source, graph.tags["v1"]),
    }
    path = paths.get(name, source / name)
    outside = path.rename(tmp_path / "outside")
    path.symlink_to(outside)
    with pytest.raises(ArchiveError, match="a link to a file outside the layout"):
        await transfer(Layout(source), OCIArchive(tmp_path / "copy.tar"), "v1")
    assert sorted(os.listdir(tmp_path)) == ["outside", "source"]


async def test_links_within_a_layout_are_followed(source: Path, tmp_path: Path) -> None:
    path = blob_path(source, sha256(LAYER))
    path.symlink_to(path.rename(source / "elsewhere"))
    await transfer(Layout(source), OCIArchive(tmp_path / "copy.tar"), "v1")


async def test_a_layout_behind_a_link(source: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(source)
    await transfer(Layout(tmp_path / "link"), OCIArchive(tmp_path / "copy.tar"), "v1")


@pytest.mark.parametrize("tags", [["v1"], []])
async def test_a_damaged_index_of_the_destination_is_an_error_before_anything_is_written(
    source: Path, tags: list[str], tmp_path: Path
) -> None:
    target = tmp_path / "target"
    await transfer(Layout(source), Layout(target), "v1")
    (target / "index.json").write_text("{")
    before = sorted(target.rglob("*"))
    other = Graph()
    other.add_image([b"other"], tag="v2")
    other.write_layout(tmp_path / "other")
    with pytest.raises(ArchiveError, match=r"target: index\.json: not JSON"):
        await transfer(Layout(tmp_path / "other"), Layout(target), "v2", tags=tags)
    assert sorted(target.rglob("*")) == before


@pytest.mark.parametrize("content", [b"", b"{", b"damaged"])
async def test_a_damaged_manifest_of_the_destination_is_written_again(
    graph: Graph, source: Path, content: bytes, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    await transfer(Layout(source), Layout(target), "v1")
    blob_path(target, graph.tags["v1"]).write_bytes(content)
    (target / "index.json").unlink()
    await transfer(Layout(source), Layout(target), "v1")
    layout_contents(target).check()


async def test_a_blob_of_another_length_in_the_destination_is_written_again(
    source: Path, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    await transfer(Layout(source), Layout(target), "v1")
    blob_path(target, sha256(LAYER)).write_bytes(LAYER[:-1])
    await transfer(Layout(source), Layout(target), "v1", tags=["v2"])
    layout_contents(target).check()


async def test_a_full_disk_is_an_archive_error_that_names_the_file(
    source: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwritev", full)
    for target in (Layout(tmp_path / "target"), OCIArchive(tmp_path / "target.tar")):
        with pytest.raises(ArchiveError, match="No space left on device") as caught:
            await transfer(Layout(source), target, "v1")
        assert caught.value.path.startswith(str(tmp_path))
    files = [path for path in (tmp_path / "target").rglob("*") if path.is_file()]
    assert files == [tmp_path / "target" / "oci-layout"]
    assert not (tmp_path / "target.tar").exists()


async def test_a_platform_without_positional_writes(
    graph: Graph, source: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As on Windows."""
    monkeypatch.delattr(os, "pwritev")
    monkeypatch.delattr(os, "pread")
    await transfer(Layout(source), OCIArchive(tmp_path / "a.tar"), "v1", referrers=True)
    await transfer(OCIArchive(tmp_path / "a.tar"), Layout(tmp_path / "l"), "v1", referrers=True)
    assert layout_contents(tmp_path / "l").blobs == {**graph.blobs, **graph.manifests}


async def test_the_mode_of_files_is_that_of_other_new_files(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    await transfer(Layout(source), Layout(target), "v1")
    other = tmp_path / "other"
    other.touch()
    modes = {path.stat().st_mode for path in target.rglob("*") if path.is_file()}
    assert modes == {other.stat().st_mode}


async def test_images_of_the_index_that_are_elsewhere_do_not_matter(
    graph: Graph, source: Path, tmp_path: Path
) -> None:
    absent = Descriptor(media_type="application/x", digest=sha256(b"absent"), size=6)
    index = source / "index.json"
    index.write_bytes(index_json(index.read_bytes(), absent, ["absent"], {}))
    await transfer(Layout(source), Layout(tmp_path / "copy"), "v1", referrers=True)
    assert layout_contents(tmp_path / "copy").blobs == {**graph.blobs, **graph.manifests}
    with pytest.raises(ImageNotFoundError):
        await transfer(Layout(source), Layout(tmp_path / "copy"), "absent")


async def test_referrers_of_a_layout(graph: Graph, source: Path) -> None:
    async with Layout(source).reading(TransferContext()) as reader:
        (found,) = await reader.referrers(graph.tags["v1"])
        assert found.digest in graph.manifests
        assert await reader.referrers(found.digest) == []


async def test_a_directory_in_place_of_a_file(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchiveError, match="file"):
        await transfer(Layout(source), Layout(tmp_path / "file"), "v1")


# -- the index -------------------------------------------------------------------------------------


ONE = Descriptor(media_type="m", digest=sha256(b"one"), size=3)
TWO = Descriptor(media_type="m", digest=sha256(b"two"), size=3)


def tags(index: bytes) -> list[tuple[str, str | None]]:
    return [
        (entry["digest"], entry.get("annotations", {}).get("org.opencontainers.image.ref.name"))
        for entry in json.loads(index)["manifests"]
    ]


def test_a_tag_moves_to_another_manifest() -> None:
    index = index_json(index_json(None, ONE, ["a", "b"], {}), TWO, ["a"], {})
    assert tags(index) == [(ONE.digest, "b"), (TWO.digest, "a")]


def test_a_manifest_without_tags_is_listed_once() -> None:
    index = index_json(index_json(None, ONE, [], {}), ONE, [], {})
    assert tags(index) == [(ONE.digest, None)]
    assert tags(index_json(index, ONE, ["a"], {})) == [(ONE.digest, "a")]


def test_unknown_members_of_the_index_are_kept() -> None:
    old = json.dumps({"schemaVersion": 2, "manifests": [{"digest": "x", "y": 1}], "z": 2}).encode()
    document = json.loads(index_json(old, ONE, [], {}))
    assert (document["manifests"][0], document["z"]) == ({"digest": "x", "y": 1}, 2)


def test_a_document_that_is_replaced_meanwhile_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, tree = tmp_path / "index.json", Directory(tmp_path)
    path.write_bytes(b"old")
    find = tree.find

    def find_and_replace(name: str) -> Region | None:
        region = find(name)
        path.write_bytes(b"new and longer")
        return region

    monkeypatch.setattr(tree, "find", find_and_replace)
    assert tree.read("index.json") == b"new and longer"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such lock")
def test_several_processes_write_into_one_layout(tmp_path: Path) -> None:
    target = tmp_path / "target"
    script = (
        "import anyio, sys\n"
        "from ecrclient.images import Layout\n"
        "from tests.images.transfers import transfer\n"
        "async def main():\n"
        "    source, target = map(Layout, sys.argv[1:3])\n"
        "    for number in range(20):\n"
        "        tag = f'{sys.argv[3]}-{number}'\n"
        "        await transfer(source, target, 'v1', tags=[tag])\n"
        "anyio.run(main)\n"
    )
    processes: list[subprocess.Popen[bytes]] = []
    for number in range(3):
        source = Graph()
        source.add_image([b"common", str(number).encode()], tag="v1")
        source.write_layout(tmp_path / str(number))
        arguments = [str(tmp_path / str(number)), str(target), f"p{number}"]
        processes.append(subprocess.Popen([sys.executable, "-c", script, *arguments]))
    assert [process.wait() for process in processes] == [0, 0, 0]
    contents = layout_contents(target)
    contents.check()
    wanted = {f"p{process}-{number}" for process in range(3) for number in range(20)}
    assert {tag for tag in contents.tags if tag not in contents.blobs} == wanted


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such lock")
async def test_a_lock_that_another_process_keeps_is_an_error(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    target = tmp_path / "target"
    target.mkdir()
    monkeypatch.setattr("ecrclient.images.layout_lock._TIMEOUT", 0.02)
    other = os.open(target, os.O_RDONLY)
    try:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(ArchiveError, match="another process has locked the layout"):
            await transfer(Layout(source), Layout(target), "v1")
        assert list(target.iterdir()) == []
    finally:
        os.close(other)
    await transfer(Layout(source), Layout(target), "v1")
    layout_contents(target).check()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such lock")
async def test_a_file_system_without_locks(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", flock)
    await transfer(Layout(source), Layout(tmp_path / "target"), "v1")
    layout_contents(tmp_path / "target").check()

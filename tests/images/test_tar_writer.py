"""Tar archives whose members are written in any order and at the same time."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecrclient.images import ArchiveError
from ecrclient.images.tar_writer import TarWriter

pytestmark = pytest.mark.anyio


def read(path: Path) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    with tarfile.open(path) as archive:
        for member in archive:
            assert not member.name.startswith("/")
            file = archive.extractfile(member)
            if file is not None:
                assert member.name not in members
                members[member.name] = file.read()
    return members


@given(
    contents=st.lists(
        st.tuples(st.binary(max_size=40), st.sampled_from([1, 30]), st.integers()), max_size=8
    )
)
@settings(max_examples=50, deadline=None)
def test_members_may_be_written_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, contents: list[tuple[bytes, int, int]]
) -> None:
    path = tmp_path_factory.mktemp("tar") / "a.tar"
    writer = TarWriter(path)
    named = {
        f"blobs/sha256/{number}": content * times
        for number, (content, times, _) in enumerate(contents)
    }
    places = [(writer.reserve(name, len(content)), content) for name, content in named.items()]
    order = sorted(range(len(contents)), key=lambda number: contents[number][2])
    for place, content in [places[number] for number in order]:
        half = len(content) // 2
        place.write(half, [content[half:]])
        place.write(0, [content[:half]])
        assert place.read(0, len(content)) == content
    writer.add("index.json", b"{}")
    anyio.run(writer.publish)
    assert read(path) == {**named, "index.json": b"{}"}
    assert path.stat().st_size % 512 == 0


async def test_members_may_be_written_at_the_same_time(tmp_path: Path) -> None:
    writer = TarWriter(tmp_path / "a.tar")
    contents = {f"d/{number}": bytes([number]) * 100_000 for number in range(8)}
    places = {name: writer.reserve(name, 100_000) for name in contents}
    async with anyio.create_task_group() as tasks:
        for name, place in places.items():
            pieces = [contents[name][at : at + 999] for at in range(0, 100_000, 999)]
            tasks.start_soon(anyio.to_thread.run_sync, place.write, 0, pieces)
    await writer.publish()
    assert read(tmp_path / "a.tar") == contents


async def test_an_existing_archive_is_replaced_only_by_a_complete_one(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_text("old")
    writer = TarWriter(path)
    writer.add("x", b"new")
    await writer.discard()
    await writer.discard()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.tar"]
    writer = TarWriter(path)
    writer.add("x", b"new")
    await writer.publish()
    await writer.discard()
    assert read(path) == {"x": b"new"}
    assert os.listdir(tmp_path) == ["a.tar"]


async def test_a_member_over_eight_gibibytes_is_not_truncated(tmp_path: Path) -> None:
    """Such a size needs a header of the pax format; the file is sparse."""
    size = 8 * 1024**3 + 5
    writer = TarWriter(tmp_path / "a.tar")
    place = writer.reserve("long", size)
    place.write(size - 3, [b"end"])
    writer.add("next", b"next")
    await writer.publish()
    with tarfile.open(tmp_path / "a.tar") as archive:
        assert [(member.name, member.size) for member in archive] == [("long", size), ("next", 4)]


async def test_a_size_that_no_disk_has_is_an_archive_error(tmp_path: Path) -> None:
    writer = TarWriter(tmp_path / "a.tar")
    writer.reserve("long", 2**63 - 1)
    with pytest.raises(ArchiveError):
        writer.add("next", b"next")
    await writer.discard()
    assert not os.listdir(tmp_path)


async def test_an_archive_that_cannot_be_renamed(tmp_path: Path) -> None:
    (tmp_path / "a.tar").mkdir()
    writer = TarWriter(tmp_path / "a.tar")
    writer.add("x", b"x")
    with pytest.raises(ArchiveError):
        await writer.publish()
    await writer.discard()
    assert os.listdir(tmp_path) == ["a.tar"]

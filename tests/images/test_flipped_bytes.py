"""One flipped byte, anywhere in any store, is an error, and the destination does not appear."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import anyio
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecrclient import ECRClient
from ecrclient.errors import ECRClientError
from ecrclient.images import DockerArchive, ImageStore, Layout, OCIArchive, downloads
from ecrclient.testing import InMemoryECR
from tests.images.graphs import Graph
from tests.images.stores import archive_contents
from tests.images.transfers import transfer


@pytest.fixture(autouse=True)
def no_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "_FIRST_DELAY", 0.0)


def graph() -> Graph:
    graph = Graph()
    graph.add_image([random.Random(1).randbytes(700), b"small"], tag="v1")
    return graph


class Stored(NamedTuple):
    """A store in files."""

    make: Callable[[Path], ImageStore]
    path: Path
    files: list[str]
    """The files with content that has a digest."""


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stored]:
    folder = tmp_path_factory.mktemp("stores")
    graph().write_layout(folder / "layout")

    async def make() -> None:
        await transfer(Layout(folder / "layout"), OCIArchive(folder / "oci.tar"), "v1")
        await transfer(Layout(folder / "layout"), DockerArchive(folder / "docker.tar"), "v1")

    anyio.run(make)
    blobs = [
        str(path.relative_to(folder / "layout"))
        for path in sorted((folder / "layout" / "blobs").rglob("*"))
        if path.is_file()
    ]
    return {
        "layout": Stored(Layout, folder / "layout", blobs),
        "OCI archive": Stored(OCIArchive, folder / "oci.tar", ["."]),
        "docker archive": Stored(DockerArchive, folder / "docker.tar", ["."]),
    }


@pytest.mark.parametrize("kind", ["layout", "OCI archive", "docker archive"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_in_files(
    kind: str,
    stored: dict[str, Stored],
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
) -> None:
    """A flipped byte in a header of an archive may also have no effect, or hide a member."""
    store = stored[kind]
    folder = tmp_path_factory.mktemp("flipped")
    copy = folder / "copy"
    (shutil.copytree if store.path.is_dir() else shutil.copy)(store.path, copy)
    path = copy / data.draw(st.sampled_from(store.files))
    content = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    target = folder / "target.tar"
    original = folder / "original.tar"
    anyio.run(transfer, store.make(store.path), OCIArchive(original), "v1")
    try:
        anyio.run(transfer, store.make(copy), OCIArchive(target), "v1")
    except ECRClientError:
        assert sorted(os.listdir(folder)) == ["copy", "original.tar"]
        return
    # Only padding, or the metadata of a member, has changed.
    assert kind != "layout"
    assert archive_contents(target).blobs == archive_contents(original).blobs


class Flipping(httpx.AsyncBaseTransport):
    """Flips a bit in the n-th of all bytes that are downloaded."""

    def __init__(self, ecr: InMemoryECR, position: int, bit: int) -> None:
        self._transport = ecr.transport()
        self._left = position
        self._bit = bit

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._transport.handle_async_request(request)
        if request.method == "POST":
            return response
        content = bytearray(await response.aread())
        if 0 <= self._left < len(content):
            content[self._left] ^= 1 << self._bit
        self._left -= len(content)
        return httpx.Response(
            response.status_code, headers=response.headers, stream=httpx.ByteStream(bytes(content))
        )


LENGTH = sum(map(len, graph().blobs.values()))


@given(position=st.integers(0, LENGTH - 1), bit=st.integers(0, 7), repository=st.booleans())
@settings(max_examples=40, deadline=None)
def test_in_the_downloads_of_a_repository(
    tmp_path_factory: pytest.TempPathFactory, position: int, bit: int, repository: bool
) -> None:
    folder = tmp_path_factory.mktemp("target")

    async def copy() -> None:
        ecr = InMemoryECR()
        async with ECRClient(
            region=ecr.region,
            credentials=ecr.credentials,
            transport=Flipping(ecr, position, bit),
        ) as client:
            for name in ("team/app", "team/copy"):
                await client.create_repository(repository_name=name)
            await graph().push(client, "team/app")
            target = client.images("team/copy") if repository else OCIArchive(folder / "a.tar")
            with pytest.raises(ECRClientError, match="the content has the digest"):
                await transfer(client.images("team/app"), target, "v1")
            images = client.list_images(repository_name="team/copy")
            assert [image async for image in images] == []

    anyio.run(copy)
    assert os.listdir(folder) == []

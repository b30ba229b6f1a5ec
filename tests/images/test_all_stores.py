"""Random images, copied between all kinds of stores: the copies are equal and complete."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ecrclient import ECRClient
from ecrclient.images import DockerArchive, ImageStore, Layout, OCIArchive
from ecrclient.testing import InMemoryECR
from tests.images.graphs import Graph, random_graph
from tests.images.stores import Contents, archive_contents, layout_contents, repository_contents
from tests.images.transfers import transfer

pytestmark = pytest.mark.anyio

KINDS = ("repository", "layout", "OCI archive")


class Stores:
    """Makes stores of every kind, and reads them."""

    def __init__(self, ecr: InMemoryECR, client: ECRClient, folder: Path) -> None:
        self._ecr, self._client, self._folder = ecr, client, folder

    async def filled(self, kind: str, graph: Graph, tag: str) -> ImageStore:
        """A store with a graph in it."""
        if kind == "repository":
            await graph.push(self._client, "team/app")
            return self._client.images("team/app")
        layout = self._folder / "source"
        graph.write_layout(layout)
        if kind == "layout":
            return Layout(layout)
        archive = OCIArchive(self._folder / "source.tar")
        await transfer(Layout(layout), archive, tag, referrers=True)
        return archive

    def empty(self, kind: str) -> tuple[ImageStore, Callable[[], Awaitable[Contents]]]:
        """An empty store, and a function that reads it."""
        if kind == "repository":
            return self._client.images("team/copy"), self._read_repository
        path = self._folder / "destination"
        if kind == "layout":
            return Layout(path), self._read_layout
        store = DockerArchive(path) if kind == "docker archive" else OCIArchive(path)
        return store, self._read_archive

    async def _read_repository(self) -> Contents:
        return await repository_contents(self._ecr, "team/copy")

    async def _read_layout(self) -> Contents:
        return layout_contents(self._folder / "destination")

    async def _read_archive(self) -> Contents:
        return archive_contents(self._folder / "destination")


@pytest.fixture
def stores(ecr: InMemoryECR, client: ECRClient, tmp_path: Path) -> Stores:
    return Stores(ecr, client, tmp_path)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("source", KINDS)
@pytest.mark.parametrize("destination", KINDS)
async def test_a_copy_with_referrers_is_equal(
    stores: Stores, source: str, destination: str, seed: int
) -> None:
    graph, tag = random_graph(seed)
    origin = await stores.filled(source, graph, tag)
    target, read = stores.empty(destination)
    report = await transfer(origin, target, tag, referrers=True)
    contents = await read()
    contents.check()
    assert contents.blobs == {**graph.blobs, **graph.manifests}
    assert contents.tags[tag] == graph.tags[tag] == report.digest
    assert {name: contents.tags[name] for name in graph.tags} == graph.tags
    assert report.manifests_written == len(graph.manifests)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("source", KINDS)
async def test_a_copy_without_referrers_has_no_more_than_the_image(
    stores: Stores, source: str, seed: int
) -> None:
    graph, tag = random_graph(seed)
    origin = await stores.filled(source, graph, tag)
    target, read = stores.empty("layout")
    await transfer(origin, target, tag)
    contents = await read()
    contents.check()
    assert contents.tags == {tag: graph.tags[tag]}
    assert set(contents.blobs) <= {*graph.blobs, *graph.manifests}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("source", KINDS)
async def test_an_image_survives_an_archive_of_docker_save(
    stores: Stores, source: str, seed: int, tmp_path: Path
) -> None:
    graph = Graph()
    graph.add_image([b"first" * seed + b"1", b"second"], tag="v1")
    origin = await stores.filled(source, graph, "v1")
    target, read = stores.empty("docker archive")
    await transfer(origin, target, "v1")
    (await read()).check()
    back = Layout(tmp_path / "back")
    await transfer(target, back, "v1")
    assert layout_contents(tmp_path / "back").blobs == {**graph.blobs, **graph.manifests}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_second_copy_writes_nothing(stores: Stores, kind: str) -> None:
    graph, tag = random_graph(3)
    origin = await stores.filled(kind, graph, tag)
    for destination in ("repository", "layout"):
        target, read = stores.empty(destination)
        await transfer(origin, target, tag, referrers=True)
        before = await read()
        report = await transfer(origin, target, tag, referrers=True)
        assert (report.manifests_written, report.blobs_copied, report.tags_written) == (0, 0, 0)
        assert await read() == before

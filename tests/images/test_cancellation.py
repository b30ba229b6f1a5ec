"""Cancellation of a copy at each of its steps: no tag on an incomplete image, and nothing leaks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import anyio
import anyio.lowlevel
import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.images import ImageStore, Layout, OCIArchive
from ecrclient.testing import InMemoryECR
from tests.images.graphs import PLATFORMS, Graph
from tests.images.stores import archive_contents, layout_contents, repository_contents
from tests.images.transfers import transfer

pytestmark = pytest.mark.anyio


@pytest.fixture
def graph() -> Graph:
    """An index of two images with a common layer, and a signature."""
    graph = Graph()
    images = [graph.add_image([b"common"], platform=platform) for platform in PLATFORMS[:2]]
    graph.add_artifact(graph.add_index(images, tag="v1"), b"signature")
    return graph


class CancellingTransport(httpx.AsyncBaseTransport):
    """Cancels a scope around the n-th step: before or after a request, or after a piece."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport
        self.steps = 0
        self.cancel_at: int | None = None
        self.cancel: Callable[[], None] = lambda: None

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.cancel_at:
            self.cancel()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.step()
        await anyio.lowlevel.checkpoint()
        response = await self._transport.handle_async_request(request)
        self.step()
        await anyio.lowlevel.checkpoint()
        return response


async def cancelled_at(
    ecr: InMemoryECR, graph: Graph, step: int | None, make: Callable[[ECRClient], ImageStore]
) -> int:
    """Copy a graph and cancel it at a step; return the number of steps that were made."""
    transport = CancellingTransport(ecr.transport())
    async with ECRClient(
        region=ecr.region, credentials=ecr.credentials, transport=transport
    ) as client:
        with anyio.CancelScope() as scope:
            transport.cancel_at, transport.cancel = step, scope.cancel
            transport.steps = 0
            source = client.images("team/app")
            await transfer(
                source, make(client), "v1", referrers=True, on_progress=lambda _: transport.step()
            )
        assert scope.cancel_called == (step is not None)
    return transport.steps


def at_path(store: ImageStore, _: ECRClient) -> ImageStore:
    return store


async def test_a_repository_never_has_a_tag_on_an_incomplete_image(
    ecr: InMemoryECR, client: ECRClient, graph: Graph
) -> None:
    await graph.push(client, "team/app")
    steps = await cancelled_at(ecr, graph, None, lambda client: client.images("team/copy"))
    assert steps > 20
    await client.delete_repository(repository_name="team/copy", force=True)
    for step in range(1, steps + 1):
        await client.create_repository(repository_name="team/copy")
        await cancelled_at(ecr, graph, step, lambda client: client.images("team/copy"))
        contents = await repository_contents(ecr, "team/copy")
        contents.check()
        # Run again, it completes.
        await transfer(client.images("team/app"), client.images("team/copy"), "v1", referrers=True)
        contents = await repository_contents(ecr, "team/copy")
        assert contents.blobs == {**graph.blobs, **graph.manifests}
        assert contents.tags["v1"] == graph.tags["v1"]
        await client.delete_repository(repository_name="team/copy", force=True)


async def test_a_layout_never_has_a_tag_on_an_incomplete_image(
    ecr: InMemoryECR, client: ECRClient, graph: Graph, tmp_path: Path
) -> None:
    await graph.push(client, "team/app")
    steps = await cancelled_at(ecr, graph, None, partial(at_path, Layout(tmp_path / "whole")))
    for step in range(1, steps + 1):
        path = tmp_path / str(step)
        await cancelled_at(ecr, graph, step, partial(at_path, Layout(path)))
        if path.exists():
            layout_contents(path).check()
        await transfer(client.images("team/app"), Layout(path), "v1", referrers=True)
        assert layout_contents(path).blobs == {**graph.blobs, **graph.manifests}


async def test_an_archive_appears_only_when_it_is_complete(
    ecr: InMemoryECR, client: ECRClient, graph: Graph, tmp_path: Path
) -> None:
    await graph.push(client, "team/app")
    steps = await cancelled_at(ecr, graph, None, partial(at_path, OCIArchive(tmp_path / "whole")))
    appeared = 0
    for step in range(1, steps + 1):
        folder = tmp_path / str(step)
        folder.mkdir()
        await cancelled_at(ecr, graph, step, partial(at_path, OCIArchive(folder / "a.tar")))
        files = list(folder.iterdir())
        assert files in ([], [folder / "a.tar"])
        if files:
            appeared += 1
            archive_contents(files[0]).check()
    assert appeared < steps

"""Copies between served registries, over real sockets, while calls fail.

A copy ends complete, or with a typed error; the tag is never on an incomplete image, and the same
copy completes when it is run again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from ecrclient import ECRClient, RetryPolicy
from ecrclient.errors import ECRClientError, ServerException, UploadNotFoundException
from ecrclient.images import (
    BlobProgress,
    Layout,
    ProgressEvent,
    StateFile,
    TransferReport,
    downloads,
    uploads,
)
from ecrclient.testing import Call, InMemoryECR
from tests.images.graphs import Graph
from tests.images.stores import layout_contents, repository_contents

pytestmark = pytest.mark.anyio

PART = 256 * 1024  # ECR's parts have at least 5 MiB, which takes 20 times as long
LAYER = bytes(range(251)) * (2 * PART // 251 + 400)  # two parts and a short one
PARTS = 3
OPERATIONS = (
    "BatchGetImage",
    "DescribeImages",
    "BatchCheckLayerAvailability",
    "GetDownloadUrlForLayer",
    "InitiateLayerUpload",
    "UploadLayerPart",
    "CompleteLayerUpload",
    "PutImage",
)


class Clock:
    """A clock that the tests advance."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


class World:
    """A served registry with an image to copy."""

    def __init__(self, ecr: InMemoryECR, client: ECRClient, graph: Graph, clock: Clock) -> None:
        self.ecr, self.client, self.graph, self.clock = ecr, client, graph, clock

    async def copy(self, resume: StateFile | None = None) -> TransferReport:
        """Copy the image; no copy takes long."""
        with anyio.fail_after(60):
            return await self.client.images("team/app").copy(
                "v1", to=self.client.images("team/copy"), resume=resume
            )

    async def check(self, *, complete: bool) -> None:
        """Assert that no tag is on an incomplete image."""
        self.ecr.faults.clear()
        contents = await repository_contents(self.ecr, "team/copy")
        contents.check()
        if complete:
            assert contents.blobs == {**self.graph.blobs, **self.graph.manifests}
            assert contents.tags["v1"] == self.graph.tags["v1"]

    async def check_failure(self, error: type[ECRClientError], match: str) -> None:
        """Assert that a copy fails with a typed error, and completes later."""
        with pytest.raises(error, match=match):
            await self.copy()
        await self.check(complete=False)
        await self.copy()
        await self.check(complete=True)


@pytest.fixture(autouse=True)
def no_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "_FIRST_DELAY", 0.0)


@pytest.fixture(autouse=True)
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_MIN_PART_BYTES", PART)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """In real time: the server is in another thread."""
    backend: str = request.param
    return backend


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ecr(clock: Clock) -> InMemoryECR:
    return InMemoryECR(part_size=PART, clock=clock)


@pytest.fixture
async def world(ecr: InMemoryECR, clock: Clock) -> AsyncIterator[World]:
    graph = Graph()
    graph.add_image([LAYER, b"small"], tag="v1")
    async with ecr.client() as direct:
        for name in ("team/app", "team/copy"):
            await direct.create_repository(repository_name=name)
        await graph.push(direct, "team/app")
    async with (
        ecr.serve() as server,
        ECRClient(
            region=ecr.region,
            credentials=ecr.credentials,
            endpoint_url=server.url,
            retry=RetryPolicy(max_attempts=3, base_delay=0.0, throttling_base_delay=0.0),
        ) as client,
    ):
        yield World(ecr, client, graph, clock)


def is_download(call: Call) -> bool:
    """Whether a call is the download of a layer."""
    return call.operation.startswith("GET /layers/")


def number(wanted: int) -> Callable[[Call], bool]:
    """Match the n-th call."""
    seen = 0

    def is_it(_: Call) -> bool:
        nonlocal seen
        seen += 1
        return seen == wanted + 1

    return is_it


@pytest.mark.parametrize("executed", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("part", range(PARTS + 1))
async def test_the_connection_is_cut_at_a_part(world: World, part: int, executed: bool) -> None:
    """The fourth part is that of the small layer or of the configuration."""
    world.ecr.faults.drop(executed=executed, operation="UploadLayerPart", when=number(part))
    report = await world.copy()
    assert report.bytes_copied == sum(map(len, world.graph.blobs.values()))
    await world.check(complete=True)


@pytest.mark.parametrize("keep", [1, PART - 1, PART, PART + 1, 2 * PART, len(LAYER) - 1])
async def test_the_connection_is_cut_within_a_download(world: World, keep: int) -> None:
    world.ecr.faults.truncate(keep, when=is_download, times=2)
    report = await world.copy()
    assert report.retries == 2
    await world.check(complete=True)


async def test_a_download_that_is_always_cut_is_an_error(world: World) -> None:
    world.ecr.faults.drop(when=is_download, times=None)
    await world.check_failure(ECRClientError, r"sha256:.* \(after 0 bytes\)")


async def test_urls_that_expire_are_replaced(world: World) -> None:
    """Each URL is an hour too old at its first use, as in a copy that takes hours."""
    seen: set[int] = set()

    def is_first(call: Call) -> bool:
        if is_download(call) and len(seen) < 3:
            seen.add(len(seen))
            world.clock.now += timedelta(hours=1, seconds=1)
        return False

    world.ecr.faults.latency(0.0, when=is_first, times=None)
    report = await world.copy()
    assert len(seen) == 3
    assert report.retries >= 1
    await world.check(complete=True)


async def test_a_storm_of_throttling_passes(world: World) -> None:
    for operation in OPERATIONS:
        world.ecr.faults.throttle(operation=operation, times=2)
    await world.copy()
    await world.check(complete=True)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_throttling_without_an_end_is_a_typed_error(world: World, operation: str) -> None:
    world.ecr.faults.throttle(operation=operation, times=None)
    await world.check_failure(ECRClientError, "Rate exceeded")


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_server_error_once_is_retried(world: World, operation: str) -> None:
    world.ecr.faults.error(ServerException, "broken", operation=operation, times=2)
    await world.copy()
    await world.check(complete=True)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_server_error_without_an_end_is_a_typed_error(world: World, operation: str) -> None:
    world.ecr.faults.error(ServerException, "broken", operation=operation, times=None)
    await world.check_failure(ServerException, "broken")


@pytest.mark.parametrize("operation", ["UploadLayerPart", "CompleteLayerUpload"])
@pytest.mark.parametrize("after", range(PARTS))
async def test_an_upload_that_the_server_forgets_starts_again(
    world: World, operation: str, after: int
) -> None:
    world.ecr.faults.error(UploadNotFoundException, operation=operation, when=number(after))
    report = await world.copy()
    assert report.retries == 1
    await world.check(complete=True)


@pytest.mark.parametrize("part", range(1, PARTS))
async def test_a_copy_that_failed_resumes_at_the_last_part(
    world: World, part: int, tmp_path: Path
) -> None:
    state = tmp_path / "state.json"
    (config, layer, _) = world.graph.blobs
    del config
    failing = world.ecr.faults.error(
        ServerException,
        "broken",
        operation="UploadLayerPart",
        when=lambda call: b'"partFirstByte": %d,' % (part * PART) in call.body,
        times=None,
    )
    with failing, pytest.raises(ServerException):
        await world.copy(StateFile(state))
    assert state.exists()
    events: list[ProgressEvent] = []
    with anyio.fail_after(60):
        await world.client.images("team/app").copy(
            "v1",
            to=world.client.images("team/copy"),
            resume=StateFile(state),
            on_progress=events.append,
        )
    positions = [
        event.transferred
        for event in events
        if isinstance(event, BlobProgress) and event.digest == layer
    ]
    assert positions == [*[n * PART for n in range(part, PARTS)], len(LAYER)]
    assert not state.exists()
    await world.check(complete=True)


async def test_a_pull_is_cut_in_each_of_its_ranges(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("ecrclient.images.saving.RANGE_BYTES", 100_000)
    world.ecr.faults.truncate(50_000, when=is_download, times=4)
    with anyio.fail_after(60):
        await world.client.images("team/app").pull("v1", Layout(tmp_path / "out"))
    assert layout_contents(tmp_path / "out").blobs == {
        **world.graph.blobs,
        **world.graph.manifests,
    }

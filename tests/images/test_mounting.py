"""Mounts of blobs within a registry, and what happens where they are not possible."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import anyio
import httpx
import pytest

from ecrclient import Credentials, ECRClient
from ecrclient.images import TransferReport
from ecrclient.testing import InMemoryECR
from tests.images.calls import Calls
from tests.images.graphs import Graph
from tests.images.stores import repository_contents

pytestmark = pytest.mark.anyio

LAYERS = [bytes([number]) * 50 for number in range(6)]


class Registry(httpx.AsyncBaseTransport):
    """Passes requests on, and may replace the responses to mounts."""

    def __init__(self, ecr: InMemoryECR, respond: Callable[[], httpx.Response] | None) -> None:
        self._transport = ecr.transport()
        self.respond = respond
        self.mounts: list[httpx.Request] = []
        self.on_mount: Callable[[], None] = lambda: None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/v2/"):
            self.mounts.append(request)
            self.on_mount()
            respond = self.respond
            await anyio.lowlevel.checkpoint()
            if respond is not None:
                return respond()
        return await self._transport.handle_async_request(request)


@pytest.fixture
def graph() -> Graph:
    graph = Graph()
    graph.add_image(LAYERS, tag="v1")
    return graph


@pytest.fixture
async def source(client: ECRClient, graph: Graph) -> None:
    await graph.push(client, "team/app")
    await client.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")


async def copy(ecr: InMemoryECR, registry: Registry) -> TransferReport:
    async with ECRClient(
        region=ecr.region, credentials=ecr.credentials, transport=registry
    ) as client:
        return await client.images("team/app").copy("v1", to=client.images("team/copy"))


@pytest.mark.usefixtures("source")
async def test_the_setting_and_the_login_are_requested_once(ecr: InMemoryECR) -> None:
    calls = Calls(ecr)
    registry = Registry(ecr, None)
    report = await copy(ecr, registry)
    assert (report.blobs_mounted, report.blobs_copied) == (7, 0)
    made = calls.new()
    assert (made["GetAccountSetting"], made["GetAuthorizationToken"]) == (1, 1)
    (await repository_contents(ecr, "team/copy")).check()


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize("status", [401, 403, 404, 405, 429, 500])
async def test_mounts_that_are_refused_are_not_tried_for_each_blob(
    ecr: InMemoryECR, status: int
) -> None:
    registry = Registry(ecr, lambda: httpx.Response(status, content=b"{}"))
    report = await copy(ecr, registry)
    assert (report.blobs_mounted, report.blobs_copied) == (0, 7)
    assert len(registry.mounts) <= 4  # those that were in progress
    (await repository_contents(ecr, "team/copy")).check()


@pytest.mark.usefixtures("source")
async def test_a_blob_that_cannot_be_mounted_does_not_prevent_the_others(ecr: InMemoryECR) -> None:
    """202: the registry expects an upload instead."""
    registry = Registry(ecr, lambda: httpx.Response(202))

    def first() -> None:
        if len(registry.mounts) > 1:
            registry.respond = None

    registry.on_mount = first
    report = await copy(ecr, registry)
    assert (report.blobs_mounted, report.blobs_copied) == (6, 1)
    (await repository_contents(ecr, "team/copy")).check()


@pytest.mark.usefixtures("source")
async def test_a_registry_that_does_not_respond(ecr: InMemoryECR) -> None:
    def fail() -> httpx.Response:
        raise httpx.ConnectError("no route")

    report = await copy(ecr, Registry(ecr, fail))
    assert report.blobs_copied == 7


@pytest.mark.usefixtures("source")
async def test_a_cancelled_mount_leaves_no_tag(ecr: InMemoryECR, client: ECRClient) -> None:
    registry = Registry(ecr, None)
    with anyio.CancelScope() as scope:
        registry.on_mount = scope.cancel
        await copy(ecr, registry)
    assert scope.cancelled_caught
    assert [image async for image in client.list_images(repository_name="team/copy")] == []
    registry.on_mount = lambda: None
    report = await copy(ecr, registry)
    assert report.blobs_mounted + report.blobs_present == 7


@pytest.fixture
async def other_client(ecr: InMemoryECR, source: None) -> AsyncIterator[ECRClient]:
    """A client with another access key and transport."""
    key = Credentials("AKIDOTHER", "another secret")
    ecr.accept(key)
    async with ecr.client(credentials=key) as other:
        yield other


@pytest.mark.parametrize("registry_ids", [(None, None), (None, "123456789012")], ids=str)
async def test_blobs_are_mounted_between_clients_of_one_registry(
    ecr: InMemoryECR,
    client: ECRClient,
    other_client: ECRClient,
    registry_ids: tuple[str | None, str | None],
) -> None:
    ours, theirs = registry_ids
    calls = Calls(ecr)
    report = await client.images("team/app", registry_id=ours).copy(
        "v1", to=other_client.images("team/copy", registry_id=theirs)
    )
    assert (report.blobs_mounted, report.blobs_copied) == (7, 0)
    made = calls.new()
    assert (made["GetAccountSetting"], made["GetAuthorizationToken"]) == (1, 2)
    assert made["UploadLayerPart"] == 0
    (await repository_contents(ecr, "team/copy")).check()


async def test_blobs_that_the_destinations_client_must_not_read_are_uploaded(
    ecr: InMemoryECR, client: ECRClient, other_client: ECRClient
) -> None:
    source = "arn:aws:ecr:*:*:repository/team/app"
    ecr.deny("ecr:GetDownloadUrlForLayer", access_key_id="AKIDOTHER", resource=source)
    report = await client.images("team/app").copy("v1", to=other_client.images("team/copy"))
    assert (report.blobs_mounted, report.blobs_copied) == (0, 7)
    (await repository_contents(ecr, "team/copy")).check()


@pytest.mark.parametrize("key", ["AKIAINMEMORYECR", "AKIDOTHER"])
async def test_a_registry_that_a_client_cannot_find_out_gets_uploads(
    ecr: InMemoryECR, client: ECRClient, other_client: ECRClient, key: str
) -> None:
    ecr.deny("ecr:GetAuthorizationToken", access_key_id=key)
    report = await client.images("team/app").copy("v1", to=other_client.images("team/copy"))
    assert (report.blobs_mounted, report.blobs_copied) == (0, 7)


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize(
    ("region", "account", "logins"),
    [("us-east-1", "210987654321", 2), ("eu-west-1", "123456789012", 0)],
    ids=["another account", "another Region"],
)
async def test_blobs_are_not_mounted_between_registries(
    ecr: InMemoryECR, client: ECRClient, region: str, account: str, logins: int
) -> None:
    other = InMemoryECR(region=region, account_id=account)
    calls = Calls(ecr), Calls(other)
    async with other.client() as other_client:
        await other_client.create_repository(repository_name="team/copy")
        await other_client.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
        report = await client.images("team/app").copy("v1", to=other_client.images("team/copy"))
    assert (report.blobs_mounted, report.blobs_copied) == (0, 7)
    assert sum(one.new()["GetAuthorizationToken"] for one in calls) == logins
    (await repository_contents(other, "team/copy")).check()

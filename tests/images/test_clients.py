"""Transfers by clients with middleware and other transports, in several loops, and when closed."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Hashable
from pathlib import Path

import anyio
import httpx
import pytest

from ecrclient import CallNext, Credentials, ECRClient
from ecrclient.errors import ECRClientError
from ecrclient.images import Descriptor, Layout
from ecrclient.images.digests import sha256
from ecrclient.images.put_image_rate import PutImageRate
from ecrclient.testing import InMemoryECR
from tests.images.graphs import LAYER, Graph
from tests.images.stores import layout_contents

pytestmark = pytest.mark.anyio

CONTENT = bytes(range(256)) * 40_000
BLOB = Descriptor(media_type=LAYER, digest=sha256(CONTENT), size=len(CONTENT))


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """In real time: the server is in another thread."""
    backend: str = request.param
    return backend


@pytest.fixture
def graph() -> Graph:
    graph = Graph()
    graph.add_image([CONTENT], tag="v1")
    return graph


@pytest.fixture
async def filled(ecr: InMemoryECR, client: ECRClient, graph: Graph) -> InMemoryECR:
    await graph.push(client, "team/app")
    return ecr


async def test_downloads_do_not_pass_through_middleware(
    filled: InMemoryECR, graph: Graph, tmp_path: Path
) -> None:
    """A presigned URL is a secret, and its request must not be changed."""
    seen: list[str] = []

    async def middleware(request: httpx.Request, call_next: CallNext) -> httpx.Response:
        seen.append(request.method)
        return await call_next(request)

    async with (
        filled.serve() as server,
        ECRClient(
            region=filled.region,
            credentials=filled.credentials,
            endpoint_url=server.url,
            middleware=[middleware],
        ) as client,
    ):
        await client.images("team/app").pull("v1", Layout(tmp_path))
        await client.images("team/copy").push(Layout(tmp_path))
    assert layout_contents(tmp_path).blobs == {**graph.blobs, **graph.manifests}
    assert set(seen) == {"POST"}


async def test_a_transport_of_httpx(filled: InMemoryECR, graph: Graph, tmp_path: Path) -> None:
    async with (
        filled.serve() as server,
        httpx.AsyncHTTPTransport() as transport,
        ECRClient(
            region=filled.region,
            credentials=filled.credentials,
            endpoint_url=server.url,
            transport=transport,
        ) as client,
    ):
        await client.images("team/app").pull("v1", Layout(tmp_path))
        await client.images("team/copy").push(Layout(tmp_path))
    assert layout_contents(tmp_path).blobs == {**graph.blobs, **graph.manifests}


async def test_closing_the_client_ends_its_downloads(filled: InMemoryECR) -> None:
    async with filled.serve() as server:
        client = ECRClient(
            region=filled.region, credentials=filled.credentials, endpoint_url=server.url
        )
        with anyio.fail_after(30):
            with pytest.raises(ECRClientError):
                async with client.images("team/app").open_blob(BLOB) as blob:
                    await anext(blob)
                    await client.aclose()
                    await blob.read()
            with pytest.raises(ECRClientError):
                async with client.images("team/app").open_blob(BLOB) as blob:
                    await blob.read()
    gc.collect()


def test_loops_in_turn_use_the_same_client(graph: Graph, tmp_path: Path) -> None:
    ecr = InMemoryECR()
    with ecr.serve() as server:
        client = ECRClient(region=ecr.region, credentials=ecr.credentials, endpoint_url=server.url)
        images = client.images("team/app")

        async def fill() -> None:
            await client.create_repository(repository_name="team/app")
            await graph.push(client, "team/app")

        async def pull(number: int) -> None:
            await images.pull("v1", Layout(tmp_path / str(number)))

        asyncio.run(fill())
        for number in range(3):
            asyncio.run(pull(number))
        asyncio.run(client.aclose())
    for number in range(3):
        layout_contents(tmp_path / str(number)).check()
    gc.collect()


@pytest.fixture
async def proxy() -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy for plain HTTP; the list receives the hosts of its requests."""
    hosts: list[str] = []

    async def serve(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            head = b""
            while b"\r\n\r\n" not in head:
                try:
                    head += await stream.receive()
                except (anyio.EndOfStream, anyio.BrokenResourceError):
                    return
            head, _, body = head.partition(b"\r\n\r\n")
            lines = head.split(b"\r\n")
            method, target, version = lines[0].split()
            url = httpx.URL(target.decode())
            hosts.append(f"{method.decode()} {url.host}")
            lines[0] = b" ".join((method, url.raw_path, version))
            lines = [line for line in lines if not line.lower().startswith(b"connection:")]
            lines.append(b"connection: close")
            # Every host is the same server, as the names need not exist.
            async with await anyio.connect_tcp("127.0.0.1", url.port or 80) as server:
                await server.send(b"\r\n".join(lines) + b"\r\n\r\n" + body)
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(relay, stream, server)
                    await relay(server, stream)
                    tasks.cancel_scope.cancel()

    async def relay(source: anyio.abc.SocketStream, target: anyio.abc.SocketStream) -> None:
        try:
            async for piece in source:
                await target.send(piece)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass

    async with (
        await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(listener.serve, serve)
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        yield f"http://127.0.0.1:{port}", hosts
        tasks.cancel_scope.cancel()


async def test_downloads_use_the_proxy_and_are_streamed(
    filled: InMemoryECR,
    graph: Graph,
    proxy: tuple[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The limit of responses to calls does not apply to blobs."""
    url, hosts = proxy
    monkeypatch.setenv("HTTP_PROXY", url)
    monkeypatch.setenv("http_proxy", url)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setattr(
        "ecrclient._awsjson.over_httpx.default_transport.MAX_RESPONSE_BYTES", 100_000
    )
    async with (
        filled.serve() as server,
        ECRClient(
            region=filled.region, credentials=filled.credentials, endpoint_url=server.url
        ) as client,
    ):
        await client.images("team/app").pull("v1", Layout(tmp_path))
    assert layout_contents(tmp_path).blobs == {**graph.blobs, **graph.manifests}
    assert "GET 127.0.0.1" in hosts


async def test_put_image_waits_for_the_rate_of_the_callers_account(
    filled: InMemoryECR, client: ECRClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[Hashable] = []

    async def wait(_: PutImageRate, quota_key: Hashable) -> None:
        keys.append(quota_key)

    monkeypatch.setattr(PutImageRate, "wait", wait)
    transport = filled.transport()

    async def key_of(credentials: Credentials) -> Hashable:
        filled.accept(credentials)
        async with ECRClient(
            region=filled.region, credentials=credentials, transport=transport
        ) as other:
            await other.images("team/app").copy("v1", to=other.images("team/copy"), tags=["1", "2"])
        await client.delete_repository(repository_name="team/copy", force=True)
        await client.create_repository(repository_name="team/copy")
        first, second = keys  # a call for each tag
        assert first == second
        keys.clear()
        return first

    one = await key_of(Credentials("AKIDONE", "secret", account_id="111122223333"))
    same_account = await key_of(Credentials("AKIDTWO", "secret", account_id="111122223333"))
    unknown_account = await key_of(Credentials("AKIDTHREE", "secret"))
    assert one == same_account
    assert unknown_account not in (one, same_account)

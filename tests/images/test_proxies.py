"""Transfers through the proxy of the environment: the API, presigned downloads, and ``/v2/``.

Everything has its real host name and a certificate for it; only the proxy knows where it is.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import trustme

from ecrclient import ECRClient
from ecrclient.images import DownloadError, Layout, downloads
from ecrclient.testing import InMemoryECR
from tests.awsjson.transport.conftest import server_context
from tests.awsjson.transport.server import Peer, Server, http_response, serve, serve_proxy
from tests.images.graphs import Graph
from tests.images.stores import layout_contents, repository_contents

pytestmark = pytest.mark.anyio

API = "api.ecr.us-east-1.amazonaws.com"
LAYERS = "prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com"
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture
def graph() -> Graph:
    graph = Graph()
    graph.add_image([bytes(range(256)) * 12_000, b"small"], tag="v1")
    return graph


@pytest.fixture
async def filled(ecr: InMemoryECR, client: ECRClient, graph: Graph) -> InMemoryECR:
    await graph.push(client, "team/app")
    return ecr


def hosts(proxy: Server) -> list[str]:
    """The hosts that clients have connected to through the proxy."""
    return sorted({head.split(b" ")[1].decode() for head in proxy.requests})


@asynccontextmanager
async def serve_aws(ecr: InMemoryECR, ca: trustme.CA) -> AsyncGenerator[int]:
    """Serve ECR under all its host names; the value is the port."""
    transport = ecr.transport()

    async def script(peer: Peer) -> None:
        while True:
            head, _, body = (await peer.request()).partition(b"\r\n\r\n")
            line, *lines = head.decode().split("\r\n")
            method, target, _ = line.split(" ")
            headers = dict(line.split(": ", 1) for line in lines)
            host = next(value for name, value in headers.items() if name.lower() == "host")
            response = await transport.handle_async_request(
                httpx.Request(method, f"https://{host}{target}", headers=headers, content=body)
            )
            content = await response.aread()
            kept = [
                f"{name}: {value}"
                for name, value in response.headers.items()
                if name != "content-length"
            ]
            await peer.send(http_response(content, *kept, status=f"{response.status_code} Status"))

    context = server_context(ca.issue_cert(API, LAYERS, REGISTRY))
    async with serve(script, context=context) as server:
        yield int(server.url.rpartition(":")[2])


@pytest.fixture
async def proxy(
    filled: InMemoryECR, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Server]:
    ca = trustme.CA()
    bundle = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(bundle)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    async with serve_aws(filled, ca) as port, serve_proxy(to=port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        yield proxy


@pytest.fixture
async def proxied(filled: InMemoryECR, proxy: Server) -> AsyncIterator[ECRClient]:
    """A client whose only way to the internet is the proxy."""
    async with ECRClient(region=filled.region, credentials=filled.credentials) as client:
        yield client


async def test_a_pull_downloads_through_the_proxy(
    proxied: ECRClient, proxy: Server, graph: Graph, tmp_path: Path
) -> None:
    await proxied.images("team/app").pull("v1", Layout(tmp_path / "out"))
    assert layout_contents(tmp_path / "out").blobs == {**graph.blobs, **graph.manifests}
    assert hosts(proxy) == [f"{API}:443", f"{LAYERS}:443"]


async def test_a_long_download_uses_several_tunnels(
    proxied: ECRClient,
    proxy: Server,
    graph: Graph,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ecrclient.images.saving.RANGE_BYTES", 1024 * 1024)
    await proxied.images("team/app").pull("v1", Layout(tmp_path / "out"))
    assert layout_contents(tmp_path / "out").blobs == {**graph.blobs, **graph.manifests}
    tunnels = [head for head in proxy.requests if LAYERS.encode() in head]
    assert len(tunnels) > 1


async def test_a_mount_goes_through_the_proxy(
    filled: InMemoryECR, proxied: ECRClient, proxy: Server
) -> None:
    await proxied.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
    report = await proxied.images("team/app").copy("v1", to=proxied.images("team/copy"))
    assert (report.blobs_mounted, report.blobs_copied) == (3, 0)
    assert hosts(proxy) == [f"{REGISTRY}:443", f"{API}:443"]
    (await repository_contents(filled, "team/copy")).check()


async def test_a_copy_uploads_through_the_proxy(
    filled: InMemoryECR, proxied: ECRClient, proxy: Server
) -> None:
    report = await proxied.images("team/app").copy("v1", to=proxied.images("team/copy"))
    assert report.blobs_copied == 3
    assert hosts(proxy) == [f"{API}:443", f"{LAYERS}:443"]
    (await repository_contents(filled, "team/copy")).check()


# A refused tunnel leaves the generator of httpx's body unfinished, and trio warns of it.
@pytest.mark.filterwarnings(
    "ignore:.*async_generator object ByteStream:pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.filterwarnings("ignore:Async generator .*ByteStream:ResourceWarning")
async def test_a_proxy_that_refuses_the_host_of_layers_is_a_typed_error(
    proxied: ECRClient,
    proxy: Server,
    graph: Graph,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(downloads, "_FIRST_DELAY", 0.0)
    proxy.refused.add(f"{LAYERS}:443")
    with pytest.raises(DownloadError, match="ProxyError: 403") as caught:
        await proxied.images("team/app").pull("v1", Layout(tmp_path / "out"))
    assert caught.value.digest in graph.blobs
    assert caught.value.position == 0
    assert layout_contents(tmp_path / "out").blobs == {}

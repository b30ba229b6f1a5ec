"""A small scenario with every kind of transport that a user may pass."""

from __future__ import annotations

import json
import threading
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import httpx_aiohttp
import pytest
import respx
from pytest_httpx import HTTPXMock

from ecrclient import CallOptions, ConnectError, Credentials, ECRClient, RetryPolicy
from ecrclient.errors import RepositoryNotFoundException

pytestmark = pytest.mark.anyio

Message = MutableMapping[str, Any]
ECR_URL = "https://api.ecr.eu-west-1.amazonaws.com/"
SERVICE = "AmazonEC2ContainerRegistry_V20150921"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Ignore the developer's settings."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ECR"):
        monkeypatch.delenv(name, raising=False)


# -- a service with three operations ---------------------------------------------------------------


def reply(target: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """The status and body of the response to a request."""
    members = json.loads(body)
    match target.removeprefix(f"{SERVICE}."):
        case "DescribeRegistry":
            return 200, {"registryId": "123456789012"}
        case "ListImages" if members["repositoryName"] == "absent":
            return 400, {"__type": "RepositoryNotFoundException", "message": "no such thing"}
        case "ListImages" if "nextToken" not in members:
            return 200, {"imageIds": [{"imageTag": "one"}], "nextToken": "more"}
        case "ListImages":
            assert members["nextToken"] == "more"
            return 200, {"imageIds": [{"imageTag": "two"}]}
        case unknown:
            raise AssertionError(unknown)


def respond(request: httpx.Request) -> httpx.Response:
    """The service as a handler of mock transports."""
    assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 ")
    status, body = reply(request.headers["x-amz-target"], request.content)
    return httpx.Response(status, json=body, headers={"x-amzn-requestid": "the-id"})


async def async_respond(request: httpx.Request) -> httpx.Response:
    """The service as an async handler, which reads the request."""
    await request.aread()
    return respond(request)


async def app(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """The service as an ASGI application."""
    assert scope["type"] == "http"
    headers = dict(scope["headers"])
    assert headers[b"authorization"].startswith(b"AWS4-HMAC-SHA256 ")
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    status, members = reply(headers[b"x-amz-target"].decode(), body)
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"x-amzn-requestid", b"the-id")],
        }
    )
    await send({"type": "http.response.body", "body": json.dumps(members).encode()})


class Handler(BaseHTTPRequestHandler):
    """The service as an HTTP server."""

    protocol_version = "HTTP/1.1"
    timeout = 5

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        assert self.headers["authorization"].startswith("AWS4-HMAC-SHA256 ")
        status, members = reply(self.headers["x-amz-target"], body)
        content = json.dumps(members).encode()
        self.send_response(status)
        self.send_header("x-amzn-requestid", "the-id")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Do not log."""


@contextmanager
def loopback() -> Generator[str]:
    """Run an HTTP server in a separate thread and provide its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


# -- the scenario ----------------------------------------------------------------------------------


def client(transport: httpx.AsyncBaseTransport, endpoint_url: str | None = None) -> ECRClient:
    return ECRClient(
        region="eu-west-1",
        credentials=Credentials("AKIDEXAMPLE", "secret", "token"),
        endpoint_url=endpoint_url,
        retry=RetryPolicy(max_attempts=1),
        options=CallOptions(timeout=20),
        transport=transport,
    )


async def play(ecr: ECRClient) -> None:
    """Make a call, cause an error, and iterate over pages."""
    described = await ecr.describe_registry()
    assert described.registry_id == "123456789012"
    assert described.response_metadata.request_id == "the-id"

    with pytest.raises(RepositoryNotFoundException) as caught:
        await ecr.list_images(repository_name="absent")
    assert caught.value.message == "no such thing"
    assert caught.value.request_id == "the-id"

    tags = [image.image_tag async for image in ecr.list_images(repository_name="team/app")]
    assert tags == ["one", "two"]


class Closing:
    """Counts how often a transport is closed."""

    def __init__(self, transport: httpx.AsyncBaseTransport, monkeypatch: pytest.MonkeyPatch):
        self.times = 0
        original = transport.aclose

        async def aclose() -> None:
            self.times += 1
            await original()

        monkeypatch.setattr(transport, "aclose", aclose)


async def check(
    transport: httpx.AsyncBaseTransport,
    monkeypatch: pytest.MonkeyPatch,
    endpoint_url: str | None = None,
) -> None:
    """Play the scenario on one transport, with successive and with concurrent clients."""
    closing = Closing(transport, monkeypatch)
    try:
        async with client(transport, endpoint_url) as ecr:
            await play(ecr)
        assert closing.times == 0, "the caller that passes a transport closes it"
        async with client(transport, endpoint_url) as one:
            async with client(transport, endpoint_url) as other:
                await play(one)
                await play(other)
            await play(one)
        assert closing.times == 0
    finally:
        await transport.aclose()
    assert closing.times == 1


# -- the transports --------------------------------------------------------------------------------


@pytest.mark.parametrize("handler", [respond, async_respond])
async def test_httpx_mock_transport(handler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await check(httpx.MockTransport(handler), monkeypatch)


async def test_httpx_asgi_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    await check(httpx.ASGITransport(app), monkeypatch)


async def test_respx_router(monkeypatch: pytest.MonkeyPatch) -> None:
    router = respx.Router(assert_all_called=True)
    route = router.post(ECR_URL).mock(side_effect=respond)
    await check(httpx.MockTransport(router.async_handler), monkeypatch)

    assert route.call_count == 4 * 4
    router.assert_all_called()


async def test_respx_routes_by_header_and_body() -> None:
    router = respx.Router()
    registry = router.post(ECR_URL, headers={"x-amz-target": f"{SERVICE}.DescribeRegistry"})
    registry.respond(json={"registryId": "1"})
    images = router.post(ECR_URL, json={"repositoryName": "ab", "maxResults": 1000})
    images.respond(json={"imageIds": [{"imageTag": "x"}]})
    async with client(httpx.MockTransport(router.async_handler)) as ecr:
        assert (await ecr.describe_registry()).registry_id == "1"
        assert len(await ecr.list_images(repository_name="ab").collect()) == 1

    assert (registry.call_count, images.call_count) == (1, 1)


async def test_respx_errors_are_translated() -> None:
    router = respx.Router()
    router.post(ECR_URL).mock(side_effect=httpx.ConnectError)
    async with client(httpx.MockTransport(router.async_handler)) as ecr:
        with pytest.raises(ConnectError):
            await ecr.describe_registry()


async def test_respx_patches_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    async with respx.mock() as router:
        router.post(ECR_URL).mock(side_effect=respond)
        await check(httpx.AsyncHTTPTransport(), monkeypatch)


@pytest.mark.httpx_mock(can_send_already_matched_responses=True)
async def test_pytest_httpx(httpx_mock: HTTPXMock, monkeypatch: pytest.MonkeyPatch) -> None:
    httpx_mock.add_callback(async_respond, url=ECR_URL, method="POST")
    await check(httpx.AsyncHTTPTransport(), monkeypatch)

    targets = [request.headers["x-amz-target"] for request in httpx_mock.get_requests()]
    assert len(targets) == 4 * 4
    assert targets[0] == f"{SERVICE}.DescribeRegistry"


async def test_pytest_httpx_matches_header_and_body(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(
        match_headers={"x-amz-target": f"{SERVICE}.ListImages"},
        match_json={"repositoryName": "ab", "maxResults": 1000},
        json={"imageIds": []},
    )
    httpx_mock.add_exception(httpx.ConnectError("refused"))
    async with httpx.AsyncHTTPTransport() as transport, client(transport) as ecr:
        assert await ecr.list_images(repository_name="ab").collect() == []
        with pytest.raises(ConnectError, match="refused"):
            await ecr.describe_registry()


async def test_httpx_default_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    with loopback() as url:
        await check(httpx.AsyncHTTPTransport(), monkeypatch, url)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_httpx_aiohttp(anyio_backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with loopback() as url:
        await check(httpx_aiohttp.AiohttpTransport(), monkeypatch, url)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_httpx_aiohttp_errors_are_translated(anyio_backend: str) -> None:
    with loopback() as url:
        pass  # the server is closed afterwards
    async with httpx_aiohttp.AiohttpTransport() as transport, client(transport, url) as ecr:
        with pytest.raises(ConnectError):
            await ecr.describe_registry()

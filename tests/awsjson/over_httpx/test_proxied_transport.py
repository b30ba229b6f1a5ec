"""Proxies, and the default transport."""

from __future__ import annotations

import random
import ssl
import warnings
from collections.abc import AsyncGenerator, Callable

import anyio
import httpx
import pytest
import trustme

import ecrclient
from ecrclient import ConnectError, ConnectTimeout, PoolTimeout, ReadError, TransportError
from ecrclient._awsjson.over_httpx.default_transport import default_transport, environment_proxy
from ecrclient._awsjson.over_httpx.error_translation import translate_error
from ecrclient._awsjson.over_httpx.messages import HttpxResponseTooLarge
from ecrclient._awsjson.over_httpx.proxied_transport import LimitedTransport, proxied_transport
from ecrclient._awsjson.protocol.errors import ClientClosedError, ConfigurationError
from ecrclient._awsjson.transport.byte_transport import ByteTransport
from ecrclient._awsjson.transport.content_encoding import ContentDecodingError
from tests.awsjson.transport.conftest import request, send, trusting
from tests.awsjson.transport.server import (
    Peer,
    http_response,
    respond_and_close,
    respond_with,
    serve,
    serve_proxy,
)
from tests.tools.older_anyio import skip_before_anyio

# Cancelled requests leave generators of httpx and httpcore unfinished, and trio warns of them.
pytestmark = pytest.mark.filterwarnings("ignore:Async generator:ResourceWarning")

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "request_method")


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)

    def setenv(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return setenv


@pytest.mark.parametrize(
    ("variables", "url", "proxy"),
    [
        ({}, "https://ecr.example", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://ecr.example", "http://p:1"),
        ({"https_proxy": "p:1"}, "https://ecr.example", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1"}, "http://ecr.example", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://ecr.example", "http://p:1"),
        ({"HTTP_PROXY": "http://p:1", "REQUEST_METHOD": "GET"}, "http://ecr.example", None),
        ({"ALL_PROXY": "socks5://p:1"}, "https://ecr.example", "socks5://p:1"),
        ({"ALL_PROXY": "http://a:1", "HTTPS_PROXY": "http://p:1"}, "https://e.x", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, "https://ecr.example", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.b, example"}, "https://ecr.example", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".example"}, "https://ecr.example", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "ECR.example"}, "https://ecr.example", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "ample"}, "https://ecr.example", "http://p:1"),
        (
            {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "169.254.169.254"},
            "https://169.254.169.254",
            None,
        ),
        ({"HTTPS_PROXY": "", "ALL_PROXY": ""}, "https://ecr.example", None),
    ],
)
def test_the_proxy_of_the_environment(
    environ: Callable[..., None], variables: dict[str, str], url: str, proxy: str | None
) -> None:
    environ(**variables)
    parsed = httpx.URL(url)
    assert environment_proxy(parsed.scheme, parsed.host) == proxy


def test_the_default_transport(environ: Callable[..., None], parser: str) -> None:
    assert isinstance(default_transport("https://ecr.example"), ByteTransport)
    environ(HTTPS_PROXY="http://user:secret@proxy.example:3128")
    proxied = default_transport("https://ecr.example")
    assert isinstance(proxied, LimitedTransport)
    assert "secret" not in repr(proxied)


@pytest.mark.parametrize("proxy", ["gopher://user:secret@p:1", "socks5://p:1"])
def test_a_proxy_that_cannot_be_used(environ: Callable[..., None], proxy: str) -> None:
    environ(HTTPS_PROXY=proxy)
    with pytest.raises(ConfigurationError, match="proxy cannot be used") as caught:
        default_transport("https://ecr.example")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://x.example", "http://localhost:1", "http://127.0.0.2", "http://[::1]:5"]
)
def test_no_warning(environ: Callable[..., None], url: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        default_transport(url)


@pytest.mark.parametrize("url", ["http://x.example", "http://10.0.0.1:80", "http://localhost.x"])
def test_unencrypted_requests_cause_a_warning(environ: Callable[..., None], url: str) -> None:
    with pytest.warns(UserWarning, match="unencrypted"):
        default_transport(url)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (httpx.ConnectTimeout("late"), ConnectTimeout),
        (httpx.PoolTimeout("late"), PoolTimeout),
        (httpx.ProxyError("407"), ConnectError),
        (httpx.RemoteProtocolError("no"), ReadError),
        (HttpxResponseTooLarge("long"), ecrclient.ResponseTooLarge),
        (httpx.DecodingError("no"), ContentDecodingError),
        (httpx.UnsupportedProtocol("no"), TransportError),
        (httpx.ConnectError(""), ConnectError),
    ],
)
def test_errors_of_httpx_are_translated(
    theirs: httpx.RequestError, ours: type[TransportError]
) -> None:
    error = translate_error(theirs)
    assert type(error) is ours
    assert str(error)


# -- a real proxy --------------------------------------------------------------------------------


@pytest.fixture
async def through(
    anyio_backend: str, ca: trustme.CA
) -> AsyncGenerator[Callable[..., LimitedTransport]]:
    made: list[LimitedTransport] = []

    def through(proxy: str, limit: int = 1_000_000, size: int = 4) -> LimitedTransport:
        made.append(
            proxied_transport(proxy, trusting(ca), max_connections=size, max_response_bytes=limit)
        )
        return made[-1]

    yield through
    for transport in made:
        await transport.aclose()
        stats = transport.stats()
        assert (stats.idle, stats.in_use, stats.waiting) == (0, 0, 0)


Through = Callable[..., LimitedTransport]


@pytest.mark.anyio
async def test_through_a_tunnel(through: Through, good_context: ssl.SSLContext) -> None:
    async with (
        serve(respond_with(http_response(b"fine")), context=good_context) as server,
        serve_proxy() as proxy,
    ):
        transport = through(proxy.url)
        for _ in range(3):
            assert (await send(transport, server.url)).content == b"fine"
        assert len(proxy.requests) == 1
        assert proxy.requests[0].startswith(b"CONNECT localhost:")
        stats = transport.stats()
        assert (stats.open, stats.idle, stats.created, stats.reused) == (1, 1, 1, 2)


@pytest.mark.anyio
async def test_a_response_that_ends_with_a_tls_connection_is_refused(
    through: Through, good_context: ssl.SSLContext
) -> None:
    ends = [b"HTTP/1.1 200 OK\r\n\r\nhalf of it", b"HTTP/1.1 204 No Content\r\n\r\n"]
    async with (
        serve(*map(respond_and_close, ends), context=good_context) as server,
        serve_proxy() as proxy,
    ):
        transport = through(proxy.url)
        with pytest.raises(httpx.RemoteProtocolError, match="whether it was truncated is unknown"):
            await send(transport, server.url)
        assert (transport.stats().open, transport.stats().in_use) == (0, 0)
        assert (await send(transport, server.url)).status_code == 204


@pytest.mark.anyio
async def test_forwarded(through: Through) -> None:
    async with serve(respond_with(http_response(b"forwarded"))) as proxy:
        transport = through(proxy.url)
        assert (await send(transport, "http://ecr.example")).content == b"forwarded"


@pytest.mark.anyio
async def test_407(through: Through) -> None:
    says_407 = respond_and_close(http_response(b"no", status="407 Proxy Authentication Required"))
    async with serve(says_407) as proxy:
        transport = through(proxy.url)
        with pytest.raises(httpx.ProxyError, match="407"):
            await send(transport, "https://ecr.example")
        assert (transport.stats().open, transport.stats().in_use) == (0, 0)
        other = through(proxy.url)
        assert (await send(other, "http://ecr.example")).status_code == 407


@pytest.mark.anyio
async def test_a_proxy_that_refuses_connections(through: Through) -> None:
    transport = through("http://127.0.0.1:1")
    with pytest.raises(httpx.ConnectError):
        await send(transport, "https://ecr.example")
    assert transport.stats().in_use == 0


@pytest.mark.anyio
async def test_a_large_response_is_refused(through: Through) -> None:
    async with serve(respond_with(http_response(b"x" * 3_000_000))) as proxy:
        transport = through(proxy.url)
        with pytest.raises(HttpxResponseTooLarge):
            await send(transport, "http://ecr.example")
        assert (transport.stats().open, transport.stats().in_use) == (0, 0)


@pytest.mark.anyio
async def test_the_connection_limit_and_aclose(through: Through) -> None:
    async def silent(peer: Peer) -> None:
        await peer.closed()

    async with serve(respond_with(http_response(b"x" * 500_000)), silent) as proxy:
        transport = through(proxy.url, size=1)
        held = await transport.handle_async_request(request("http://ecr.example"))
        with pytest.raises(httpx.PoolTimeout):
            await send(transport, "http://ecr.example", pool=0.05)
        assert len(await held.aread()) == 500_000
        await transport.aclose()
        with pytest.raises(ClientClosedError):
            await send(transport, "http://ecr.example")


# A cancelled request leaves the generator of httpx's body unfinished, and trio warns of it.
@pytest.mark.filterwarnings(
    "ignore:.*async_generator object ByteStream:pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.filterwarnings("ignore:Async generator .*ByteStream:ResourceWarning")
@pytest.mark.anyio
@skip_before_anyio("4.16", "leaks a socket if a connection attempt is cancelled")
async def test_cancelled_calls_release_their_connections(
    through: Through, good_context: ssl.SSLContext
) -> None:
    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await anyio.sleep(random.random() * 0.02)
            await peer.send(http_response(b"x" * random.choice([2, 100_000])))

    ends: list[str] = []
    async with (
        serve(script, context=good_context) as server,
        serve_proxy(slow=True) as proxy,
    ):
        transport = through(proxy.url)

        async def call() -> None:
            with anyio.move_on_after(random.choice([random.random() * 0.1, 10])) as scope:
                await send(transport, server.url)
            ends.append("cancelled" if scope.cancelled_caught else "completed")

        with anyio.fail_after(60):
            for _ in range(4):
                async with anyio.create_task_group() as tasks:
                    for _ in range(25):
                        tasks.start_soon(call)
            assert ends.count("cancelled") > 5
            assert ends.count("completed") > 5
            stats = transport.stats()
            assert (stats.in_use, stats.waiting) == (0, 0)
            assert stats.open == stats.idle <= 4
            assert (await send(transport, server.url)).status_code == 200

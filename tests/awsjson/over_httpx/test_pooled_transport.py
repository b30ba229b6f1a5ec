"""The origin of a ``PooledTransport``, and connections that both senders share."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from ecrclient import Credentials, ECRClient, Middleware, WriteError
from ecrclient._awsjson.over_httpx.pooled_transport import PooledTransport
from ecrclient._awsjson.transport.origin import Origin
from ecrclient._awsjson.transport.response import decode_headers
from tests.awsjson.transport.server import http_response, respond_with, serve
from tests.middleware import pass_on

Make = Callable[..., PooledTransport]


def client(transport: PooledTransport, url: str, *middleware: Middleware) -> ECRClient:
    return ECRClient(
        region="eu-west-1",
        credentials=Credentials("AKIDEXAMPLE", "secret"),
        endpoint_url=url,
        transport=transport,
        middleware=middleware,
    )


@pytest.mark.parametrize(
    ("url", "origin", "text"),
    [
        ("https://ecr.example/", Origin("https", "ecr.example", None), "https://ecr.example"),
        ("https://ECR.example:443", Origin("https", "ecr.example", None), "https://ecr.example"),
        ("http://ecr.example:80", Origin("http", "ecr.example", None), "http://ecr.example"),
        ("http://127.0.0.1:443", Origin("http", "127.0.0.1", 443), "http://127.0.0.1:443"),
        ("http://[::1]:5000/", Origin("http", "::1", 5000), "http://[::1]:5000"),
        ("http:///path", Origin("http", "", None), "http://"),
    ],
)
def test_the_origin_of_a_url(url: str, origin: Origin, text: str) -> None:
    assert Origin.of(url) == origin
    assert str(origin) == text


@pytest.mark.anyio
async def test_calls_with_middleware_and_without_share_connections(make: Make) -> None:
    async with serve(respond_with(http_response(b"{}"))) as server:
        transport = make()
        plain = client(transport, server.url)
        with_middleware = client(transport, server.url, pass_on)
        for ecr in (plain, with_middleware, plain, with_middleware):
            await ecr.describe_registry()
        stats = transport.stats()
    assert (stats.created, stats.reused) == (1, 3)


@pytest.mark.anyio
async def test_a_client_of_another_origin_is_refused(make: Make) -> None:
    async with (
        serve(respond_with(http_response(b"{}"))) as server,
        serve(respond_with(http_response(b"{}"))) as other,
    ):
        transport = make()
        await client(transport, server.url).describe_registry()
        with pytest.raises(WriteError, match=f"this one is for {server.url}, not for {other.url}"):
            await client(transport, other.url).describe_registry()
        assert transport.stats().created == 1


@pytest.mark.parametrize(
    "raw",
    [
        [(b"X-A", b"1"), (b"B", b"2")],
        [(b"X-A", b"1"), (b"x-a", b"2"), (b"B", b"3")],
        [(b"A", "é".encode()), (b"B", b"2")],
        [(b"A", b"\xe9"), (b"a", b"2"), (b"B", b"3")],
        [],
    ],
)
def test_headers_are_decoded_like_httpx(raw: list[tuple[bytes, bytes]]) -> None:
    assert decode_headers(raw) == dict(httpx.Headers(raw).items())

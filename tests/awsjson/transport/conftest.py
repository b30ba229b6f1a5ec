"""Transports to test, with each of the parsers, and certificates."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import trustme

from ecrclient._awsjson.over_httpx.pooled_transport import PooledTransport

Call = Callable[..., Any]


@pytest.fixture(params=["h11", "httptools"])
def parser(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def make(
    anyio_backend: str, parser: str, ca: trustme.CA
) -> AsyncGenerator[Callable[..., PooledTransport]]:
    """Create transports; at the end, close them and check that nothing remains."""
    made: list[PooledTransport] = []

    def make(**arguments: Any) -> PooledTransport:
        arguments.setdefault("parser", parser)
        arguments.setdefault("verify", trusting(ca))
        made.append(PooledTransport(**arguments))
        return made[-1]

    yield make
    for transport in made:
        await transport.aclose()
        stats = transport.stats()
        assert (stats.idle, stats.in_use, stats.waiting) == (0, 0, 0)


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    return trustme.CA()


def trusting(ca: trustme.CA) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=ca.cert_pem.bytes().decode())


def server_context(issued: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with issued.private_key_and_cert_chain_pem.tempfile() as path:
        context.load_cert_chain(path)
    return context


@pytest.fixture(scope="session")
def good_context(ca: trustme.CA) -> ssl.SSLContext:
    return server_context(ca.issue_cert("localhost"))


@pytest.fixture(scope="session")
def bad_contexts(ca: trustme.CA) -> dict[str, ssl.SSLContext]:
    past = datetime.now(UTC) - timedelta(days=1)
    return {
        "unknown": server_context(trustme.CA().issue_cert("localhost")),
        "expired": server_context(ca.issue_cert("localhost", not_after=past)),
        "wrong name": server_context(ca.issue_cert("elsewhere.example")),
    }


def request(
    url: str, body: bytes = b"{}", *, method: str = "POST", timeout: float | None = 20, **times: Any
) -> httpx.Request:
    """A request; *times* are the timeouts connect, read, write and pool."""
    timeouts = {**dict.fromkeys(("connect", "read", "write", "pool"), timeout), **times}
    return httpx.Request(method, f"{url}/", content=body, extensions={"timeout": timeouts})


async def send(transport: httpx.AsyncBaseTransport, url: str, **arguments: Any) -> httpx.Response:
    """Send a request and read the response, as the client does."""
    response = await transport.handle_async_request(request(url, **arguments))
    try:
        await response.aread()
    finally:
        await response.aclose()
    return response

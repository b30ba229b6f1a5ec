"""The cost of a call in function calls, because seconds would depend on the machine.

A limit is a few calls above the largest number that was measured: it varies by some five percent
with the versions of Python and anyio, and with the tests that ran before. Raise it when a change
makes a call more expensive for a reason. ``python -m benchmarks`` measures seconds.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import FrameType

import anyio
import httpx
import pytest

import ecrclient
from ecrclient import Credentials, ECRClient, Middleware, PooledTransport
from tests.awsjson.transport.server import CLOSED, Peer, serve
from tests.middleware import pass_on

pytestmark = pytest.mark.anyio

PACKAGE = str(Path(ecrclient.__file__).parent)
HTTPX = str(Path(httpx.__file__).parent)
BODY = (
    b'{"authorizationData":[{"authorizationToken":"QQ==","expiresAt":1.76e9,"proxyEndpoint":"p"}]}'
)
HEAD = (
    b"HTTP/1.1 200 OK\r\nx-amzn-RequestId: 01234567-89ab-cdef-0123-456789abcdef\r\n"
    b"Content-Type: application/x-amz-json-1.1\r\nContent-Length: %d\r\n\r\n" % len(BODY)
)


async def respond(peer: Peer) -> None:
    while True:
        try:
            await peer.request()
        except CLOSED:
            return
        await peer.send(HEAD + BODY)


@asynccontextmanager
async def connected(parser: str, *middleware: Middleware) -> AsyncGenerator[ECRClient]:
    async with (
        serve(respond) as server,
        PooledTransport(parser=parser) as transport,
        ECRClient(
            region="eu-west-1",
            credentials=Credentials("AKIDEXAMPLE", "secret"),
            endpoint_url=server.url,
            transport=transport,
            middleware=middleware,
        ) as ecr,
    ):
        yield ecr


async def count(call: Callable[[], Awaitable[object]]) -> Counter[str]:
    """Count the functions that this package and httpx call or resume during a call."""
    await call()
    await call()
    counted: Counter[str] = Counter()

    def profile(frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if event == "c_call" and code.co_filename.startswith(PACKAGE):
            counted[f"{Path(code.co_filename).name}:{code.co_name} -> {argument!r:.60}"] += 1
        elif event == "call" and code.co_filename.startswith((PACKAGE, HTTPX)):
            counted[f"{Path(code.co_filename).name}:{code.co_name}"] += 1

    await anyio.lowlevel.checkpoint()
    sys.setprofile(profile)
    try:
        await call()
    finally:
        sys.setprofile(None)
    return counted


@pytest.mark.parametrize(("parser", "limit"), [("h11", 205), ("httptools", 205)])
async def test_a_tiny_call_is_within_its_limit(parser: str, limit: int) -> None:
    async with connected(parser) as ecr:
        counted = await count(ecr.get_authorization_token)
    assert counted.total() <= limit, counted.most_common()


async def test_no_httpx_objects_are_made_without_middleware() -> None:
    async with connected("httptools") as ecr:
        counted = await count(ecr.get_authorization_token)
    assert not [name for name in counted if name.startswith("_models.py")]


@pytest.mark.skipif(httpx.__version__.startswith("0.27."), reason="httpx 0.27 makes more calls")
async def test_a_call_with_middleware_is_within_its_limit() -> None:
    async with connected("httptools", pass_on) as ecr:
        counted = await count(ecr.get_authorization_token)
    assert counted.total() <= 385, counted.most_common()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_call_leaves_the_selector_as_it_is(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A registration for each wait, as ``anyio.wait_readable`` makes, would be expensive."""

    def refuse(*_: object) -> None:
        raise AssertionError("a registration of one wait")

    async with connected("h11") as ecr:
        await ecr.get_authorization_token()
        with monkeypatch.context() as patch:
            patch.setattr(asyncio.get_running_loop(), "add_reader", refuse)
            await ecr.get_authorization_token()

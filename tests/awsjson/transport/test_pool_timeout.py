"""A saturated client raises ``PoolTimeout`` on every path of a request, and the timer of an attempt
excludes the wait."""

from __future__ import annotations

import math
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx
import pytest

from ecrclient import (
    AttemptTimeout,
    CallNext,
    CallOptions,
    ConfigurationError,
    Credentials,
    DeadlineExceeded,
    ECRClient,
    Middleware,
    PooledTransport,
    PoolTimeout,
    RetryPolicy,
)
from ecrclient._awsjson.calling.client_state import Resources
from ecrclient._awsjson.over_httpx.proxied_transport import LimitedTransport
from ecrclient._awsjson.transport.timer import AttemptTimer
from tests.awsjson.over_httpx.test_error_translation import Delegating, core_of
from tests.awsjson.transport.server import CLOSED, Peer, serve
from tests.middleware import pass_on

pytestmark = pytest.mark.anyio

KEY = Credentials("AKIDEXAMPLE", "secret")
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def client(
    url: str,
    options: CallOptions,
    transport: httpx.AsyncBaseTransport | None = None,
    *middleware: Middleware,
) -> ECRClient:
    return ECRClient(
        region="eu-west-1",
        credentials=KEY,
        endpoint_url=url,
        options=options,
        transport=transport,
        middleware=middleware,
        max_connections=1,
    )


def direct_httpx(url: str, options: CallOptions) -> ECRClient:
    limited = LimitedTransport(
        lambda: httpx.AsyncHTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)),
        max_connections=1,
        max_response_bytes=1000,
    )
    return client(url, options, limited)


async def replace_request(request: httpx.Request, call_next: CallNext) -> httpx.Response:
    """Middleware that sends another request, without the extensions."""
    timeouts = {"timeout": request.extensions["timeout"]}
    return await call_next(
        httpx.Request(
            request.method,
            request.url,
            headers=request.headers,
            content=request.content,
            extensions=timeouts,
        )
    )


Build = Callable[[str, CallOptions], ECRClient]

ROUTES: dict[str, Build] = {
    "bytes": client,
    "middleware": lambda url, options: client(url, options, None, pass_on),
    "a request of the middleware's": lambda url, options: client(
        url, options, None, replace_request
    ),
    "PooledTransport": lambda url, options: client(
        url, options, PooledTransport(max_connections=1)
    ),
    "a user's transport": lambda url, options: client(
        url, options, Delegating(PooledTransport(max_connections=1))
    ),
    "a proxy's transport": direct_httpx,
}


async def close_users_transport(resources: Resources) -> None:
    """Close the transport that was passed to a client, also inside another one."""
    passed: Any = vars(resources.senders)["_transport"]
    if passed is not None:
        await getattr(passed, "_inner", passed).aclose()


@asynccontextmanager
async def saturated(
    build: Build, options: CallOptions
) -> AsyncGenerator[tuple[ECRClient, anyio.Event]]:
    """A client whose only connection is in use until the event is set, or the block ends."""
    go, arrived = anyio.Event(), anyio.Event()

    async def script(peer: Peer) -> None:
        try:
            while True:
                await peer.request()
                arrived.set()
                await go.wait()
                await peer.send(RESPONSE)
        except CLOSED:
            return

    async with serve(script) as server:
        ecr = build(server.url, options)
        connection = await core_of(ecr).resources()
        async with ecr, anyio.create_task_group() as tasks:
            tasks.start_soon(ecr.with_options(timeout=None, deadline=None).describe_registry)
            await arrived.wait()
            yield ecr, go
            go.set()
        await close_users_transport(connection)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "options",
    [CallOptions(timeout=0.05), CallOptions(timeout=60, pool_timeout=0.05)],
    ids=["the same as timeout", "pool_timeout"],
)
async def test_a_saturated_client_raises_pool_timeout(route: str, options: CallOptions) -> None:
    async with saturated(ROUTES[route], options) as (ecr, _):
        before = core_of(ecr).quota.available
        with pytest.raises(PoolTimeout) as caught:
            await ecr.describe_registry()

        assert caught.value.attempts == 1
        assert caught.value.operation == "DescribeRegistry"
        assert core_of(ecr).quota.available == before
        assert "no connection became free within 0.05 s: 1 of 1 in use, 0 idle" in str(caught.value)


@pytest.mark.parametrize("route", ROUTES)
async def test_the_deadline_covers_the_wait_for_a_connection(route: str) -> None:
    options = CallOptions(timeout=60, deadline=0.05)
    async with saturated(ROUTES[route], options) as (ecr, _):
        with pytest.raises(DeadlineExceeded):
            await ecr.describe_registry()


@pytest.mark.parametrize("route", ROUTES)
async def test_the_wait_for_a_connection_is_not_part_of_the_attempt(
    route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[AttemptTimer] = []

    class Recorded(AttemptTimer):
        def __init__(self, timeout: float | None, pool_timeout: float | None) -> None:
            super().__init__(timeout, pool_timeout)
            attempts.append(self)

    monkeypatch.setattr("ecrclient._awsjson.calling.call.AttemptTimer", Recorded)
    async with saturated(ROUTES[route], CallOptions(timeout=60)) as (ecr, go):
        before = anyio.current_time()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ecr.describe_registry)
            await anyio.wait_all_tasks_blocked()
            assert attempts[-1].scope.deadline == math.inf
            go.set()
        assert before + 60 <= attempts[-1].scope.deadline < math.inf


@pytest.mark.parametrize("route", ROUTES)
async def test_timer_continues_after_the_wait_for_a_connection(route: str) -> None:
    slow = anyio.Event()

    async def script(peer: Peer) -> None:
        try:
            await peer.request()
            await slow.wait()
            await peer.closed()
        except CLOSED:
            return

    async with serve(script) as server:
        ecr = ROUTES[route](
            server.url, CallOptions(timeout=0.05, retry=RetryPolicy(max_attempts=1))
        )
        connection = await core_of(ecr).resources()
        async with ecr:
            with pytest.raises(AttemptTimeout):
                await ecr.describe_registry()
        slow.set()
        await close_users_transport(connection)


async def test_other_transports_get_the_limit_as_a_timeout_extension() -> None:
    seen: list[object] = []

    async def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"]["pool"])
        raise httpx.PoolTimeout("busy", request=request)

    for options in (
        CallOptions(timeout=7),
        CallOptions(pool_timeout=3),
        CallOptions(pool_timeout=None),
    ):
        ecr = client("http://127.0.0.1", options, httpx.MockTransport(respond))
        with pytest.raises(PoolTimeout, match="busy"):
            await ecr.describe_registry()
    assert seen == [7, 3, None]


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf"), "5", True])
def test_a_wrong_pool_timeout_is_refused(wrong: float) -> None:
    with pytest.raises(ConfigurationError, match="pool_timeout"):
        CallOptions(pool_timeout=wrong)

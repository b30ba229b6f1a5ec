"""Requests that fail on a kept-alive connection: which are sent again, and which are not."""

from __future__ import annotations

import pickle
import ssl
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest

from ecrclient import (
    AttemptTimeout,
    CallOptions,
    ConfigurationError,
    ConnectError,
    ConnectTimeout,
    Credentials,
    ECRClient,
    Middleware,
    PooledTransport,
    PoolTimeout,
    ReadError,
    ResponseDecodeError,
    RetryPolicy,
    TransportError,
)
from ecrclient._awsjson.transport.connection import Connection
from tests.awsjson.transport.conftest import request, send
from tests.awsjson.transport.server import Peer, Script, Server, http_response, respond_with, serve
from tests.middleware import pass_on
from tests.tools.scripted import Scripted, client, fail, ok

pytestmark = pytest.mark.anyio
Make = Callable[..., PooledTransport]


@pytest.fixture(params=["plain", "tls"])
def context(request: pytest.FixtureRequest, good_context: ssl.SSLContext) -> ssl.SSLContext | None:
    return good_context if request.param == "tls" else None


def dies(got: list[bytes], body: bytes = b"first") -> Script:
    """Respond to one request, read the next one, and close without a response."""

    async def script(peer: Peer) -> None:
        got.append(await peer.request())
        await peer.send(http_response(body))
        got.append(await peer.request())

    return script


def responds(got: list[bytes], body: bytes = b"second") -> Script:
    async def script(peer: Peer) -> None:
        while True:
            got.append(await peer.request())
            await peer.send(http_response(body))

    return script


# -- the transport ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "extensions", "requests"),
    [
        ("GET", {}, 3),
        ("HEAD", {}, 3),
        ("PUT", {}, 3),
        ("DELETE", {}, 3),
        ("OPTIONS", {}, 3),
        ("TRACE", {}, 3),
        ("POST", {"idempotent": True}, 3),
        ("POST", {}, 2),
        ("PATCH", {}, 2),
        ("PURGE", {}, 2),
        ("GET", {"idempotent": False}, 2),
    ],
)
async def test_idempotent_requests_are_sent_again(
    make: Make,
    context: ssl.SSLContext | None,
    method: str,
    extensions: dict[str, bool],
    requests: int,
) -> None:
    got: list[bytes] = []
    async with serve(dies(got), responds(got), context=context) as server:
        transport = make()
        await send(transport, server.url)
        again = request(server.url, method=method)
        again.extensions.update(extensions)
        if requests == 3:
            response = await transport.handle_async_request(again)
            assert response.status_code == 200
            await response.aclose()
        else:
            with pytest.raises(httpx.RemoteProtocolError, match="before the head"):
                await transport.handle_async_request(again)
            assert (transport.stats().open, transport.stats().in_use) == (0, 0)
    assert len(got) == requests


async def reset_when_idle(peer: Peer) -> None:
    await peer.request()
    await peer.send(http_response(b"first"))
    await peer.reset()


async def send_on_a_reset_connection(
    transport: PooledTransport, server: Server, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> httpx.Response:
    """Send a POST request on a connection that was reset after it was found to be alive."""

    def never_stale(connection: Connection) -> bool:
        return False

    await send(transport, server.url)
    await server.wait_until_open(0)
    monkeypatch.setattr(Connection, "is_stale", never_stale)
    return await send(transport, server.url, body=body)


@pytest.mark.parametrize("size", [10, 2_000_000])
async def test_request_of_which_nothing_was_sent_is_sent_again(
    make: Make, context: ssl.SSLContext | None, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    got: list[bytes] = []
    async with serve(reset_when_idle, responds(got), context=context) as server:
        response = await send_on_a_reset_connection(make(), server, monkeypatch, b"x" * size)
        assert response.content == b"second"
    assert len(got) == 1


async def test_several_tls_records_may_have_been_sent_in_part(
    make: Make, good_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve(
        reset_when_idle, respond_with(http_response()), context=good_context
    ) as server:
        with pytest.raises(httpx.WriteError):
            await send_on_a_reset_connection(make(), server, monkeypatch, b"x" * 20_000)
        assert server.connections == 1


# -- the client ------------------------------------------------------------------------------------


def caller(
    transport: httpx.AsyncBaseTransport, url: str, retry: RetryPolicy, *middleware: Middleware
) -> ECRClient:
    return ECRClient(
        region="eu-west-1",
        credentials=Credentials("AKIDEXAMPLE", "secret"),
        endpoint_url=url,
        transport=transport,
        retry=retry,
        middleware=middleware,
    )


async def create_on_a_dying_connection(
    transport: PooledTransport, retry: RetryPolicy, *middleware: Middleware
) -> tuple[list[bytes], TransportError | int]:
    """Return the CreateRepository requests that arrived, and the error or the attempts."""
    got: list[bytes] = []
    async with serve(dies(got, b"{}"), responds(got, b"{}")) as server:
        ecr = caller(transport, server.url, retry, *middleware)
        await ecr.describe_registry()
        outcome: TransportError | int
        try:
            made = await ecr.create_repository(repository_name="team/app")
        except TransportError as error:
            outcome = error
        else:
            outcome = made.response_metadata.attempts
    return [head for head in got if b".CreateRepository\r\n" in head], outcome


@pytest.mark.parametrize("middleware", [[], [pass_on]], ids=["bytes", "middleware"])
@pytest.mark.parametrize(
    "retry",
    [RetryPolicy(max_attempts=1), RetryPolicy(base_delay=0, retry_non_idempotent=False)],
    ids=["one attempt", "not if ambiguous"],
)
async def test_an_operation_that_is_not_idempotent_is_sent_once(
    make: Make, middleware: list[Middleware], retry: RetryPolicy
) -> None:
    arrived, error = await create_on_a_dying_connection(make(), retry, *middleware)
    assert len(arrived) == 1
    assert isinstance(error, ReadError)
    assert (error.attempts, error.may_have_arrived) == (1, True)


@pytest.mark.parametrize("middleware", [[], [pass_on]], ids=["bytes", "middleware"])
async def test_by_default_it_is_sent_again_as_an_attempt(
    make: Make, middleware: list[Middleware]
) -> None:
    retry = RetryPolicy(base_delay=0)
    arrived, attempts = await create_on_a_dying_connection(make(), retry, *middleware)
    assert (len(arrived), attempts) == (2, 2)
    assert [b"attempt=%d;" % number in head for number, head in enumerate(arrived, 1)] == [
        True,
        True,
    ]


@pytest.mark.parametrize("middleware", [[], [pass_on]], ids=["bytes", "middleware"])
async def test_an_idempotent_operation_is_sent_again_within_an_attempt(
    make: Make, middleware: list[Middleware]
) -> None:
    got: list[bytes] = []
    async with serve(dies(got, b"{}"), responds(got, b"{}")) as server:
        ecr = caller(make(), server.url, RetryPolicy(max_attempts=1), *middleware)
        for _ in range(2):
            described = await ecr.describe_registry()
            assert described.response_metadata.attempts == 1
    assert len(got) == 3


# -- the retry loop --------------------------------------------------------------------------------

ONCE_IF_AMBIGUOUS = RetryPolicy(base_delay=0, throttling_base_delay=0, retry_non_idempotent=False)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (httpx.ReadError("cut"), ReadError),
        (httpx.RemoteProtocolError("cut"), ReadError),
        (httpx.ReadTimeout("late"), ReadError),
        (httpx.Response(200, content=b"<html>"), ResponseDecodeError),
    ],
)
async def test_after_an_ambiguous_failure_only_idempotent_operations_are_retried(
    failure: Any, kind: type[Exception]
) -> None:
    transport = Scripted(failure, ok())
    with pytest.raises(kind):
        await client(transport, retry=ONCE_IF_AMBIGUOUS).create_repository(repository_name="ab")
    assert len(transport.requests) == 1
    transport = Scripted(failure, ok())
    await client(transport, retry=ONCE_IF_AMBIGUOUS).describe_registry()
    assert len(transport.requests) == 2


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("late"),
        httpx.ProxyError("407"),
        fail(503, "ServiceUnavailable"),
        fail(500, "ServerException"),
        fail(400, "ThrottlingException"),
    ],
    ids=str,
)
async def test_an_unambiguous_failure_is_always_retried(failure: Any) -> None:
    transport = Scripted(failure, ok())
    await client(transport, retry=ONCE_IF_AMBIGUOUS).create_repository(repository_name="ab")
    assert len(transport.requests) == 2


async def test_an_attempt_that_times_out_may_have_arrived() -> None:
    async def hang(request: httpx.Request) -> httpx.Response:
        await anyio.sleep_forever()
        raise AssertionError

    transport = Scripted(hang, ok())
    ecr = client(transport, retry=ONCE_IF_AMBIGUOUS, options=CallOptions(timeout=0.05))
    with pytest.raises(AttemptTimeout):
        await ecr.create_repository(repository_name="ab")
    assert len(transport.requests) == 1


@pytest.mark.parametrize(
    ("kind", "may_have_arrived"),
    [(ConnectError, False), (ConnectTimeout, False), (PoolTimeout, False), (ReadError, True)],
)
def test_whether_a_request_may_have_arrived_survives_pickling(
    kind: type[TransportError], may_have_arrived: bool
) -> None:
    error = kind("why")
    assert pickle.loads(pickle.dumps(error)).may_have_arrived is may_have_arrived
    error.may_have_arrived = not may_have_arrived
    assert pickle.loads(pickle.dumps(error)).may_have_arrived is not may_have_arrived


def test_the_policy_takes_only_a_bool() -> None:
    with pytest.raises(ConfigurationError, match="retry_non_idempotent must be True or False"):
        RetryPolicy(retry_non_idempotent="no")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]

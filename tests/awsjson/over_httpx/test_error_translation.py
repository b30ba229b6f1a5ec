"""An error of the transport is the same on every path of a request through httpx."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
import pytest

from ecrclient import (
    CallNext,
    ClientClosedError,
    ConnectError,
    ConnectTimeout,
    Credentials,
    ECRClient,
    ECRClientError,
    Middleware,
    PooledTransport,
    PoolTimeout,
    ReadError,
    ReadTimeout,
    ResponseTooLarge,
    RetryPolicy,
    TransportError,
    WriteError,
    WriteTimeout,
)
from ecrclient._awsjson.over_httpx.error_translation import to_httpx, translate_error
from ecrclient._awsjson.transport.byte_transport import ByteTransport
from ecrclient._awsjson.transport.origin import OtherOriginError
from tests.middleware import pass_on

pytestmark = pytest.mark.anyio

ERRORS = [
    TransportError,
    ConnectError,
    ConnectTimeout,
    ReadError,
    ReadTimeout,
    ResponseTooLarge,
    WriteError,
    WriteTimeout,
    PoolTimeout,
    OtherOriginError,
    ClientClosedError,
]


class Delegating(httpx.AsyncBaseTransport):
    """A user's transport around the client's."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._inner.handle_async_request(request)


async def reraise(request: httpx.Request, call_next: CallNext) -> httpx.Response:
    try:
        return await call_next(request)
    except Exception as error:
        raise error from error.__cause__


async def rename(request: httpx.Request, call_next: CallNext) -> httpx.Response:
    try:
        return await call_next(request)
    except httpx.RequestError as error:
        raise httpx.ReadError("the middleware's message") from error


def client(transport: httpx.AsyncBaseTransport | None, *middleware: Middleware) -> ECRClient:
    return ECRClient(
        region="eu-west-1",
        credentials=Credentials("AKIDEXAMPLE", "secret"),
        endpoint_url="http://127.0.0.1:9",
        transport=transport,
        middleware=middleware,
        retry=RetryPolicy(base_delay=0),
    )


ROUTES: dict[str, Callable[[PooledTransport], ECRClient]] = {
    "bytes": lambda _: client(None),
    "middleware": lambda _: client(None, pass_on),
    "middleware that re-raises": lambda _: client(None, pass_on, reraise),
    "middleware that renames": lambda _: client(None, pass_on, rename),
    "PooledTransport": client,
    "PooledTransport and middleware": lambda pooled: client(pooled, pass_on),
    "a user's transport": lambda pooled: client(Delegating(pooled)),
    "a user's transport and middleware": lambda pooled: client(Delegating(pooled), rename),
}


def core_of(ecr: ECRClient) -> Any:
    return cast(Any, ecr)._state


@asynccontextmanager
async def over(route: str) -> AsyncGenerator[ECRClient]:
    async with PooledTransport() as pooled, ROUTES[route](pooled) as ecr:
        yield ecr


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("kind", ERRORS)
async def test_an_error_keeps_its_type_and_retryability(
    route: str, kind: type[ECRClientError], monkeypatch: pytest.MonkeyPatch
) -> None:
    raised: list[ECRClientError] = []

    async def fail(*_: object, **__: object) -> None:
        raised.append(kind("the transport's message"))
        raise raised[-1]

    monkeypatch.setattr(ByteTransport, "begin", fail)
    async with over(route) as ecr:
        with pytest.raises(ECRClientError) as caught:
            await ecr.describe_registry()

    assert caught.value is raised[-1]
    assert len(raised) == (3 if kind("").is_retryable else 1)


@pytest.mark.parametrize("route", ROUTES)
async def test_another_origin_is_final(route: str) -> None:
    async with over(route) as ecr:
        with pytest.raises(ConnectError):
            await ecr.describe_registry()
        resources = await core_of(ecr).resources()
        await _use_elsewhere(resources.senders.default._transport)
        with pytest.raises(OtherOriginError) as caught:
            await ecr.describe_registry()
    assert caught.value.attempts == 1


async def _use_elsewhere(transport: object) -> None:
    """Change the origin of the transport."""
    inner = getattr(transport, "_inner", transport)
    pool = getattr(inner, "_byte_transport", inner)
    assert isinstance(pool, ByteTransport)
    pool.origin = pool.origin._replace(host="elsewhere.example") if pool.origin else None


def test_the_chain_of_causes_has_no_cycle() -> None:
    original = ReadTimeout("late")
    theirs = to_httpx(original, httpx.Request("POST", "http://127.0.0.1"))
    theirs.__cause__ = original
    assert translate_error(theirs) is original
    assert original.__cause__ is None


def test_a_cycle_of_causes_ends() -> None:
    first, second = httpx.ReadError("a"), httpx.ConnectError("b")
    first.__cause__, second.__cause__ = second, first
    assert type(translate_error(first)) is ReadError


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "bytes"])
async def test_errors_that_pass_through_httpx_have_no_cyclic_context(
    route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise PoolTimeout("busy")

    monkeypatch.setattr(ByteTransport, "begin", fail)
    async with over(route) as ecr:
        with pytest.raises(PoolTimeout) as caught:
            await ecr.describe_registry()
    seen: list[BaseException] = []
    todo: list[BaseException | None] = [caught.value]
    while todo and (error := todo.pop()) is not None:
        assert error not in seen
        seen.append(error)
        todo += [each for each in (error.__cause__, error.__context__) if each is not None]

"""Play a script to botocore's client and to ecrclient's."""

from __future__ import annotations

import functools
import importlib
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from functools import partialmethod
from types import SimpleNamespace
from typing import Any, cast

import anyio
import httpx
import pytest

from ecrclient import (
    CallOptions,
    Credentials,
    ECRClient,
    ECRClientError,
    Middleware,
    RetryPolicy,
    ServiceError,
    TransportError,
)
from ecrclient._awsjson.calling.clock import ServiceClock
from tests.awsjson.calling.script import (
    ARGUMENTS,
    START,
    CallRecord,
    Randoms,
    Response,
    Script,
    Step,
)
from tests.paths import Loopback, loopback

# -- botocore -------------------------------------------------------------------------------------


def _module(name: str) -> Any:
    # botocore has no types.
    return importlib.import_module(f"botocore.{name}")


class _Time:
    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def current(self, _: object = None) -> float:
        return self.now

    def wall(self, remove_tzinfo: bool = True) -> datetime:
        wall = START + timedelta(seconds=self.now)
        return wall.replace(tzinfo=None) if remove_tzinfo else wall


class _Condition:
    """A condition variable that waits in virtual time, for a single thread."""

    def __init__(self, time: _Time, _: object) -> None:
        self._time = time

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    def notify(self) -> None: ...

    def wait(self, seconds: float) -> None:
        # A real clock always advances: a wait that rounding has made too short must end.
        self._time.sleep(seconds + 1e-9)


@functools.cache
def _session() -> Any:
    return _module("session").Session()


_played: dict[str, list[CallRecord]] = {}


def play_to_botocore(script: Script) -> list[CallRecord]:
    """Record what botocore's client does with a stubbed HTTP session and its retry handlers.

    The record is cached, because it does not depend on the event loop.
    """
    if script.name not in _played:
        with pytest.MonkeyPatch.context() as patch:
            _played[script.name] = _play_to_botocore(script, patch)
    return _played[script.name]


def _play_to_botocore(script: Script, patch: pytest.MonkeyPatch) -> list[CallRecord]:
    time = _Time()
    standard, bucket, endpoint = (
        _module("retries.standard"),
        _module("retries.bucket"),
        _module("endpoint"),
    )
    patch.setenv("AWS_CONFIG_FILE", "/nonexistent/config")
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
    patch.setattr(endpoint, "time", SimpleNamespace(sleep=time.sleep))
    patch.setattr(endpoint, "get_current_datetime", time.wall)
    patch.setattr(_module("auth"), "get_current_datetime", time.wall)
    # If awscrt is installed, botocore signs with it, and awscrt has a separate clock.
    patch.setitem(_module("auth").AUTH_TYPE_MAPS, "v4", _module("auth").SigV4Auth)
    patch.setattr(bucket.Clock, "current_time", time.current)
    patch.setattr(
        bucket,
        "threading",
        SimpleNamespace(Lock=threading.Lock, Condition=functools.partial(_Condition, time)),
    )
    backoff = functools.partial(standard.ExponentialBackoff, random=Randoms())
    patch.setattr(standard, "ExponentialBackoff", backoff)
    client = _session().create_client(
        "ecr",
        region_name="eu-west-1",
        aws_access_key_id="AKID",
        aws_secret_access_key="secret",
        config=_module("config").Config(
            retries={"mode": script.mode, "total_max_attempts": script.max_attempts}
        ),
    )
    records: list[CallRecord] = []
    for call in script.calls:
        time.sleep(call.after)
        record, steps = CallRecord(), call.play()
        client._endpoint.http_session = SimpleNamespace(
            send=functools.partial(_send, time, record, steps)
        )
        try:
            getattr(client, call.operation)(**ARGUMENTS[call.operation])
            record.outcome = "ok"
        except _module("exceptions").ClientError as error:
            record.outcome = error.response["Error"]["Code"]
        except _module("exceptions").BotoCoreError:
            record.outcome = "no response"
        except (AttributeError, UnicodeDecodeError) as error:
            record.outcome = type(error).__name__
        records.append(record)
    return records


def _send(time: _Time, record: CallRecord, steps: Iterator[Step], request: Any) -> Any:
    record.sent.append(time.now)
    record.headers.append(
        {
            name.lower(): value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
    )
    step = next(steps)
    time.sleep(step.takes)
    if not isinstance(step, Response):
        raise _botocore_error(step.kind)
    response = _module("awsrequest").AWSResponse(
        request.url,
        step.status,
        _module("awsrequest").HeadersDict(step.headers_at(time.now)),
        None,
    )
    response._content = step.content
    return response


def _botocore_error(kind: str) -> Exception:
    exceptions = _module("exceptions")
    url: dict[str, Any] = {"endpoint_url": "https://x", "error": kind}
    made: dict[str, Callable[[], Exception]] = {
        "refused": lambda: exceptions.EndpointConnectionError(**url),
        "connect timeout": lambda: exceptions.ConnectTimeoutError(**url),
        "read timeout": lambda: exceptions.ReadTimeoutError(**url),
        "closed": lambda: exceptions.ConnectionClosedError(**url),
        "tls": lambda: exceptions.SSLError(**url),
        "proxy": lambda: exceptions.ProxyConnectionError(proxy_url="http://proxy"),
        "other": lambda: exceptions.HTTPClientError(error=kind),
        # botocore translates urllib3's EmptyPoolError to this type. Its own pool does not block, so
        # the error does not occur.
        "pool timeout": lambda: exceptions.HTTPClientError(error=kind),
    }
    return made[kind]()


# -- ecrclient ------------------------------------------------------------------------------------

_HTTPX_ERRORS: dict[str, type[httpx.TransportError]] = {
    "refused": httpx.ConnectError,
    "connect timeout": httpx.ConnectTimeout,
    "read timeout": httpx.ReadTimeout,
    "closed": httpx.RemoteProtocolError,
    "tls": httpx.ConnectError,
    "proxy": httpx.ProxyError,
    "other": httpx.WriteError,
    "pool timeout": httpx.PoolTimeout,
}


def core_of(client: ECRClient) -> Any:
    """The state that a client shares with its clones: quota, limiters, clock."""
    return cast(Any, client)._state


class Stage:
    """An ``ECRClient`` whose service plays steps, on the event loop's virtual time."""

    def __init__(
        self,
        policy: RetryPolicy | None = None,
        options: CallOptions | None = None,
        servers: Loopback | None = None,
        middleware: Sequence[Middleware] = (),
    ) -> None:
        """Create the client; with *servers*, it uses its default transport."""
        self.record = CallRecord()
        self.steps: Iterator[Step] = iter(())
        self.client = ECRClient(
            region="eu-west-1",
            credentials=Credentials("AKID", "secret"),
            retry=policy,
            options=options,
            endpoint_url=servers.serve(self._handle) if servers else None,
            transport=None if servers else httpx.MockTransport(self._handle),
            middleware=middleware,
        )
        self.core.clock = ServiceClock(self.wall)

    async def open(self) -> Stage:
        """Do the work that needs a thread, for which virtual time does not wait."""
        await self.core.resources()
        return self

    @property
    def core(self) -> Any:
        return core_of(self.client)

    @staticmethod
    def wall() -> datetime:
        return START + timedelta(seconds=anyio.current_time())

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        self.record.sent.append(anyio.current_time())
        self.record.headers.append(dict(request.headers.items()))
        step = next(self.steps)
        await anyio.sleep(step.takes)
        if isinstance(step, Response):
            headers = step.headers_at(anyio.current_time())
            return httpx.Response(step.status, content=step.content, headers=headers)
        raise _HTTPX_ERRORS[step.kind](step.kind)

    async def call(self, operation: str) -> Any:
        arguments = {
            name.replace("repositoryName", "repository_name"): value
            for name, value in ARGUMENTS[operation].items()
        }
        return await getattr(self.client, operation)(**arguments)


OpenStage = Callable[..., Awaitable[Stage]]
"""Opens a stage on one of the paths; takes the policy, the options and the middleware."""

Play = Callable[[Script], Awaitable[list[CallRecord]]]
"""Plays a script to ecrclient on one of the paths."""


@asynccontextmanager
async def stages(path: str) -> AsyncGenerator[OpenStage]:
    """Provide a function that opens stages whose services are reached over *path*."""
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(loopback()) if path == "wire" else None

        async def open_stage(
            policy: RetryPolicy | None = None,
            options: CallOptions | None = None,
            middleware: Sequence[Middleware] = (),
        ) -> Stage:
            stage = Stage(policy, options, servers, middleware)
            stack.push_async_callback(stage.client.aclose)
            return await stage.open()

        yield open_stage


async def play_to_ours(script: Script, open_stage: OpenStage) -> list[CallRecord]:
    """Record what ecrclient does."""
    with pytest.MonkeyPatch.context() as patch:
        delay = partialmethod(RetryPolicy.delay, random=Randoms())
        patch.setattr(RetryPolicy, "delay", delay)
        return await _play_to_ours(script, open_stage)


async def _play_to_ours(script: Script, open_stage: OpenStage) -> list[CallRecord]:
    stage = await open_stage(RetryPolicy(script.max_attempts, script.mode))
    records: list[CallRecord] = []
    for call in script.calls:
        await anyio.sleep(call.after)
        stage.record, stage.steps = CallRecord(), call.play()
        try:
            await stage.call(call.operation)
            stage.record.outcome = "ok"
        except ServiceError as error:
            stage.record.outcome = error.code
        except TransportError:
            stage.record.outcome = "no response"
        except ECRClientError as error:
            stage.record.outcome = type(error).__name__
        records.append(stage.record)
    return records

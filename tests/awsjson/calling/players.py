"""Play a script to botocore's own client, and to ours."""

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
from tests.awsjson.calling.script import ARGUMENTS, START, Answer, Deed, Randoms, Script, Step
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
    """A condition variable whose waiting takes virtual time; there is one thread only."""

    def __init__(self, time: _Time, _: object) -> None:
        self._time = time

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    def notify(self) -> None: ...

    def wait(self, seconds: float) -> None:
        # Real clocks go on by themselves: what rounding made too short must not last for ever.
        self._time.sleep(seconds + 1e-9)


@functools.cache
def _session() -> Any:
    return _module("session").Session()


_played: dict[str, list[Deed]] = {}


def play_to_botocore(script: Script) -> list[Deed]:
    """What botocore's client does, with its own retry handlers, over a stubbed HTTP session.

    It knows no event loop: a script is played once for both.
    """
    if script.name not in _played:
        with pytest.MonkeyPatch.context() as patch:
            _played[script.name] = _play_to_botocore(script, patch)
    return _played[script.name]


def _play_to_botocore(script: Script, patch: pytest.MonkeyPatch) -> list[Deed]:
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
    # Where awscrt is installed, botocore signs with it, which has a clock of its own.
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
    deeds: list[Deed] = []
    for call in script.calls:
        time.sleep(call.after)
        deed, steps = Deed(), call.play()
        client._endpoint.http_session = SimpleNamespace(
            send=functools.partial(_send, time, deed, steps)
        )
        try:
            getattr(client, call.operation)(**ARGUMENTS[call.operation])
            deed.outcome = "ok"
        except _module("exceptions").ClientError as error:
            deed.outcome = error.response["Error"]["Code"]
        except _module("exceptions").BotoCoreError:
            deed.outcome = "no answer"
        except (AttributeError, UnicodeDecodeError) as error:
            deed.outcome = type(error).__name__
        deeds.append(deed)
    return deeds


def _send(time: _Time, deed: Deed, steps: Iterator[Step], request: Any) -> Any:
    deed.sent.append(time.now)
    deed.headers.append(
        {
            name.lower(): value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
    )
    step = next(steps)
    time.sleep(step.takes)
    if not isinstance(step, Answer):
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
        # urllib3's EmptyPoolError comes out so; botocore's pool does not block, so it is not met.
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
    """What a client shares with its clones: quota, limiters, clock."""
    return cast(Any, client)._state


class Stage:
    """A client of ours whose service plays steps, on the event loop's virtual time."""

    def __init__(
        self,
        policy: RetryPolicy | None = None,
        options: CallOptions | None = None,
        servers: Loopback | None = None,
        middleware: Sequence[Middleware] = (),
    ) -> None:
        """With *servers*, the client's requests go over its default transport."""
        self.deed = Deed()
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
        """Do what is done in a thread: virtual time would not wait for it."""
        await self.core.resources()
        return self

    @property
    def core(self) -> Any:
        return core_of(self.client)

    @staticmethod
    def wall() -> datetime:
        return START + timedelta(seconds=anyio.current_time())

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        self.deed.sent.append(anyio.current_time())
        self.deed.headers.append(dict(request.headers.items()))
        step = next(self.steps)
        await anyio.sleep(step.takes)
        if isinstance(step, Answer):
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
"""Open a stage on one of the paths; takes the policy, the options and the middleware."""

Play = Callable[[Script], Awaitable[list[Deed]]]
"""What our client does, on one of the paths."""


@asynccontextmanager
async def stages(path: str) -> AsyncGenerator[OpenStage]:
    """Open stages whose services are reached over *path*."""
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


async def play_to_ours(script: Script, open_stage: OpenStage) -> list[Deed]:
    """What our client does."""
    with pytest.MonkeyPatch.context() as patch:
        delay = partialmethod(RetryPolicy.delay, random=Randoms())
        patch.setattr(RetryPolicy, "delay", delay)
        return await _play_to_ours(script, open_stage)


async def _play_to_ours(script: Script, open_stage: OpenStage) -> list[Deed]:
    stage = await open_stage(RetryPolicy(script.max_attempts, script.mode))
    deeds: list[Deed] = []
    for call in script.calls:
        await anyio.sleep(call.after)
        stage.deed, stage.steps = Deed(), call.play()
        try:
            await stage.call(call.operation)
            stage.deed.outcome = "ok"
        except ServiceError as error:
            stage.deed.outcome = error.code
        except TransportError:
            stage.deed.outcome = "no answer"
        except ECRClientError as error:
            stage.deed.outcome = type(error).__name__
        deeds.append(stage.deed)
    return deeds

"""The two paths of a request send the same head, header by header, as a server receives it.

Without middleware, the client writes the bytes of a request itself; middleware and httpx transports
receive an ``httpx.Request``, which other code converts to bytes.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, cast

import httpx
import pytest

from ecrclient import Credentials, ECRClient, PooledTransport, RetryPolicy
from ecrclient._awsjson.calling.clock import ServiceClock
from ecrclient._awsjson.version import __version__
from tests.middleware import pass_on
from tests.paths import Loopback, loopback
from tests.wire.test_golden import GOLDENS, from_json

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEYS = {
    "long-term": Credentials("AKIDEXAMPLE", "not a secret"),
    "temporary": Credentials("AKIDEXAMPLE", "not a secret", "a token"),
}
PATHS: dict[str, Any] = {
    "bytes": dict,
    "middleware": lambda: {"middleware": [pass_on]},
    "the pool as httpx's transport, middleware": lambda: {
        "transport": PooledTransport(),
        "middleware": [pass_on],
    },
    "httpx's transport": lambda: {"transport": httpx.AsyncHTTPTransport(verify=False)},
}
CALLS = [
    pytest.param(golden["cases"][-1]["call"], golden["cases"][-1]["request"], id=name)
    for name, golden in GOLDENS.items()
]


@pytest.fixture
async def servers(anyio_backend: object) -> AsyncGenerator[Loopback]:
    async with loopback() as servers:
        yield servers


async def fail_once_then_succeed(request: httpx.Request) -> httpx.Response:
    """The second attempt reports its time to live, which the first response's Date makes known."""
    is_first = request.headers["amz-sdk-request"].startswith("attempt=1;")
    date = format_datetime(NOW, usegmt=True)
    return httpx.Response(500 if is_first else 200, json={}, headers={"Date": date})


async def heads_of(
    servers: Loopback, path: str, url: str, call: dict[str, Any], credentials: Credentials
) -> list[bytes]:
    """The heads of the two attempts of a call."""
    servers.heads.clear()
    arguments = PATHS[path]()
    async with ECRClient(
        region="eu-west-1",
        endpoint_url=url,
        credentials=credentials,
        retry=RetryPolicy(base_delay=0),
        **arguments,
    ) as ecr:
        cast(Any, ecr)._state.clock = ServiceClock(lambda: NOW)
        await getattr(ecr, call["method"])(**from_json(call["kwargs"]))
    if "transport" in arguments:
        await arguments["transport"].aclose()
    return list(servers.heads)


def fields_of(head: bytes) -> list[tuple[str, str]]:
    """All fields, sorted, with lower-case names; the random id is checked and replaced."""
    first, *lines = head.decode("ascii").split("\r\n")
    assert first == "POST / HTTP/1.1"
    fields: list[tuple[str, str]] = []
    for line in lines:
        name, _, value = line.partition(": ")
        if name.lower() == "amz-sdk-invocation-id":
            assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f-]{17}", value)
            value = "a UUID"
        fields.append((name.lower(), value))
    return sorted(fields)


@pytest.mark.parametrize(("call", "expected"), CALLS)
async def test_the_heads_are_the_same(
    servers: Loopback, call: dict[str, Any], expected: dict[str, Any]
) -> None:
    await assert_same_heads(servers, call, expected, "long-term")


@pytest.mark.parametrize(("call", "expected"), CALLS[:1])
async def test_the_heads_with_a_session_token_are_the_same(
    servers: Loopback, call: dict[str, Any], expected: dict[str, Any]
) -> None:
    await assert_same_heads(servers, call, expected, "temporary")


async def assert_same_heads(
    servers: Loopback, call: dict[str, Any], expected: dict[str, Any], key: str
) -> None:
    url = servers.serve(fail_once_then_succeed)
    heads = {path: await heads_of(servers, path, url, call, KEYS[key]) for path in PATHS}
    for attempt in (0, 1):
        fields = fields_of(heads["bytes"][attempt])
        found = dict(fields)
        authorization = found.pop("authorization")
        assert authorization.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260301/")
        length = found.pop("content-length")
        assert length.isdigit()
        assert int(length) >= 2
        ttl = "ttl=20260301T120100Z; " if attempt else ""
        assert found == {
            **expected["headers"],
            **({"x-amz-security-token": "a token"} if key == "temporary" else {}),
            "host": url.removeprefix("http://"),
            "user-agent": f"ecrclient/{__version__}",
            "accept-encoding": "identity",
            "amz-sdk-invocation-id": "a UUID",
            "amz-sdk-request": f"{ttl}attempt={attempt + 1}; max=3",
            "x-amz-date": "20260301T120000Z",
        }
        for path, others in heads.items():
            assert fields_of(others[attempt]) == fields, path

"""HTTP clients alone: the request is prebuilt and unsigned, and the response is not read."""

from __future__ import annotations

import contextlib
import importlib
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from benchmarks.cases import CASES, Case
from benchmarks.peers import Calls
from benchmarks.server import Target

__all__ = ["aiohttp", "httpx", "httpx2"]

Send = Callable[[dict[str, str], bytes], Awaitable[object]]


@contextlib.asynccontextmanager
async def aiohttp(target: Target, connections: int) -> AsyncGenerator[Calls]:
    """``aiohttp.ClientSession.post``."""
    library: Any = importlib.import_module("aiohttp")
    connector = library.TCPConnector(limit=connections, ssl=_context(target))
    url = f"{target.url}/"
    async with library.ClientSession(connector=connector) as session:

        async def send(headers: dict[str, str], body: bytes) -> object:
            async with session.post(url, data=body, headers=headers) as response:
                return await response.read()

        yield _calls(send)


@contextlib.asynccontextmanager
async def httpx(target: Target, connections: int) -> AsyncGenerator[Calls]:
    """``httpx.AsyncClient.post``."""
    async with _httpx_like("httpx", target, connections) as calls:
        yield calls


@contextlib.asynccontextmanager
async def httpx2(target: Target, connections: int) -> AsyncGenerator[Calls]:
    """``httpx2.AsyncClient.post``."""
    async with _httpx_like("httpx2", target, connections) as calls:
        yield calls


@contextlib.asynccontextmanager
async def _httpx_like(name: str, target: Target, connections: int) -> AsyncGenerator[Calls]:
    library: Any = importlib.import_module(name)
    limits = library.Limits(max_connections=connections, max_keepalive_connections=connections)
    url = f"{target.url}/"
    async with library.AsyncClient(
        verify=_context(target), limits=limits, timeout=60, trust_env=False
    ) as client:

        async def send(headers: dict[str, str], body: bytes) -> object:
            return (await client.post(url, content=body, headers=headers)).content

        yield _calls(send)


def _context(target: Target) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=target.ca)


def _calls(send: Send) -> Calls:
    def call(case: Case) -> Callable[[], Awaitable[None]]:
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": case.target,
            "User-Agent": "raw",
        }
        body = case.body

        async def send_it() -> None:
            await send(headers, body)

        return send_it

    return {name: call(case) for name, case in CASES.items() if case.raw}

"""The alternative AWS clients: aiobotocore, and boto3 in threads.

Their retry mode is set to ``standard``, which is ecrclient's.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from benchmarks.cases import CASES, PAGE_SIZE, WORK, Case
from benchmarks.peers import KEY_ID, REGION, SECRET, Calls
from benchmarks.server import Target

__all__ = ["aiobotocore", "aiobotocore_httpx", "boto3"]

# The method of an operation, and the count of its response.
_METHODS: dict[str, tuple[str, Callable[[Any], int]]] = {
    "GetAuthorizationToken": (
        "get_authorization_token",
        lambda response: len(response["authorizationData"]),
    ),
    "DescribeImages": ("describe_images", lambda response: len(response["imageDetails"])),
    "DescribeRepositories": (
        "describe_repositories",
        lambda response: len(response["repositories"]),
    ),
    "PutImage": ("put_image", lambda response: "imageId" in response["image"]),
    "UploadLayerPart": ("upload_layer_part", lambda response: response["lastByteReceived"] > 0),
}
_COLLECT = {"repositoryName": "bench/pages"}
_WALK = {**_COLLECT, "PaginationConfig": {"PageSize": PAGE_SIZE}}
_COMMON = {"region_name": REGION, "aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET}


@contextlib.asynccontextmanager
async def aiobotocore(target: Target, connections: int) -> AsyncGenerator[Calls]:
    """The client on aiohttp, with its defaults."""
    async with _aiobotocore(target, connections) as calls:
        yield calls


@contextlib.asynccontextmanager
async def aiobotocore_httpx(target: Target, connections: int) -> AsyncGenerator[Calls]:
    """The client on httpx."""
    session: Any = importlib.import_module("aiobotocore.httpxsession")
    async with _aiobotocore(target, connections, http_session_cls=session.HttpxSession) as calls:
        yield calls


@contextlib.asynccontextmanager
async def _aiobotocore(target: Target, connections: int, **options: Any) -> AsyncGenerator[Calls]:
    config: Any = importlib.import_module("aiobotocore.config").AioConfig(
        max_pool_connections=connections, retries={"mode": "standard"}, **options
    )
    session: Any = importlib.import_module("aiobotocore.session").get_session()
    async with session.create_client(
        "ecr", endpoint_url=target.url, verify=target.ca, config=config, **_COMMON
    ) as client:

        def call(case: Case) -> Callable[[], Awaitable[int]]:
            name, count = _METHODS[case.operation]
            method, refused = getattr(client, name), client.exceptions.RepositoryNotFoundException

            async def send() -> int:
                try:
                    response = await method(**case.members)
                except refused:
                    return 0
                return count(response)

            return send

        async def walk(seconds: float) -> int:
            count = 0
            async for page in client.get_paginator("describe_images").paginate(**_WALK):
                count += len(page["imageDetails"])
                if seconds:
                    await asyncio.sleep(seconds)
            return count

        async def collect() -> int:
            kept: list[Any] = []
            async for page in client.get_paginator("describe_images").paginate(**_COLLECT):
                kept += page["imageDetails"]
            return len(kept)

        yield {name: call(case) for name, case in CASES.items()} | {
            "collect": collect,
            "walk": partial(walk, 0),
            "walk-and-work": partial(walk, WORK),
        }


@contextlib.asynccontextmanager
async def boto3(target: Target, connections: int) -> AsyncGenerator[Calls]:
    """boto3, each call in a worker thread."""
    library: Any = importlib.import_module("boto3")
    config: Any = importlib.import_module("botocore.config").Config(
        max_pool_connections=connections, retries={"mode": "standard"}
    )
    client = library.client(
        "ecr", endpoint_url=target.url, verify=target.ca, config=config, **_COMMON
    )
    loop = asyncio.get_running_loop()

    def walk(seconds: float) -> int:
        count = 0
        for page in client.get_paginator("describe_images").paginate(**_WALK):
            count += len(page["imageDetails"])
            if seconds:
                time.sleep(seconds)
        return count

    def collect() -> int:
        kept: list[Any] = []
        for page in client.get_paginator("describe_images").paginate(**_COLLECT):
            kept += page["imageDetails"]
        return len(kept)

    with ThreadPoolExecutor(connections) as threads:

        def call(case: Case) -> Callable[[], Awaitable[int]]:
            name, count = _METHODS[case.operation]
            method, refused = getattr(client, name), client.exceptions.RepositoryNotFoundException

            def send() -> int:
                try:
                    response = method(**case.members)
                except refused:
                    return 0
                return count(response)

            return partial(_in_thread, send)

        def _in_thread(function: Callable[[], int]) -> Awaitable[int]:
            return loop.run_in_executor(threads, function)

        yield {name: call(case) for name, case in CASES.items()} | {
            "collect": partial(_in_thread, collect),
            "walk": partial(_in_thread, partial(walk, 0)),
            "walk-and-work": partial(_in_thread, partial(walk, WORK)),
        }
    client.close()

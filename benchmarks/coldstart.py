"""A process that starts, imports a client, makes one call, and prints what it measured.

Run as ``python -m benchmarks.coldstart PEER MODE URL``. The modes:

- ``start``: CPU and wall-clock seconds from the start of the process to the first response;
- ``gap``: the longest gap of the event loop through construction and first call, import done;
- ``memory``: resident bytes after each step.

Credentials and region are in the environment. Only modules that the peer needs itself are imported.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

__all__ = ["BARE", "CLIENTS", "IMAGES", "NEEDLESS", "floor", "resident"]

BARE = "the imports alone"
"""Not a peer but a lower bound: anyio, pydantic and one model, without a client or a call."""

CLIENTS = 100
IMAGES = 10_000
NEEDLESS = frozenset(
    {
        *("aiohttp", "httpx", "httpx2", "aiohttp+uvloop"),
        *("aiobotocore+httpx", "ecrclient+httpx", "ecrclient[fast]+uvloop"),
    }
)
"""Peers whose start is not measured: it is that of another peer, or they are not AWS clients."""

_REPOSITORY = "bench/1000"


@dataclass(frozen=True)
class _Library:
    """A client library that has been imported."""

    open: Callable[[str], AbstractAsyncContextManager[Any]]
    token: Callable[[Any], Awaitable[Any]]
    images: Callable[[Any], Awaitable[Any]]


def _ours() -> _Library:
    ecrclient: Any = import_module("ecrclient")
    return _Library(
        lambda url: ecrclient.ECRClient(endpoint_url=url),
        lambda ecr: ecr.get_authorization_token(),
        lambda ecr: ecr.describe_images(repository_name=_REPOSITORY, max_results=1000),
    )


def _aiobotocore() -> _Library:
    session: Any = import_module("aiobotocore.session").get_session()
    return _Library(
        lambda url: session.create_client("ecr", endpoint_url=url),
        lambda ecr: ecr.get_authorization_token(),
        lambda ecr: ecr.describe_images(repositoryName=_REPOSITORY, maxResults=1000),
    )


def _boto3() -> _Library:
    boto3: Any = import_module("boto3")

    @asynccontextmanager
    async def open_(url: str) -> AsyncGenerator[Any]:
        client = await to_thread(partial(boto3.client, "ecr", endpoint_url=url))
        yield client
        client.close()

    to_thread = import_module("asyncio").to_thread
    return _Library(
        open_,
        lambda ecr: to_thread(ecr.get_authorization_token),
        lambda ecr: to_thread(
            partial(ecr.describe_images, repositoryName=_REPOSITORY, maxResults=1000)
        ),
    )


def floor() -> Generator[str]:
    """Import the libraries and build one model, which every client on them must do.

    Yields:
        The name of each step when it is done.
    """
    import_module("ssl")
    import_module("asyncio")
    yield "asyncio, ssl"
    import_module("anyio._backends._asyncio")
    yield "anyio"
    pydantic: Any = import_module("pydantic")
    import_module("pydantic.main")
    yield "pydantic"
    pydantic.create_model("Response", text=str)
    yield "pydantic's first model"


_LIBRARIES: dict[str, Callable[[], _Library]] = {
    "ecrclient": _ours,
    "ecrclient[fast]": _ours,
    "aiobotocore": _aiobotocore,
    "boto3": _boto3,
}


async def _start(library: _Library, url: str) -> dict[str, float]:
    async with library.open(url) as client:
        await library.token(client)
        # Since the start of the process, which includes the start of the interpreter.
        return {"cpu": time.process_time(), "wall": time.time() - _BEGUN}


async def _gap(library: _Library, url: str) -> dict[str, float]:
    from benchmarks.gap import longest_gap

    async with longest_gap() as gap, library.open(url) as client:
        await library.token(client)
    return {"gap": gap[0]}


async def _memory(library: _Library, url: str) -> dict[str, float]:
    steps = {"rss-import": resident()}
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(library.open(url))
        await library.token(client)
        steps["rss-call"] = now = resident()
        others = [await stack.enter_async_context(library.open(url)) for _ in range(CLIENTS)]
        steps["rss-made"] = resident() - now
        for other in others:
            await library.token(other)
        steps["rss-clients"] = resident() - now
        now = resident()
        kept = [await library.images(client) for _ in range(IMAGES // 1000)]
        steps["rss-images"] = resident() - now
        del kept
    return steps


def resident() -> float:
    """Resident bytes of this process, or the peak where the system reports only that."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * float(os.sysconf("SC_PAGE_SIZE"))
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


_MODES = {"start": _start, "gap": _gap, "memory": _memory}


if __name__ == "__main__":
    _BEGUN = float(os.environ.get("BENCH_BEGUN", time.time()))
    name, mode, where = sys.argv[1:]
    if name == "ecrclient":
        sys.modules["httptools"] = None  # type: ignore[assignment] # simulate that it is not installed
    if name == BARE:
        list(floor())
        bare = {"cpu": time.process_time(), "wall": time.time() - _BEGUN}
        print(
            json.dumps(
                bare if mode == "start" else {"rss-import": (rss := resident()), "rss-call": rss}
            )
        )
        sys.exit()
    library = _LIBRARIES[name]()
    result = import_module("asyncio").run(_MODES[mode](library, where))
    print(json.dumps(result))
    sys.stdout.flush()
    os._exit(0)

"""The lifetime of a client with a real server: loops, tasks, processes, and how it ends."""

from __future__ import annotations

import contextlib
import gc
import os
import ssl
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from ecrclient import (
    CallOptions,
    ClientClosedError,
    Credentials,
    ECRClient,
    Middleware,
)
from tests.middleware import pass_on
from tests.tools.older_anyio import skip_before_anyio

ROOT = Path(__file__).parents[2]
KEY = Credentials("AKIDEXAMPLE", "a secret that opens nothing")


class Loopback(ThreadingHTTPServer):
    """A server in threads, so that it is independent of the test's event loop."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, context: ssl.SSLContext | None = None, delay: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.context = context
        self.delay = delay
        self.lock = threading.Lock()
        self.connections = 0
        self.open = 0
        self.most = 0
        self.requests = 0
        self.tokens: list[str | None] = []
        host = "127.0.0.1" if context is None else "localhost"
        self.url = f"http{'s' if context else ''}://{host}:{self.server_address[1]}"

    def finish_request(self, request: Any, client_address: Any) -> None:
        # In the connection's thread, so that a handshake does not delay other connections.
        if self.context is None:
            super().finish_request(request, client_address)
            return
        with self.context.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore errors of connections that the client closes."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    @property
    def loopback(self) -> Loopback:
        assert isinstance(self.server, Loopback)
        return self.server

    def setup(self) -> None:
        super().setup()
        server = self.loopback
        with server.lock:
            server.connections += 1
            server.open += 1
            server.most = max(server.most, server.open)

    def finish(self) -> None:
        with self.loopback.lock:
            self.loopback.open -= 1
        # Separately: if the client is gone the first fails, and only the last closes the socket.
        for stream in (self.wfile, self.rfile):
            with contextlib.suppress(OSError):
                stream.close()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        with self.loopback.lock:
            self.loopback.requests += 1
            self.loopback.tokens.append(self.headers["x-amz-security-token"])
        time.sleep(self.loopback.delay)
        body = b'{"registryId": "1"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


@contextlib.contextmanager
def loopback(context: ssl.SSLContext | None = None, delay: float = 0.0) -> Generator[Loopback]:
    with Loopback(context, delay) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def server() -> Generator[Loopback]:
    with loopback() as server:
        yield server


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide the developer's keys, regions, profiles and proxies from the tests."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def client(url: str, **arguments: Any) -> ECRClient:
    return ECRClient(region="eu-west-1", credentials=KEY, endpoint_url=url, **arguments)


def settled(server: Loopback, connections: int) -> bool:
    """Wait until the server has *connections* open: it notices a closed one with a delay."""
    deadline = time.monotonic() + 5
    while server.open != connections and time.monotonic() < deadline:
        time.sleep(0.01)
    return server.open == connections


# -- loops -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [("asyncio", "asyncio"), ("asyncio", "trio"), ("trio", "asyncio"), ("trio", "trio")],
)
def test_a_client_built_outside_a_loop_serves_one_loop_after_another(
    server: Loopback, first: str, second: str
) -> None:
    ecr = client(server.url)

    async def many() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(ecr.describe_registry)
        assert (await ecr.describe_registry()).registry_id == "1"

    async def last() -> None:
        await many()
        await ecr.aclose()

    anyio.run(many, backend=first)
    connections = server.connections
    anyio.run(last, backend=second)

    assert server.requests == 12
    assert server.connections == connections <= 5, "no connection was bound to the first loop"
    assert settled(server, 0)


@pytest.mark.parametrize("second", ["asyncio", "trio"])
@pytest.mark.parametrize("first", ["asyncio", "trio"])
def test_a_loop_that_ended_during_a_call_releases_its_slot(first: str, second: str) -> None:
    with loopback(delay=0.3) as server:
        ecr = client(server.url, max_connections=2)

        async def cut() -> None:
            with anyio.move_on_after(0.1):
                async with anyio.create_task_group() as group:
                    for _ in range(6):
                        group.start_soon(ecr.describe_registry)

        async def last() -> None:
            with anyio.fail_after(5):
                assert (await ecr.describe_registry()).registry_id == "1"
            await ecr.aclose()

        anyio.run(cut, backend=first)
        anyio.run(last, backend=second)
        assert settled(server, 0)


# -- ends ------------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_a_client_can_be_closed_twice_but_not_used_afterwards(server: Loopback) -> None:
    ecr = client(server.url)
    assert (await ecr.describe_registry()).registry_id == "1"
    assert server.open == 1

    await ecr.aclose()
    await ecr.aclose()
    assert await anyio.to_thread.run_sync(settled, server, 0)

    for call in (ecr.describe_registry, ecr.list_images(repository_name="ab").first):
        with pytest.raises(ClientClosedError, match="closed"):
            await call()
    await ecr.aclose()
    assert (server.requests, server.connections) == (1, 1)


@pytest.mark.anyio
async def test_clones_share_connections_and_closing_one_closes_all(server: Loopback) -> None:
    ecr = client(server.url)
    clone = ecr.with_options(CallOptions(timeout=5))
    other = clone.with_options(CallOptions(deadline=5))
    for one in (clone, ecr, other, clone):
        await one.describe_registry()
    assert (server.requests, server.connections) == (4, 1)

    await clone.aclose()
    assert await anyio.to_thread.run_sync(settled, server, 0)
    for one in (ecr, clone, other, ecr.with_options(CallOptions())):
        with pytest.raises(ClientClosedError):
            await one.describe_registry()
    assert server.connections == 1


@pytest.mark.anyio
async def test_a_thousand_tasks_share_twenty_connections() -> None:
    successful = 0
    with loopback(delay=0.002) as server:
        async with client(server.url, max_connections=20) as ecr:

            async def call() -> None:
                nonlocal successful
                registry = await ecr.describe_registry()
                successful += registry.registry_id == "1"

            async with anyio.create_task_group() as group:
                for _ in range(1000):
                    group.start_soon(call)
        assert successful == server.requests == 1000
        assert server.most <= server.connections <= 20
        assert await anyio.to_thread.run_sync(settled, server, 0)


# -- separate processes ----------------------------------------------------------------------------

_PREAMBLE = """
import asyncio, gc, os, sys, anyio
from ecrclient import Credentials, ECRClient

url, backend = sys.argv[1:]
ecr = ECRClient(
    region="eu-west-1",
    credentials=Credentials("AKIDEXAMPLE", "a secret that opens nothing"),
    endpoint_url=url,
)

async def call():
    assert (await ecr.describe_registry()).registry_id == "1"
"""

_DROPPED = {
    "in the loop": """
async def use():
    global ecr
    await call()
    del ecr
    gc.collect()
    await anyio.sleep(0.01)

anyio.run(use, backend=backend)
""",
    "after the loop": """
anyio.run(call, backend=backend)
del ecr
gc.collect()
""",
    "with a clone": """
clone = ecr.with_options(ecr._options)
anyio.run(call, backend=backend)
del ecr, clone
gc.collect()
""",
    "as the process ends": """
anyio.run(call, backend=backend)
""",
    "after many concurrent calls": """
async def use():
    async with anyio.create_task_group() as group:
        for _ in range(100):
            group.start_soon(call)

anyio.run(use, backend=backend)
del ecr
gc.collect()
""",
}

_FORKED_BETWEEN_LOOPS = """
anyio.run(call, backend=backend)
pid = os.fork()
if pid == 0:
    status = 1
    try:
        anyio.run(call, backend=backend)
        anyio.run(call, backend=backend)
        status = 0
    except BaseException:
        import traceback
        traceback.print_exc()
    finally:
        os._exit(status)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0

async def finish():
    await call()
    await ecr.aclose()

anyio.run(finish, backend=backend)
"""

_FORKED_IN_A_LOOP = """
async def use():
    await call()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            asyncio.run(call())
            asyncio.run(ecr.aclose())
            status = 0
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    await call()
    await ecr.aclose()

anyio.run(use, backend=backend)
"""


def python(code: str, url: str, backend: str, *options: str) -> str:
    """Run it in a new interpreter; return its standard error."""
    command = [sys.executable, *options, "-c", _PREAMBLE + code, url, backend]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize("way", _DROPPED)
def test_dropped_without_close_warns_once_and_shows_no_traceback(
    server: Loopback, anyio_backend: str, way: str
) -> None:
    # Ignore the libraries' deprecations, but not their ResourceWarnings.
    said = python(
        _DROPPED[way], server.url, anyio_backend, "-X", "dev", "-W", "always::ResourceWarning"
    )
    warnings = [line for line in said.splitlines() if "ResourceWarning: " in line]
    # -X dev adds this line to each such warning.
    warnings = [line for line in warnings if "ResourceWarning: Enable tracemalloc" not in line]
    assert len(warnings) == 1, said
    assert "was dropped without being closed" in warnings[0]
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    assert settled(server, 0)


def test_a_closed_client_does_not_warn(server: Loopback, anyio_backend: str) -> None:
    code = """
async def use():
    async with ecr:
        await call()

anyio.run(use, backend=backend)
"""
    assert "ResourceWarning" not in python(
        code, server.url, anyio_backend, "-X", "dev", "-W", "always::ResourceWarning"
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
def test_a_fork_has_separate_connections(server: Loopback, anyio_backend: str) -> None:
    said = python(_FORKED_BETWEEN_LOOPS, server.url, anyio_backend)
    assert "Traceback" not in said
    assert server.requests == 4
    assert server.connections == 2, "the parent's, which it reused, and the child's"
    assert settled(server, 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
def test_a_fork_within_an_event_loop(server: Loopback) -> None:
    """Only asyncio allows a second run in a child that was forked from a task."""
    said = python(_FORKED_IN_A_LOOP, server.url, "asyncio")
    assert "Traceback" not in said
    assert (server.requests, server.connections) == (3, 2)
    assert settled(server, 0)


@skip_before_anyio("4.9", "keeps the arguments of a call in a thread until the thread ends")
@pytest.mark.parametrize("middleware", [(), (pass_on,)])
def test_a_dropped_client_closes_its_sockets(
    server: Loopback, middleware: tuple[Middleware, ...]
) -> None:
    """In this process: the warning names the endpoint, and the server sees the connection close.

    The garbage collector is off, because the client has no reference cycles.
    """

    async def use() -> None:
        ecr = ECRClient(
            region="eu-west-1", credentials=KEY, endpoint_url=server.url, middleware=middleware
        )
        await ecr.describe_registry()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gc.collect()
        gc.disable()
        try:
            anyio.run(use)
            assert [warning.category for warning in caught] == [ResourceWarning]
        finally:
            gc.enable()
    assert "a transport to http://127.0.0.1" in str(caught[0].message)
    assert settled(server, 0)

"""A scripted service on both paths that a request can take.

``wire``: as bytes, over the client's default transport, to a server on a loopback socket that runs
in the test's event loop. ``httpx``: as httpx objects, to a transport that calls the script.

On the wire, a transport failure of a script is a connection that closes without a response.
Failures to connect are tested in ``tests/awsjson/transport``.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import anyio
import anyio.abc
import httpx
import pytest
import trio.lowlevel
import trio.testing

from tests.virtual_time import DELIVERY_SECONDS

PATHS = ("wire", "httpx")

Handler = Callable[[httpx.Request], Awaitable[httpx.Response]]


class Loopback:
    """Servers on loopback sockets, one for each script."""

    def __init__(self, tasks: anyio.abc.TaskGroup, errors: list[Exception]) -> None:
        self._tasks = tasks
        self._errors = errors
        self.heads: list[bytes] = []
        """The heads of all requests, byte for byte."""

    def serve(self, handler: Handler) -> str:
        """Start a server; return its URL."""
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        self._tasks.start_soon(self._accept, listener, handler)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    async def _accept(self, listener: socket.socket, handler: Handler) -> None:
        with listener:
            while True:
                await anyio.wait_readable(listener)
                connection, _ = listener.accept()
                connection.setblocking(False)
                self._tasks.start_soon(self._respond_once, connection, handler)

    async def _respond_once(self, connection: socket.socket, handler: Handler) -> None:
        """Serve one request: on a kept-alive connection, the client would retry a failure."""
        with connection, suppress(OSError, EOFError):
            head, body = await _receive_request(connection)
            self.heads.append(head)
            try:
                response = await handler(_request(head, body))
                await _send_response(connection, response)
            except httpx.TransportError:
                return
            except Exception as error:  # noqa: BLE001 - raised at the end of the test
                self._errors.append(error)


@asynccontextmanager
async def loopback() -> AsyncGenerator[Loopback]:
    """Run servers on loopback sockets; raise the errors of their scripts at the end."""
    clock = trio.lowlevel.current_clock() if trio.lowlevel.in_trio_run() else None
    if isinstance(clock, trio.testing.MockClock):
        clock.autojump_threshold = DELIVERY_SECONDS
    errors: list[Exception] = []
    async with anyio.create_task_group() as tasks:
        yield Loopback(tasks, errors)
        tasks.cancel_scope.cancel()
    if errors:
        raise errors[0]


async def _receive_request(connection: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        data += await _receive(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(_request(head, b"").headers.get("content-length", "0"))
    while len(body) < length:
        body += await _receive(connection)
    assert len(body) == length, "the body is longer than content-length"
    return head, body


async def _receive(connection: socket.socket) -> bytes:
    await anyio.wait_readable(connection)
    data = connection.recv(1 << 16)
    if not data:
        raise EOFError
    return data


def _request(head: bytes, body: bytes) -> httpx.Request:
    first, *lines = head.split(b"\r\n")
    method, target, version = first.split(b" ")
    assert version == b"HTTP/1.1"
    headers = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    host = dict(headers)[b"host"].decode("ascii")
    request = httpx.Request(
        method.decode("ascii"),
        f"http://{host}{target.decode('ascii')}",
        headers=headers,
        stream=httpx.ByteStream(body),  # does not add a header
    )
    request.read()
    return request


async def _send_response(connection: socket.socket, response: httpx.Response) -> None:
    stream = response.stream
    fields = [
        field
        for field in response.headers.raw
        if field[0].lower() not in {b"content-length", b"transfer-encoding"}
    ]
    is_whole = isinstance(stream, httpx.SyncByteStream)
    body = b"".join(stream) if isinstance(stream, httpx.SyncByteStream) else b""
    length = b"Content-Length: %d" % len(body) if is_whole else b"Transfer-Encoding: chunked"
    lines = [
        b"HTTP/1.1 %d %b" % (response.status_code, response.reason_phrase.encode("ascii")),
        *(b"%b: %b" % field for field in fields),
        length,
        b"Connection: close",
    ]
    await _send(connection, b"\r\n".join([*lines, b"", b""]) + body)
    if isinstance(stream, httpx.AsyncByteStream) and not is_whole:
        try:
            async for piece in stream:
                await _send(connection, b"%x\r\n%b\r\n" % (len(piece), piece))
            await _send(connection, b"0\r\n\r\n")
        finally:
            await stream.aclose()


async def _send(connection: socket.socket, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        await anyio.wait_writable(connection)
        rest = rest[connection.send(rest) :]


only_httpx = pytest.mark.parametrize("path", ["httpx"], indirect=True)
"""For tests of behaviour that exists only on that path."""


@pytest.fixture(params=PATHS)
def path(request: pytest.FixtureRequest) -> str:
    """Run tests that use this fixture once for each path."""
    return str(request.param)

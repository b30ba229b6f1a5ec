"""A server on a real socket that runs a script for each connection."""

from __future__ import annotations

import random
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import anyio
import anyio.abc
from anyio.streams.tls import TLSListener

CLOSED = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)


class Peer:
    """The server's end of one connection."""

    def __init__(self, stream: anyio.abc.ByteStream) -> None:
        self._stream = stream
        self._buffer = b""

    async def request(self) -> bytes:
        """The next complete request: its head, and a body of the length in content-length."""
        await self.head()
        head, _, rest = self._buffer.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        pieces, size = [rest], len(rest)
        while size < length:
            pieces.append(await self._stream.receive())
            size += len(pieces[-1])
        body = b"".join(pieces)
        self._buffer = body[length:]
        return head + b"\r\n\r\n" + body[:length]

    async def head(self) -> None:
        """Wait for the head of a request."""
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += await self._stream.receive()

    async def some(self) -> bytes:
        """The bytes that arrive next."""
        return await self._stream.receive()

    async def until(self, end: bytes) -> bytes:
        """All bytes up to *end*."""
        while not self._buffer.endswith(end):
            self._buffer += await self._stream.receive()
        taken, self._buffer = self._buffer, b""
        return taken

    async def send(self, data: bytes) -> None:
        await self._stream.send(data)

    async def closed(self) -> None:
        """Wait until the client has closed."""
        try:
            while True:
                await self._stream.receive()
        except CLOSED:
            return

    async def close(self) -> None:
        await self._stream.aclose()

    async def reset(self) -> None:
        """Close so that the client gets a reset."""
        raw = self._stream.extra(anyio.abc.SocketAttribute.raw_socket)
        with suppress(OSError):  # the client has already closed
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # On asyncio, anyio before 4.16 ends the stream regularly before it aborts the transport.
        transport = getattr(self._stream, "_transport", None)
        if transport is not None:
            transport.abort()
        await anyio.aclose_forcefully(self._stream)


Script = Callable[[Peer], Awaitable[None]]


class Server:
    """The URL of a server, and what it has received so far."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.connections = 0
        self.open = 0
        self.requests: list[bytes] = []
        self.refused: set[str] = set()
        """The hosts and ports to which a proxy does not connect."""

    async def wait_until_open(self, count: int) -> None:
        """Wait until the server has this number of open connections."""
        with anyio.fail_after(20):
            while self.open != count:
                await anyio.sleep(0.01)


def http_response(body: bytes = b"{}", *headers: str, status: str = "200 OK") -> bytes:
    """A regular HTTP response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@asynccontextmanager
async def serve(
    *scripts: Script, context: ssl.SSLContext | None = None, host: str = "localhost"
) -> AsyncGenerator[Server]:
    """Serve: each connection runs the next script; the last script is repeated."""
    tcp = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = tcp.extra(anyio.abc.SocketAttribute.local_port)
    scheme = "http" if context is None else "https"
    server = Server(f"{scheme}://{'127.0.0.1' if context is None else host}:{port}")
    listener: anyio.abc.Listener[anyio.abc.ByteStream] = tcp
    if context is not None:
        listener = TLSListener(tcp, context, standard_compatible=False)

    async def handle(stream: anyio.abc.ByteStream) -> None:
        script = scripts[min(server.connections, len(scripts) - 1)]
        server.connections += 1
        server.open += 1
        try:
            async with stream:
                await script(Peer(stream))
        except CLOSED:
            pass
        finally:
            server.open -= 1

    failure: BaseException | None = None
    async with tcp, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, handle)
        try:
            yield server
        except BaseException as error:  # noqa: BLE001 - raised below, out of the task group
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


def respond_with(*responses: bytes) -> Script:
    """Send one response to each request; the last one is repeated."""

    async def script(peer: Peer) -> None:
        count = 0
        while True:
            await peer.request()
            await peer.send(responses[min(count, len(responses) - 1)])
            count += 1

    return script


def respond_and_close(data: bytes) -> Script:
    """Read one request, send *data*, and close."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(data)

    return script


@asynccontextmanager
async def serve_proxy(*, slow: bool = False, to: int | None = None) -> AsyncGenerator[Server]:
    """A proxy that opens tunnels.

    Args:
        slow: Whether it waits before it connects.
        to: The local port to which all tunnels lead; None: the one that the client names.
    """

    async def script(peer: Peer) -> None:
        head = await peer.request()
        server.requests.append(head)
        target = head.split(b" ")[1].decode()
        if target in server.refused:
            await peer.send(http_response(b"no", status="403 Forbidden"))
            return
        port = target.rpartition(":")[2]
        if slow:
            await anyio.sleep(random.random() * 0.02)
        async with await anyio.connect_tcp("127.0.0.1", to or int(port)) as beyond:
            await peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")

            async def back() -> None:
                try:
                    async for data in beyond:
                        await peer.send(data)
                except CLOSED:
                    pass
                tasks.cancel_scope.cancel()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(back)
                try:
                    while True:
                        await beyond.send(await peer.some())
                except CLOSED:
                    tasks.cancel_scope.cancel()

    async with serve(script) as server:
        yield server

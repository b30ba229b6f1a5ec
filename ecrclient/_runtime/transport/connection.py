"""One connection: a non-blocking socket, plain or TLS, and the parser of what it receives.

The socket is used directly, and the event loop only to wait until it is ready. Next to a stream
of the event loop's this makes four things simple that a pool depends on:

- closing is a plain call: it cannot be cancelled half-way, and it may be done anywhere, from a
  finalizer to a forked child;
- all that the server has sent and we have not read is in the kernel or in the TLS object, so
  "has anything arrived on this idle connection?" has an exact answer;
- an idle connection belongs to no event loop: the next one can use it;
- a request costs one turn of the event loop, the one in which the answer is awaited.
"""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel

if TYPE_CHECKING:
    from ecrclient._runtime.transport.parsers import ResponseParser

__all__ = ["Connection"]

_RECEIVE_BYTES = 64 * 1024
_SEND_BYTES = 256 * 1024
_RECEIVES_AT_ONCE = 16

_Wait = Callable[[socket.socket], Awaitable[None]]
_WANT_READ = (BlockingIOError, ssl.SSLWantReadError)
_WANT_WRITE = (BlockingIOError, ssl.SSLWantWriteError)


class Connection:
    """A connection that carries one request at a time.

    Its methods raise ``TimeoutError``, ``OSError`` and ``anyio.ClosedResourceError``; after any of
    them, or a cancellation, it is good for nothing but :meth:`close`.
    """

    __slots__ = (
        "_is_at_eof",
        "_is_drained",
        "_poll",
        "_ready_to_receive",
        "_socket",
        "_waiting",
        "closed",
        "expires",
        "heard",
        "parser",
        "requests",
        "was_cut",
    )

    def __init__(self, sock: socket.socket, parser: ResponseParser) -> None:
        self._socket = sock
        self._poll = _poll(sock)
        self._waiting = False
        self._is_at_eof = False
        self._is_drained = True
        self._ready_to_receive: _Wait = anyio.wait_readable
        self.parser = parser
        self.requests = 0
        """How many requests it has carried, the one under way included."""
        self.heard = False
        """A byte has arrived since the request under way began."""
        self.was_cut = False
        """The server closed the TCP connection without TLS's word that this was the end."""
        self.expires = 0.0
        """When an idle connection becomes too old to be used."""
        self.closed = False

    # -- idle ------------------------------------------------------------------------------------

    def has_news(self) -> bool:
        """On an idle connection: bytes that nobody asked for, or the server has closed it."""
        sock = self._socket
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            return True
        if self._poll is not None:
            return bool(self._poll.poll(0))
        return bool(select.select([sock], [], [], 0)[0])  # pragma: no cover - Windows

    def start_request(self, method: str) -> None:
        """Get ready for one more request."""
        self.requests += 1
        self.heard = False
        self._is_drained = True  # there can be nothing yet: spare a look at the socket
        self.parser.start(method)

    # -- sending ---------------------------------------------------------------------------------

    async def send(self, data: bytes, timeout: float | None) -> None:
        """Send it all; ``timeout`` bounds each wait for the server to take some more."""
        try:
            sent = self._socket.send(data) if len(data) <= _SEND_BYTES else 0
        except (*_WANT_WRITE, ssl.SSLWantReadError):
            sent = 0
        if sent != len(data):
            await self._send_slices(memoryview(data)[sent:], timeout)

    async def _send_slices(self, rest: memoryview, timeout: float | None) -> None:
        while rest:
            # After a refusal OpenSSL insists on the same bytes: the slice stays as it is.
            piece = rest[:_SEND_BYTES]
            try:
                sent = self._socket.send(piece)
            except _WANT_WRITE:
                await self._wait(anyio.wait_writable, timeout)
            except ssl.SSLWantReadError:
                await self._wait(anyio.wait_readable, timeout)
            else:
                rest = rest[sent:]
                await anyio.lowlevel.checkpoint()

    # -- receiving -------------------------------------------------------------------------------

    async def receive(self, timeout: float | None) -> bool:
        """Wait for bytes, feed the parser all that are there; False: the server has closed.

        Raises:
            ParseError: they are no answer.
        """
        if self._is_drained:
            await self._wait(self._ready_to_receive, timeout)
        while (got := self._receive_now()) is None:
            await self._wait(self._ready_to_receive, timeout)
        if got and not self.parser.done:
            for _ in range(_RECEIVES_AT_ONCE):
                if not self._receive_now() or self.parser.done:
                    break
            else:  # a fast server must not keep the event loop to itself
                await anyio.lowlevel.checkpoint()
        return got

    def _receive_now(self) -> bool | None:
        """Feed the parser some bytes; None: there are none yet, False: there will be none."""
        if self._is_at_eof:
            return False
        try:
            data = self._socket.recv(_RECEIVE_BYTES)
        except _WANT_READ:
            self._is_drained = True
            self._ready_to_receive = anyio.wait_readable
            return None
        except ssl.SSLWantWriteError:
            self._is_drained = True
            self._ready_to_receive = anyio.wait_writable
            return None
        except ssl.SSLEOFError:
            data = b""
            self.was_cut = True
        self._is_drained = False
        if not data:
            self._is_at_eof = True
            return False
        self.heard = True
        self.parser.feed(data)
        return True

    # -- waiting ---------------------------------------------------------------------------------

    async def handshake(self) -> None:
        """Do the TLS handshake; the caller bounds its time."""
        sock = self._socket
        assert isinstance(sock, ssl.SSLSocket)
        while True:
            try:
                sock.do_handshake()
            except ssl.SSLWantReadError:
                await self._wait(anyio.wait_readable, None)
            except ssl.SSLWantWriteError:
                await self._wait(anyio.wait_writable, None)
            else:
                return

    async def _wait(self, ready: _Wait, timeout: float | None) -> None:
        """Wait for the socket; the only place where a request under way waits for the server."""
        if self.closed:
            raise anyio.ClosedResourceError
        self._waiting = True
        try:
            if timeout is None:
                await ready(self._socket)
                return
            with anyio.move_on_after(timeout):
                await ready(self._socket)
                return
        finally:
            self._waiting = False
        raise TimeoutError

    # -- closing ---------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the socket; twice is once.

        A task that waits for it, if there is one, gets ``anyio.ClosedResourceError``.
        """
        if not self.closed:
            self.closed = True
            if self._waiting:
                anyio.notify_closing(self._socket)
            self._socket.close()


def _poll(sock: socket.socket) -> select.poll | None:
    if not hasattr(select, "poll"):  # pragma: no cover - Windows
        return None
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return poll

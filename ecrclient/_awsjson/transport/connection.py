"""One connection: a non-blocking socket, plain or TLS, and the parser of what it receives.

The socket is used directly, and the event loop only to wait until it is ready. Next to a stream
of the event loop's this makes four things simple that a pool depends on:

- closing is a plain call: it cannot be cancelled half-way, and it may be done anywhere, from a
  finalizer to a forked child;
- all that the server has sent and we have not read is in the kernel or in the TLS object, so
  "has anything arrived on this idle connection?" has an exact answer;
- an idle connection can be used by another event loop than the last one;
- a request costs one turn of the event loop, the one in which the answer is awaited.
"""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.lowlevel

from ecrclient._awsjson.transport.readiness import Watch

if TYPE_CHECKING:
    from ecrclient._awsjson.transport.parser import ResponseParser

__all__ = ["Connection"]

_RECEIVE_BYTES = 64 * 1024
_SEND_BYTES = 256 * 1024
_TLS_RECORD_BYTES = 16 * 1024  # RFC 8446, section 5.1
_RECEIVES_AT_ONCE = 16
_PIECES_AT_ONCE = 4096

_IGNORE_UNEXPECTED_EOF = getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)  # OpenSSL 3

_T = TypeVar("_T")

_WANT_READ = (BlockingIOError, ssl.SSLWantReadError)
_WANT_WRITE = (BlockingIOError, ssl.SSLWantWriteError)


class Connection:
    """A connection that carries one request at a time.

    Its methods raise ``TimeoutError``, ``OSError`` and ``anyio.ClosedResourceError``; after any of
    them it is good for nothing but :meth:`close`. So it is after a cancellation, unless the parser
    has got a whole answer by then.
    """

    __slots__ = (
        "_is_at_eof",
        "_is_drained",
        "_is_tls",
        "_poll",
        "_receive_must_write",
        "_socket",
        "_watch",
        "closed",
        "expires",
        "heard",
        "hides_cuts",
        "parser",
        "requests",
        "sent",
        "waiting",
        "was_cut",
    )

    def __init__(self, sock: socket.socket, parser: ResponseParser) -> None:
        self._socket = sock
        self._poll = _poll(sock)
        self._is_at_eof = False
        self._is_drained = True
        self._receive_must_write = False
        self._watch = Watch(sock)
        self.parser = parser
        self.requests = 0
        """How many requests it has carried, the one under way included."""
        self.heard = False
        """A byte has arrived since the request under way began."""
        self.was_cut = False
        """The server closed the TCP connection without TLS's word that this was the end."""
        self._is_tls = isinstance(sock, ssl.SSLSocket)
        self.sent = False
        """A byte of the request under way may have been sent."""
        self.hides_cuts = isinstance(sock, ssl.SSLSocket) and bool(
            sock.context.options & _IGNORE_UNEXPECTED_EOF
        )
        """With this option of its context, TLS reports a cut connection as a regular end."""
        self.expires = 0.0
        """When an idle connection becomes too old to be used."""
        self.closed = False
        self.waiting = False
        """A task waits for the socket, or has yet to be woken up."""

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
        self.heard = self.sent = False
        self._is_drained = True  # there can be nothing yet: spare a look at the socket
        self.parser.start(method)

    # -- sending ---------------------------------------------------------------------------------

    async def send(self, data: bytes, timeout: float | None) -> None:
        """Send it all; ``timeout`` bounds each wait for the server to take some more."""
        try:
            sent = self._send_now(data) if len(data) <= _SEND_BYTES else 0
        except (*_WANT_WRITE, ssl.SSLWantReadError):
            sent = 0
        if sent != len(data):
            await self._send_slices(memoryview(data)[sent:], timeout)

    async def _send_slices(self, rest: memoryview, timeout: float | None) -> None:
        while rest:
            # After a refusal OpenSSL insists on the same bytes: the slice stays as it is.
            piece = rest[:_SEND_BYTES]
            try:
                sent = self._send_now(piece)
            except _WANT_WRITE:
                await self._wait(self._writable, timeout)
            except ssl.SSLWantReadError:
                await self._wait(self._watch.readable, timeout)
            else:
                rest = rest[sent:]
                await anyio.lowlevel.checkpoint()

    def _send_now(self, data: bytes | memoryview) -> int:
        """Send what the kernel takes at once; return the number of bytes."""
        # Before it fails, TLS may have sent some of several records, or a part of one.
        if self._is_tls and len(data) > _TLS_RECORD_BYTES:
            self.sent = True
        try:
            sent = self._socket.send(data)
        except (*_WANT_WRITE, ssl.SSLWantReadError):
            self.sent = self.sent or self._is_tls
            raise
        self.sent = True
        return sent

    # -- receiving -------------------------------------------------------------------------------

    async def receive(self, timeout: float | None) -> bool:
        """Wait for bytes, feed the parser all that are there; False: the server has closed.

        Raises:
            ParseError: they are no answer.
        """
        got = None if self._is_drained else self._receive_now()
        while got is None:
            got = await self._wait(self._receive_when_ready, timeout)
        if got and not self.parser.done:
            await self._receive_burst()
        return got

    async def _receive_burst(self) -> None:
        """Feed the parser what else has arrived, without keeping the event loop for long."""
        parser = self.parser
        for _ in range(_RECEIVES_AT_ONCE):
            if len(parser.pieces) > _PIECES_AT_ONCE:
                break  # tiny chunks, each of which takes the parser as long as a large one
            if not self._receive_now() or parser.done:
                return
        await anyio.lowlevel.checkpoint()

    def _receive_now(self) -> bool | None:
        """Feed the parser some bytes; None: there are none yet, False: there will be none."""
        if self._is_at_eof:
            return False
        try:
            data = self._socket.recv(_RECEIVE_BYTES)
        except _WANT_READ:
            self._is_drained = True
            self._receive_must_write = False
            return None
        except ssl.SSLWantWriteError:
            self._is_drained = True
            self._receive_must_write = True
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
                await self._wait(self._watch.readable, None)
            except ssl.SSLWantWriteError:
                await self._wait(self._writable, None)
            else:
                return

    async def _receive_when_ready(self) -> bool | None:
        """What :meth:`_receive_now` finds once it can find anything."""
        if not self._receive_must_write:
            return await self._watch.receive(self._receive_now)
        await self._writable()
        return self._receive_now()

    async def _writable(self) -> None:
        await anyio.wait_writable(self._socket)

    async def _wait(self, ready: Callable[[], Awaitable[_T]], timeout: float | None) -> _T:
        """Wait for the socket; the only place where a request under way waits for the server."""
        if self.closed:
            raise anyio.ClosedResourceError
        self.waiting = True
        try:
            if timeout is None:
                return await ready()
            with anyio.move_on_after(timeout):
                return await ready()
        finally:
            self.waiting = False
        raise TimeoutError

    # -- closing ---------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the socket; twice is once.

        A task that waits for it, if there is one, gets ``anyio.ClosedResourceError``.
        """
        if not self.closed:
            self.closed = True
            if self.waiting:
                with suppress(RuntimeError):  # outside an event loop, which cannot be waited in
                    anyio.notify_closing(self._socket)
            self._watch.close()


def _poll(sock: socket.socket) -> select.poll | None:
    if not hasattr(select, "poll"):  # pragma: no cover - Windows
        return None
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return poll

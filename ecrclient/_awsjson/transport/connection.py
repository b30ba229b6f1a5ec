"""One connection: a non-blocking socket, plain or TLS, and the parser of what it receives.

The connection reads and writes the socket itself; the event loop only waits until it is ready.
Compared with the streams of an event loop, this simplifies four things that a pool depends on:

- Closing is a plain call: it cannot be cancelled, and it works anywhere, also in a finalizer or a
  forked child.
- Everything that the server has sent and the parser has not read is in the kernel or in the TLS
  object, so it is known exactly whether anything has arrived on an idle connection.
- Another event loop can use an idle connection.
- A request takes one iteration of the event loop, the one in which it awaits the response.
"""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Awaitable, Callable
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
_RECEIVES_PER_BURST = 16
_PIECES_PER_BURST = 4096

_IGNORE_UNEXPECTED_EOF = getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)  # OpenSSL 3

_T = TypeVar("_T")

_WANT_READ = (BlockingIOError, ssl.SSLWantReadError)
_WANT_WRITE = (BlockingIOError, ssl.SSLWantWriteError)


class Connection:
    """A connection that carries one request at a time.

    Its methods raise ``TimeoutError``, ``OSError`` and ``anyio.ClosedResourceError``. After any of
    these errors, the connection can only be closed. The same applies after a cancellation, unless
    the parser has received a complete response by then.
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
        """The number of requests that it has carried, including the current one."""
        self.heard = False
        """A byte has arrived since the current request began."""
        self.was_cut = False
        """The server closed the TCP connection without TLS's closing message."""
        self._is_tls = isinstance(sock, ssl.SSLSocket)
        self.sent = False
        """A byte of the current request may have been sent."""
        self.hides_cuts = isinstance(sock, ssl.SSLSocket) and bool(
            sock.context.options & _IGNORE_UNEXPECTED_EOF
        )
        """With this option of its context, TLS reports a cut connection as a regular end."""
        self.expires = 0.0
        """When an idle connection becomes too old to be used."""
        self.closed = False
        self.waiting = False
        """A task waits for the socket, or has not resumed yet."""

    # -- idle ------------------------------------------------------------------------------------

    def is_stale(self) -> bool:
        """Whether an idle connection was closed by the server, or has unexpected bytes."""
        sock = self._socket
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            return True
        if self._poll is not None:
            return bool(self._poll.poll(0))
        return bool(select.select([sock], [], [], 0)[0])  # pragma: no cover - Windows

    def start_request(self, method: str) -> None:
        """Prepare for another request."""
        self.requests += 1
        self.heard = self.sent = False
        self._is_drained = True  # nothing can have arrived yet: skip one system call
        self.parser.start(method)

    # -- sending ---------------------------------------------------------------------------------

    async def send(self, data: bytes | bytearray, timeout: float | None) -> None:
        """Send all of *data*.

        Args:
            data: The bytes to send.
            timeout: Seconds of each wait for the server to accept more bytes; None: no limit.
        """
        rest = memoryview(data)
        while True:
            # After a refusal OpenSSL requires the same bytes again: the slice does not change.
            piece = rest[:_SEND_BYTES]
            # Before it fails, TLS may have sent some of several records, or a part of one.
            if self._is_tls and len(piece) > _TLS_RECORD_BYTES:
                self.sent = True
            try:
                sent = self._socket.send(piece)
            except _WANT_WRITE:
                self.sent = self.sent or self._is_tls
                await self._wait(self._watch.writable, timeout)
            except ssl.SSLWantReadError:
                self.sent = True
                await self._wait(self._watch.readable, timeout)
            else:
                self.sent = True
                rest = rest[sent:]
                if not rest:
                    return
                await anyio.lowlevel.checkpoint()

    # -- receiving -------------------------------------------------------------------------------

    async def receive(self, timeout: float | None) -> bool:
        """Wait for bytes and feed them to the parser; return False if the server has closed.

        Raises:
            ParseError: The bytes are not a response.
        """
        got = None if self._is_drained else self._receive_now()
        while got is None:
            got = await self._wait(self._receive_when_ready, timeout)
        if got and not self.parser.done:
            await self._receive_burst()
        return got

    async def _receive_burst(self) -> None:
        """Feed the parser what else has arrived, without blocking the event loop for long."""
        parser = self.parser
        for _ in range(_RECEIVES_PER_BURST):
            if len(parser.pieces) > _PIECES_PER_BURST:
                break  # tiny chunks: the parser needs the same time for each as for a large one
            if not self._receive_now() or parser.done:
                return
        await anyio.lowlevel.checkpoint()

    def _receive_now(self) -> bool | None:
        """Feed the parser some bytes; None: there are none yet, False: the server has closed."""
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
        except ssl.SSLError as error:
            if not _is_cut(error):
                raise
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
        """Do the TLS handshake; the caller limits its time."""
        sock = self._socket
        assert isinstance(sock, ssl.SSLSocket)
        while True:
            try:
                sock.do_handshake()
            except ssl.SSLWantReadError:
                await self._wait(self._watch.readable, None)
            except ssl.SSLWantWriteError:
                await self._wait(self._watch.writable, None)
            else:
                return

    async def _receive_when_ready(self) -> bool | None:
        """Call `_receive_now` as soon as the socket is ready."""
        if not self._receive_must_write:
            return await self._watch.current().receive(self._receive_now)
        await self._watch.writable()
        return self._receive_now()

    async def _wait(self, ready: Callable[[], Awaitable[_T]], timeout: float | None) -> _T:
        """Wait for the socket: every wait of a request for the server goes through this method."""
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
        """Close the socket. Idempotent.

        A task that waits for it gets ``anyio.ClosedResourceError``.
        """
        if not self.closed:
            self.closed = True
            self._watch.close(is_awaited=self.waiting)


def _is_cut(error: ssl.SSLError) -> bool:
    """Whether the peer closed the connection without TLS's closing message."""
    # Python 3.11.2 does not raise SSLEOFError with OpenSSL 3.
    return isinstance(error, ssl.SSLEOFError) or error.reason == "UNEXPECTED_EOF_WHILE_READING"


def _poll(sock: socket.socket) -> select.poll | None:
    if not hasattr(select, "poll"):  # pragma: no cover - Windows
        return None
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return poll

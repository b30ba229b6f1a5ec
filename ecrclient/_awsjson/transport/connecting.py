"""Opens connections: finds an address that accepts one, then does the TLS handshake.

``anyio.connect_tcp`` finds an address too, but its stream does not release the socket: closing the
stream may shut down the connection even if the descriptor was duplicated.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Iterable
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

import anyio

from ecrclient._awsjson.transport.connection import Connection

if TYPE_CHECKING:
    from ecrclient._awsjson.transport.parser import ResponseParser

__all__ = ["open_connection"]

_NEXT_ATTEMPT_SECONDS = 0.25
"""RFC 8305, section 5: the delay before the next address is tried."""
_UNDER_WAY = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN, errno.EALREADY})

_Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]


async def open_connection(
    host: str,
    port: int,
    ssl_context: ssl.SSLContext | None,
    parser: ResponseParser,
    sockets: set[socket.socket],
) -> Connection:
    """Connect to the first of the host's addresses that accepts, and do the TLS handshake.

    Each socket is added to *sockets* when it is created: if the event loop is closed meanwhile,
    only the caller can close them.

    Raises:
        OSError: The host does not exist, refuses, or is unreachable, or its certificate is invalid.
    """
    sock = await _connect(host, port, sockets)
    try:
        if ssl_context is not None:
            sock = ssl_context.wrap_socket(
                sock,
                # As bytes, so that the codec of internationalized names is not imported.
                server_hostname=host.encode("ascii") if host.isascii() else host,
                do_handshake_on_connect=False,
                suppress_ragged_eofs=False,
            )
            sockets.add(sock)
        connection = Connection(sock, parser)
        if ssl_context is not None:
            await connection.handshake()
    except BaseException:
        sock.close()
        raise
    return connection


async def _connect(host: str, port: int, sockets: set[socket.socket]) -> socket.socket:
    """Try the addresses in turn, without waiting until the previous one has failed."""
    addresses = _numeric(host, port) or await _look_up(host, port)
    if not addresses:
        raise OSError(f"{host} has no addresses")
    connected: list[socket.socket] = []
    errors: list[OSError] = []

    async def attempt(address: _Address, failed: anyio.Event) -> None:
        try:
            connected.append(await _connect_to(address, sockets))
        except OSError as error:
            errors.append(error)
            failed.set()
        else:
            tasks.cancel_scope.cancel()

    try:
        async with anyio.create_task_group() as tasks:
            for address in _alternating(addresses):
                failed = anyio.Event()
                tasks.start_soon(attempt, address, failed)
                with anyio.move_on_after(_NEXT_ATTEMPT_SECONDS):
                    await failed.wait()
    except BaseException:
        _close(connected)
        raise
    if not connected:
        reasons = "; ".join(dict.fromkeys(str(error) for error in errors))
        raise OSError(f"cannot connect to any address of {host}: {reasons}") from errors[0]
    _close(connected[1:])  # two may succeed in the same iteration of the event loop
    return connected[0]


def _numeric(host: str, port: int) -> list[_Address]:
    """The address that *host* is; empty if it is a name. On asyncio, a lookup takes a thread."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.inet_pton(family, host)
    except (OSError, ValueError):  # also an IPv6 address with a zone
        return []
    return [(family, (host, port))]


async def _look_up(host: str, port: int) -> list[_Address]:
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, where) for family, _, _, _, where in found]


def _alternating(addresses: Iterable[_Address]) -> list[_Address]:
    """IPv6 and IPv4 in turn, IPv6 first (RFC 8305, section 4), else in the resolver's order."""
    sixes: list[_Address] = []
    others: list[_Address] = []
    for address in addresses:
        (sixes if address[0] == socket.AF_INET6 else others).append(address)
    pairs = zip_longest(sixes, others)
    return [address for address in chain.from_iterable(pairs) if address is not None]


async def _connect_to(address: _Address, sockets: set[socket.socket]) -> socket.socket:
    family, where = address
    sock = socket.socket(family, socket.SOCK_STREAM)
    sockets.add(sock)
    try:
        sock.setblocking(False)  # noqa: FBT003 - positional-only
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if (code := sock.connect_ex(where)) in _UNDER_WAY:
            await anyio.wait_writable(sock)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        _check(code)
    except BaseException:
        sock.close()
        raise
    return sock


def _check(code: int) -> None:
    if code:
        raise OSError(code, os.strerror(code))  # a subclass: ConnectionRefusedError


def _close(sockets: Iterable[socket.socket]) -> None:
    for sock in sockets:
        sock.close()

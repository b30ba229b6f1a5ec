"""Waits with anyio: on trio, also as a guest, and on Windows' proactor loop."""

from __future__ import annotations

import socket
from collections.abc import Callable

import anyio

__all__ = ["AnyioReadiness"]


class AnyioReadiness:
    """Registers the socket with the event loop for each wait."""

    __slots__ = ("_socket",)

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    async def receive(self, receive: Callable[[], bool | None]) -> bool | None:
        """Wait until the socket can be read, then call *receive*."""
        await anyio.wait_readable(self._socket)
        return receive()

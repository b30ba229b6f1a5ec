"""Waits with anyio: on trio, also as a guest, and on Windows' proactor loop."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from contextlib import suppress

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

    async def writable(self) -> None:
        """Wait until the socket can be written."""
        await anyio.wait_writable(self._socket)

    def notify_closing(self) -> None:
        """Wake the task that waits, before the socket is closed."""
        with suppress(RuntimeError):  # not in an event loop, so no task waits here
            if hasattr(anyio, "notify_closing"):
                anyio.notify_closing(self._socket)
            elif "trio" in sys.modules:  # pragma: no cover - anyio before 4.10
                sys.modules["trio"].lowlevel.notify_closing(self._socket)

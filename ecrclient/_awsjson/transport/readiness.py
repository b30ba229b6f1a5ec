"""Waits until a socket can be read: the interface, and the choice between its implementations.

A connection outlives the event loop in which it was opened, so the choice is made for each wait.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Protocol

from ecrclient._awsjson.transport.anyio_readiness import AnyioReadiness
from ecrclient._awsjson.transport.asyncio_readiness import AsyncioReadiness

__all__ = ["Readiness", "Watch", "current_loop"]


class Readiness(Protocol):
    """Waits for one socket, in one task at a time."""

    async def receive(self, receive: Callable[[], bool | None]) -> bool | None:
        """Wait until the socket can be read; return, or raise, what *receive* returns or raises.

        Args:
            receive: Reads the socket; returns None if there was nothing to read. The event loop
                itself may call it, so that it does not report the same data again.

        Raises:
            anyio.ClosedResourceError: The socket was closed in the meantime.
        """
        ...

    async def writable(self) -> None:
        """Wait until the socket can be written.

        Raises:
            anyio.ClosedResourceError: The socket was closed in the meantime.
        """
        ...


class Watch:
    """Chooses how to wait for a socket, and closes it."""

    __slots__ = ("_anyio", "_asyncio", "_socket")

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._anyio = AnyioReadiness(sock)
        self._asyncio = AsyncioReadiness(sock)

    def current(self) -> Readiness:
        """The implementation for the running event loop; use it immediately."""
        return self._asyncio if self._asyncio.register(current_loop()) else self._anyio

    async def readable(self) -> None:
        """Wait until the socket can be read, without reading it, and keep no registration."""
        try:
            await self.current().receive(lambda: True)
        finally:
            self._asyncio.release()

    async def writable(self) -> None:
        """Wait until the socket can be written, and keep no registration."""
        await self.current().writable()

    def close(self, *, is_awaited: bool = True) -> None:
        """Close the socket, in the thread of its event loop if that runs.

        Args:
            is_awaited: A task may wait for the socket; it gets ``anyio.ClosedResourceError``.
        """
        if is_awaited:
            self._anyio.notify_closing()
        self._asyncio.close()


def current_loop() -> asyncio.AbstractEventLoop | None:
    """The asyncio loop that runs this task; None under trio, also as a guest of an asyncio loop."""
    try:
        return asyncio.get_running_loop() if asyncio.current_task() else None
    except RuntimeError:
        return None

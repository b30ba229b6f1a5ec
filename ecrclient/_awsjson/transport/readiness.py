"""Waits until a socket can be read: the interface, and the choice between its implementations.

A connection outlives the event loop in which it was opened, so the choice is made for each wait.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Protocol

import anyio

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
        self._asyncio.release()  # anyio would use the same one
        await anyio.wait_readable(self._socket)

    def close(self) -> None:
        """Close the socket, in the thread of its event loop if that runs, and wake its task."""
        self._asyncio.close()


def current_loop() -> asyncio.AbstractEventLoop | None:
    """The asyncio loop that runs this task; None under trio, also as a guest of an asyncio loop."""
    try:
        return asyncio.get_running_loop() if asyncio.current_task() else None
    except RuntimeError:
        return None

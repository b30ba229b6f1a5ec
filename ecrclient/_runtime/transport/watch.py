"""Waiting until a socket can be read: on asyncio, with a place in the selector that is kept.

``anyio.wait_readable`` takes a place for each wait and gives it up again, which is two system calls
and the selector's bookkeeping. Here the place is kept from one request to the next. It is given up
when nobody listens to what the socket has to say, since the loop would tell it again and again; for
another event loop; and before the socket is closed, since its number will be another's.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress

import anyio

__all__ = ["Watch"]


_Receive = Callable[[], bool | None]


class Watch:
    """Waits for one socket, and closes it."""

    __slots__ = ("_loop", "_pid", "_receive", "_socket", "_waiter")

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._loop: asyncio.AbstractEventLoop | None = None
        """In whose selector there is a place."""
        self._pid = 0
        self._waiter: asyncio.Future[bool | Exception | None] | None = None
        self._receive: _Receive | None = None

    async def receive(self, receive: _Receive) -> bool | None:
        """Wait until the socket can be read; what *receive* returned, or raised, then.

        *receive* may be called by the event loop itself, so that it has been read when the loop
        looks again; None: it has found nothing yet.

        Raises:
            anyio.ClosedResourceError: the socket was closed meanwhile.
        """
        loop = self._begin()
        if loop is None:
            await anyio.wait_readable(self._socket)
            return receive()
        self._waiter, self._receive = loop.create_future(), receive
        try:
            outcome = await self._waiter
        finally:
            self._waiter = self._receive = None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def readable(self) -> None:
        """Wait until the socket can be read, and leave it unread."""
        self._end()  # anyio would take the same place
        await anyio.wait_readable(self._socket)

    def close(self) -> None:
        """Close the socket, wherever this is called; the task that waits is told."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(anyio.ClosedResourceError())
        if self._loop is not None and _runs_elsewhere(self._loop) and self._is_ours():
            with suppress(RuntimeError):  # it has just been closed
                self._loop.call_soon_threadsafe(self._close)
                return
        self._close()

    def _close(self) -> None:
        self._end()
        self._socket.close()

    # -- the place in the selector ---------------------------------------------------------------

    def _begin(self) -> asyncio.AbstractEventLoop | None:
        """The loop that watches; None: this one cannot."""
        loop = _current_loop()
        if loop is not self._loop:
            self._end()
            if loop is not None:
                try:
                    loop.add_reader(self._socket.fileno(), self._on_readable)
                except NotImplementedError:  # Windows' default loop
                    return None
                self._loop, self._pid = loop, os.getpid()
        return loop

    def _on_readable(self) -> None:
        waiter, receive = self._waiter, self._receive
        if waiter is None or receive is None or waiter.done():
            self._end()
            return
        try:
            waiter.set_result(receive())
        except Exception as error:  # noqa: BLE001 - the waiting task's, whatever it is
            # As a result: a future complains of an exception that a cancelled task does not fetch.
            waiter.set_result(error)

    def _end(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None and self._is_ours() and not loop.is_closed():
            loop.remove_reader(self._socket.fileno())

    def _is_ours(self) -> bool:
        """False in a forked child: the selector's places are the parent's."""
        return self._pid == os.getpid()


def _current_loop() -> asyncio.AbstractEventLoop | None:
    """The loop that runs this task; None: trio runs it, be it as a guest of an asyncio loop."""
    try:
        return asyncio.get_running_loop() if asyncio.current_task() else None
    except RuntimeError:
        return None


def _runs_elsewhere(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether a loop runs in another thread, so that its selector is not to be touched."""
    if not loop.is_running():
        return False
    try:
        return asyncio.get_running_loop() is not loop
    except RuntimeError:
        return True

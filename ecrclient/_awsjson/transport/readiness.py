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
from contextvars import Context

import anyio

__all__ = ["Watch", "current_loop"]

_Receive = Callable[[], bool | None]


class Watch:
    """Waits for one socket, one task at a time, and closes it."""

    __slots__ = ("_loop", "_pid", "_receive", "_socket", "_waiter")

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._loop: asyncio.AbstractEventLoop | None = None
        """In whose selector there is a place."""
        self._pid = 0
        self._waiter: asyncio.Future[bool | BaseException | None] | None = None
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
        if isinstance(outcome, BaseException):
            try:
                raise outcome
            finally:
                del outcome  # which has this frame in its traceback
        return outcome

    async def readable(self) -> None:
        """Wait until the socket can be read, leave it unread, and keep no place."""
        self._end()  # anyio would take the same one
        await anyio.wait_readable(self._socket)

    def close(self) -> None:
        """Close the socket, in the thread of its loop if that runs; the task that waits is told."""
        loop = self._loop
        if not self._end() and loop is not None:
            with suppress(RuntimeError):  # it has been closed at this moment
                loop.call_soon_threadsafe(self.close)
                return
        self._socket.close()
        waiter = self._waiter
        if waiter is not None and not (waiter.done() or waiter.get_loop().is_closed()):
            waiter.set_result(anyio.ClosedResourceError())

    # -- the place in the selector ---------------------------------------------------------------

    def _begin(self) -> asyncio.AbstractEventLoop | None:
        """The loop that watches; None: this one cannot."""
        loop = current_loop()
        if loop is not self._loop:
            if not self._end() or loop is None:
                return None
            try:
                # What this one call has in its context is not to be kept with the place.
                Context().run(loop.add_reader, self._socket.fileno(), self._on_readable)
            except NotImplementedError:  # Windows' default loop
                return None
            self._loop, self._pid = loop, os.getpid()
        return loop

    def _on_readable(self) -> None:
        # No local variable has the future: the traceback of what is raised would be in a cycle.
        if self._waiter is None or self._receive is None or self._waiter.done():
            self._end()
            return
        try:
            self._waiter.set_result(self._receive())
        except BaseException as error:  # noqa: BLE001 - the waiting task's, whatever it is
            # As a result: a future complains of an exception that a cancelled task does not fetch.
            self._waiter.set_result(error)

    def _end(self) -> bool:
        """Give up the place, if there is one; False: its loop runs in another thread and has to.

        It does so as soon as there is something to read, for nobody listens there.
        """
        loop = self._loop
        # After a fork the selector is the parent's.
        if loop is not None and self._pid == os.getpid() and not loop.is_closed():
            if _runs_elsewhere(loop):
                return False
            loop.remove_reader(self._socket.fileno())
        self._loop = None
        return True


def current_loop() -> asyncio.AbstractEventLoop | None:
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

"""Waits on asyncio and uvloop with one registration in the selector for many requests.

``anyio.wait_readable`` registers the socket for each wait and unregisters it afterwards, which
takes two system calls and the selector's bookkeeping. This registration remains from one request to
the next. It is removed

- when the socket becomes readable while no task waits, since the loop would report it again and
  again;
- before another event loop uses the socket;
- before the socket is closed, since the next socket may get the same file descriptor.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context

import anyio

__all__ = ["AsyncioReadiness"]


class AsyncioReadiness:
    """Waits for a registered socket, and closes it."""

    __slots__ = ("_loop", "_pid", "_receive", "_socket", "_waiter")

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._loop: asyncio.AbstractEventLoop | None = None
        """The loop that the socket is registered with."""
        self._pid = 0
        """The process that registered it."""
        self._waiter: asyncio.Future[bool | BaseException | None] | None = None
        self._receive: Callable[[], bool | None] | None = None

    def register(self, loop: asyncio.AbstractEventLoop | None) -> bool:
        """Register the socket with *loop*, and with no other; return whether that succeeded."""
        if loop is not self._loop:
            if not self.release() or loop is None:
                return False
            try:
                # The registration must not keep the context of this one call.
                Context().run(loop.add_reader, self._socket.fileno(), self._on_readable)
            except NotImplementedError:  # the default loop on Windows
                return False
            self._loop, self._pid = loop, os.getpid()
        return loop is not None

    async def receive(self, receive: Callable[[], bool | None]) -> bool | None:
        """Wait until the loop has called *receive*; the socket must be registered."""
        assert self._loop is not None
        self._waiter, self._receive = self._loop.create_future(), receive
        try:
            outcome = await self._waiter
        finally:
            self._waiter = self._receive = None
        if isinstance(outcome, BaseException):
            try:
                raise outcome
            finally:
                del outcome  # its traceback refers to this frame
        return outcome

    async def writable(self) -> None:
        """Wait until the socket can be written; it must be registered, and is not afterwards."""
        assert self._loop is not None
        self._waiter = self._loop.create_future()
        try:
            Context().run(self._loop.add_writer, self._socket.fileno(), self._on_writable)
            outcome = await self._waiter
        finally:
            self._waiter = None
            self.release()
        if isinstance(outcome, BaseException):
            raise outcome

    def _on_readable(self) -> None:
        # The future is not in a local variable: a traceback would make it part of a cycle.
        if self._waiter is None or self._waiter.done():
            self.release()
            return
        if self._receive is None:  # the task waits until it can write
            self._waiter.get_loop().remove_reader(self._socket.fileno())
            return
        try:
            self._waiter.set_result(self._receive())
        except BaseException as error:  # noqa: BLE001 - re-raised in the waiting task
            # As a result: a future logs an exception that a cancelled task does not retrieve.
            self._waiter.set_result(error)

    def _on_writable(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(True)

    def release(self) -> bool:
        """Remove the registrations; return False if their loop runs in another thread.

        That loop removes the registration as soon as there is something to read, since no task
        waits there.
        """
        loop = self._loop
        # After a fork the selector belongs to the parent process.
        if loop is not None and self._pid == os.getpid() and not loop.is_closed():
            if _runs_elsewhere(loop):
                return False
            loop.remove_reader(self._socket.fileno())
            loop.remove_writer(self._socket.fileno())
        self._loop = None
        return True

    def close(self) -> None:
        """Close the socket, in the thread of its loop if that runs, and wake the waiting task."""
        loop = self._loop
        if not self.release() and loop is not None:
            with suppress(RuntimeError):  # the loop has just been closed
                loop.call_soon_threadsafe(self.close)
                return
        self._socket.close()
        waiter = self._waiter
        if waiter is not None and not (waiter.done() or waiter.get_loop().is_closed()):
            waiter.set_result(anyio.ClosedResourceError())


def _runs_elsewhere(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether a loop runs in another thread, where its selector must not be modified."""
    if not loop.is_running():
        return False
    try:
        return asyncio.get_running_loop() is not loop
    except RuntimeError:
        return True

"""The slots of a pool, and the calls that wait for one.

A call owns one slot from the moment it may use a connection until its response is read or
abandoned. A slot is the right to use a connection, not a connection: its owner takes the idle one
that was used last, or opens one. So a slot can be passed on whatever happened to the connection
that was used in it, and open connections and connections being opened never exceed the size.

Only ``acquire`` awaits, and one event loop runs everything here, so each method is atomic.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import nullcontext
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import anyio

from ecrclient._awsjson.protocol.errors import ClientClosedError
from ecrclient._awsjson.transport.errors import PoolTimeout

if TYPE_CHECKING:
    from ecrclient._awsjson.transport.timer import AttemptTimer

__all__ = ["Pool", "PoolStats"]

T = TypeVar("T")


class PoolStats(NamedTuple):
    """The current connections and calls of a transport, and its totals."""

    open: int
    """Connections that are open."""
    idle: int
    """Open connections that carry no request."""
    in_use: int
    """Calls that own a slot."""
    waiting: int
    """Calls that wait for a slot."""
    created: int
    """Connections that have been opened so far."""
    reused: int
    """Requests so far that used a connection that had carried another request."""


class Pool(Generic[T]):
    """Slots, the idle connections (the last used at the end), and the busy ones."""

    __slots__ = (
        "_abandoned",
        "_waiters",
        "busy",
        "closed",
        "created",
        "idle",
        "reused",
        "size",
        "taken",
    )

    def __init__(self, size: int) -> None:
        self.size = size
        self.taken = 0
        self.idle: list[T] = []
        self.busy: set[T] = set()
        self.closed = False
        self.created = 0
        self.reused = 0
        # Waiting calls, the longest waiting first. Removing the first item of a dict is slow.
        self._waiters: OrderedDict[anyio.Event, None] = OrderedDict()
        # Calls whose event loop was closed while they waited: they did not get a slot.
        self._abandoned: set[anyio.Event] = set()

    def try_acquire(self) -> bool:
        """Take a slot if one is free; if so, no call waits, since those get slots first."""
        if self.taken < self.size:
            self.taken += 1
            return True
        return False

    async def acquire(self, timeout: float | None, timer: AttemptTimer | None = None) -> None:
        """Take a slot, in the order of arrival.

        Args:
            timeout: Seconds to wait; None: no limit.
            timer: The attempt's timer; it is paused during the wait.

        Raises:
            PoolTimeout: No slot became free in time.
            ClientClosedError: The pool was closed during the wait.
        """
        turn = anyio.Event()
        self._waiters[turn] = None
        try:
            with nullcontext() if timer is None else timer.paused():
                with anyio.move_on_after(timeout):
                    await turn.wait()
        except BaseException:
            if turn in self._waiters:
                del self._waiters[turn]
            elif turn in self._abandoned:
                self._abandoned.remove(turn)
            else:  # cancelled after it got the slot and before it resumed: pass the slot on
                self.release()
            raise
        if turn in self._waiters:
            del self._waiters[turn]
            raise self._timed_out(timeout)
        if self.closed:
            self.release()
            raise ClientClosedError("the transport was closed while a call waited for a connection")

    def _timed_out(self, timeout: float | None) -> PoolTimeout:
        stats = self.stats()
        return PoolTimeout(
            f"no connection became free within {timeout:g} s: {stats.in_use} of {self.size} in "
            f"use, {stats.idle} idle, {stats.waiting} other calls waiting (max_connections is "
            f"{self.size})"
        )

    def release(self) -> None:
        """Release a slot, or pass it on to the call that has waited longest."""
        while self._waiters:
            turn, _ = self._waiters.popitem(last=False)
            if self._wake(turn):
                return
        self.taken -= 1

    def _wake(self, turn: anyio.Event) -> bool:
        """Wake a waiting call; False: its event loop is closed, so it will never resume."""
        try:
            turn.set()
        except RuntimeError:
            self._abandoned.add(turn)
            return False
        return True

    def close(self) -> list[T]:
        """Refuse further calls; return the connections, which the caller must close.

        Waiting calls get slots beyond the size, which they release when they raise.
        """
        self.closed = True
        waiters = [*self._waiters]
        self._waiters.clear()
        self.taken += sum(map(self._wake, waiters))
        connections = [*self.idle, *self.busy]
        self.idle.clear()
        return connections

    def stats(self) -> PoolStats:
        """The current numbers."""
        return PoolStats(
            open=len(self.idle) + len(self.busy),
            idle=len(self.idle),
            in_use=self.taken,
            waiting=len(self._waiters),
            created=self.created,
            reused=self.reused,
        )

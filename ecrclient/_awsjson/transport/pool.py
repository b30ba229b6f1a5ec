"""The slots of a pool and who waits for one.

A call owns one slot from the moment it may use a connection until its answer is read or given
up. What it is handed is the right to have a connection, not a connection: it takes the idle one
that was used last, or makes one. So ``slots taken + idle connections`` never exceeds the size, and
a slot is passed on without regard to what became of the connection that was used in it.

Nothing here but ``acquire`` awaits, and all of it runs in one event loop: each method is atomic.
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
    """What a transport has at the moment, and has had in all."""

    open: int
    """Connections that are open."""
    idle: int
    """Of these, the ones that wait for a request."""
    in_use: int
    """Calls that own a slot."""
    waiting: int
    """Calls that wait for a slot."""
    created: int
    """Connections that have been opened in all."""
    reused: int
    """Requests in all that went over a connection that had carried one before."""


class Pool(Generic[T]):
    """Slots, the connections that are idle (the last used on top), and the busy ones."""

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
        # Who waits, the first come first. Ordered by a linked list: a dict's front is slow to pop.
        self._waiters: OrderedDict[anyio.Event, None] = OrderedDict()
        # Those whose event loop was closed while they waited: they were handed nothing.
        self._abandoned: set[anyio.Event] = set()

    def try_acquire(self) -> bool:
        """Take a slot if one is free; then nobody waits, for release hands slots to who does."""
        if self.taken < self.size:
            self.taken += 1
            return True
        return False

    async def acquire(self, timeout: float | None, timer: AttemptTimer | None = None) -> None:
        """Take a slot, waiting in line for it.

        Args:
            timeout: Seconds to wait; None: no limit.
            timer: The attempt's timer; it is paused meanwhile.

        Raises:
            PoolTimeout: No slot became free in time.
            ClientClosedError: the pool was closed meanwhile.
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
            else:  # cancelled at the very moment it was handed the slot: the next one's turn
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
        """Give a slot back, to the one who has waited longest if anybody waits."""
        while self._waiters:
            turn, _ = self._waiters.popitem(last=False)
            if self._wake(turn):
                return
        self.taken -= 1

    def _wake(self, turn: anyio.Event) -> bool:
        """Wake a waiting call; False: its event loop is closed, so it will never run again."""
        try:
            turn.set()
        except RuntimeError:
            self._abandoned.add(turn)
            return False
        return True

    def close(self) -> list[T]:
        """Let nobody in any more; the connections, which the caller must close.

        Those who wait are handed slots beyond the size, which they give back as they leave.
        """
        self.closed = True
        while self._waiters:
            turn, _ = self._waiters.popitem(last=False)
            self.taken += self._wake(turn)
        connections = [*self.idle, *self.busy]
        self.idle.clear()
        return connections

    def stats(self) -> PoolStats:
        """A snapshot."""
        return PoolStats(
            open=len(self.idle) + len(self.busy),
            idle=len(self.idle),
            in_use=self.taken,
            waiting=len(self._waiters),
            created=self.created,
            reused=self.reused,
        )

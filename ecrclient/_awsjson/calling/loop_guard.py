"""A client is used in one event loop at a time; a second one that runs meanwhile gets an error."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from typing import Any

from ecrclient._awsjson.protocol.errors import ClientInUseError

__all__ = ["LoopGuard", "Stay"]


class Stay:
    """An event loop that uses the client."""

    __slots__ = ("calls", "loop", "pid")

    def __init__(self, loop: object) -> None:
        self.loop = loop
        self.pid = os.getpid()
        self.calls = 0
        """Calls under way; changed in the thread of the loop only."""

    def is_under_way(self) -> bool:
        """Whether there are calls and their loop still runs: it may have ended without them."""
        return self.calls > 0 and self.pid == os.getpid() and _is_running(self.loop)


class LoopGuard:
    """Lets the calls of one event loop begin, and those of another once the former have ended.

    Locks, the pool's line and the waits for sockets belong to a loop: two loops at the same time,
    as two threads have them, would wait for each other for ever.
    """

    __slots__ = ("_lock", "_stay")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stay = Stay(None)

    def enter(self) -> Stay:
        """Begin a call; the caller takes it off ``calls`` as it ends.

        Raises:
            ClientInUseError: Calls are under way in another event loop that runs.
        """
        try:
            loop: object = asyncio.get_running_loop()
        except RuntimeError:
            loop = _trio().current_trio_token()
        stay = self._stay
        if stay.loop is loop:
            stay.calls += 1
            # Again, after the count: a thread that replaces it looks at the count afterwards.
            if self._stay is stay:
                return stay
            stay.calls -= 1
        return self._move(loop)

    def _move(self, loop: object) -> Stay:
        with self._lock:
            old = self._stay
            if old.loop is loop:
                old.calls += 1
                return old
            new = self._stay = Stay(loop)
            if old.is_under_way():
                self._stay = old
                raise ClientInUseError(
                    "the client is in use in another event loop: build a client for each event "
                    "loop, and so for each thread, that runs at the same time"
                )
            new.calls = 1
            return new


def _is_running(loop: Any) -> bool:
    if isinstance(loop, asyncio.AbstractEventLoop):
        return loop.is_running()
    try:
        loop.run_sync_soon(int)
    except RuntimeError:  # trio.RunFinishedError
        return False
    return True


def _trio() -> Any:
    return sys.modules["trio"].lowlevel

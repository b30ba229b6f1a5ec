"""Refuses to use a client in two event loops at the same time."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from typing import Any

from ecrclient._awsjson.protocol.errors import ClientInUseError

__all__ = ["LoopGuard", "LoopUse"]


class LoopUse:
    """The use of a client by one event loop."""

    __slots__ = ("calls", "loop", "pid")

    def __init__(self, loop: object) -> None:
        self.loop = loop
        self.pid = os.getpid()
        self.calls = 0
        """The number of calls in progress; changed only in the loop's thread."""

    def is_active(self) -> bool:
        """Return whether there are calls and their loop still runs.

        A loop can end without its calls.
        """
        return self.calls > 0 and self.pid == os.getpid() and _is_running(self.loop)


class LoopGuard:
    """Lets calls begin in one event loop only, until they have ended.

    Locks, the pool's queue and the waits for sockets belong to a loop: two loops that run at the
    same time, in two threads, would wait for each other forever.
    """

    __slots__ = ("_lock", "_use")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._use = LoopUse(None)

    def enter(self) -> LoopUse:
        """Begin a call. The caller subtracts 1 from ``calls`` when the call ends.

        Raises:
            ClientInUseError: Another running event loop has calls in progress.
        """
        try:
            loop: object = asyncio.get_running_loop()
        except RuntimeError:
            loop = _trio().current_trio_token()
        use = self._use
        if use.loop is loop:
            use.calls += 1
            # Check again after counting: a thread that replaces the use reads the count afterwards.
            if self._use is use:
                return use
            use.calls -= 1
        return self._move(loop)

    def _move(self, loop: object) -> LoopUse:
        with self._lock:
            old = self._use
            if old.loop is loop:
                old.calls += 1
                return old
            new = self._use = LoopUse(loop)
            if old.is_active():
                self._use = old
                raise ClientInUseError(
                    "the client is in use in another event loop: create a client for each event "
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

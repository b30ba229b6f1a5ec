"""Keeps Python 3.11's cyclic garbage collector out of the decoding of large responses.

Python 3.11 runs the collector inside of a call that allocates containers, such as the decoding of a
page: several times for each thousand items, although none of them is garbage yet. From 3.12 on,
Python itself runs it only between two instructions.

The collector is paused by its threshold, not by ``gc.disable``: an application that disables the
collector in another thread at the same time finds it disabled afterwards, and a threshold that it
sets is kept.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from contextlib import AbstractContextManager, nullcontext

__all__ = ["COLLECTS_DURING_CALLS", "CollectorPause", "collector_paused"]

COLLECTS_DURING_CALLS = sys.implementation.name == "cpython" and sys.version_info < (3, 12)
"""Whether this Python runs the collector within calls of C functions."""

_NEVER = 2**31 - 2
"""Containers before a collection: a number that no application sets, so that it is recognized."""


class CollectorPause:
    """Pauses the collector until the last of the threads that are within the context leaves it."""

    def __init__(self) -> None:
        # Reentrant: a collection within one of the methods may run finalizers.
        self._lock = threading.RLock()
        # The threads, not their number: an entry that an interrupt left behind is removed when the
        # thread leaves the context the next time.
        self._threads: set[int] = set()
        self._threshold = 0
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forked)

    def __enter__(self) -> None:
        with self._lock:
            self._threads.add(threading.get_ident())
            threshold = gc.get_threshold()[0]
            if threshold != _NEVER:
                self._threshold = threshold
                gc.set_threshold(_NEVER)

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._threads.discard(threading.get_ident())
            if not self._threads:
                self._restore()

    def _restore(self) -> None:
        if gc.get_threshold()[0] == _NEVER:
            gc.set_threshold(self._threshold)

    def _forked(self) -> None:
        """Resume in a child process, in which only the forking thread still exists."""
        self._lock = threading.RLock()
        self._threads.clear()
        self._restore()


_PAUSE = CollectorPause()
_NO_PAUSE = nullcontext()


def collector_paused() -> AbstractContextManager[None]:
    """Return a context in which the collector does not run on Python 3.11; nothing on others."""
    return _PAUSE if COLLECTS_DURING_CALLS else _NO_PAUSE

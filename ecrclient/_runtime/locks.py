"""A lock for what a client shares, whichever event loops it is used in."""

from __future__ import annotations

from types import TracebackType

import anyio

__all__ = ["BriefLock"]


class BriefLock:
    """A lock that exists for as long as somebody holds it or waits for it.

    ``anyio.Lock`` belongs to the kind of event loop in which it is first used; a client may be used
    in one after the other, asyncio's and trio's.
    """

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock: anyio.Lock | None = None

    async def __aenter__(self) -> None:
        lock = self._lock = self._lock or anyio.Lock()
        try:
            await lock.acquire()
        except BaseException:
            self._drop(lock)
            raise

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        lock = self._lock
        assert lock is not None
        lock.release()
        self._drop(lock)

    def _drop(self, lock: anyio.Lock) -> None:
        # What is released while others wait is at once theirs.
        if not lock.locked():
            self._lock = None

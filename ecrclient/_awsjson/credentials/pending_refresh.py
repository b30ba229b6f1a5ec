"""One refresh of credentials, and the tasks that wait for its outcome.

The refresh runs in a thread or in a task; those that wait may be in any number of event loops.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable

import anyio

from ecrclient._awsjson.credentials.base import Credentials, described, harmless_cause
from ecrclient._awsjson.protocol.errors import CredentialsError, CredentialsTimeout

__all__ = ["PendingRefresh", "in_trio"]

_CallSoon = Callable[[Callable[[], object]], object]


class PendingRefresh:
    """A refresh in progress: its outcome, once there is one, and the tasks that wait for it.

    Args:
        number: The number of the refresh; the first one is 1.
        generation: How often credentials had been invalidated when the refresh started.
    """

    def __init__(self, number: int, generation: int) -> None:
        self.number = number
        self.generation = generation
        self._started_at = time.monotonic()
        self._lock = threading.Lock()
        self._outcome: Credentials | BaseException | None = None
        self._waiting: dict[anyio.Event, _CallSoon] = {}

    @property
    def is_finished(self) -> bool:
        """Whether there is an outcome."""
        return self._outcome is not None

    @property
    def waiting(self) -> int:
        """The number of tasks that wait."""
        return len(self._waiting)

    def age(self) -> float:
        """Return the seconds since the refresh started."""
        return time.monotonic() - self._started_at

    async def wait(self, timeout: float) -> bool:
        """Wait for the outcome, at most *timeout* seconds; return False after a timeout.

        `wake` ends the wait early: it returns True although there is no outcome.
        """
        event = anyio.Event()
        with self._lock:
            if self._outcome is not None:
                return True
            self._waiting[event] = _call_soon()
        try:
            with anyio.move_on_after(max(timeout, 0)):
                await event.wait()
        finally:
            with self._lock:
                self._waiting.pop(event, None)
        return event.is_set()

    def result(self) -> Credentials:
        """Return the credentials, or raise a new exception if the refresh failed.

        Raises:
            CredentialsError: The refresh failed.
            CredentialsTimeout: It took too long.
        """
        outcome = self._outcome
        assert outcome is not None
        if isinstance(outcome, Credentials):
            return outcome
        cause = outcome.__cause__ if isinstance(outcome, CredentialsError) else outcome
        kind = CredentialsTimeout if isinstance(outcome, CredentialsTimeout) else CredentialsError
        raise kind(described(outcome)) from harmless_cause(cause)

    def finish(self, outcome: Credentials | BaseException) -> None:
        """Store the outcome and wake all tasks that wait."""
        with self._lock:
            self._outcome = outcome
        self.wake()

    def wake(self) -> None:
        """Wake all tasks that wait, each in its own event loop."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        for event, call_soon in waiting.items():
            try:
                call_soon(event.set)
            except RuntimeError:
                # The event loop of the task has ended.
                continue


def in_trio() -> bool:
    """Return whether trio runs the current task."""
    if "trio" not in sys.modules:
        return False
    from trio import lowlevel

    return lowlevel.in_trio_task()


def _call_soon() -> _CallSoon:
    """Return a function with which other threads schedule calls in the current event loop.

    anyio's ``from_thread.run_sync`` blocks the thread until the loop has made the call, which is
    forever if the loop never runs again.
    """
    if in_trio():
        from trio import lowlevel

        return lowlevel.current_trio_token().run_sync_soon
    return asyncio.get_running_loop().call_soon_threadsafe

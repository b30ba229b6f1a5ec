"""One question to a source of credentials, and the tasks that wait for its outcome.

The question is asked in a thread; the tasks may be in any number of event loops.
"""

from __future__ import annotations

import asyncio
import math
import sys
import threading
import time
from collections.abc import Callable

import anyio

from ecrclient._awsjson.credentials.base import Credentials, described, harmless_cause
from ecrclient._awsjson.protocol.errors import CredentialsError

__all__ = ["Question", "in_trio"]

_CallSoon = Callable[[Callable[[], object]], object]


class Question:
    """A slot for the outcome, and the tasks that wait for it."""

    def __init__(self, number: int, generation: int) -> None:
        self.number = number
        """The first one is 1."""
        self.generation = generation
        self._asked_at = time.monotonic()
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
        """Seconds since it was asked."""
        return time.monotonic() - self._asked_at

    async def wait(self, timeout: float) -> bool:
        """Wait for the outcome, at most *timeout* seconds; whether the time was enough.

        The wait also ends early, with True and without an outcome, after :meth:`wake`.
        """
        event = anyio.Event()
        with self._lock:
            if self._outcome is not None:
                return True
            self._waiting[event] = _call_soon()
        try:
            with anyio.move_on_after(None if timeout == math.inf else max(timeout, 0)):
                await event.wait()
        finally:
            with self._lock:
                self._waiting.pop(event, None)
        return event.is_set()

    def answer(self) -> Credentials:
        """The credentials; a failure is raised anew for each task."""
        outcome = self._outcome
        assert outcome is not None
        if isinstance(outcome, Credentials):
            return outcome
        cause = outcome.__cause__ if isinstance(outcome, CredentialsError) else outcome
        raise CredentialsError(described(outcome)) from harmless_cause(cause)

    def finish(self, outcome: Credentials | BaseException) -> None:
        """Keep the outcome and wake all tasks that wait."""
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
                # That event loop has ended, and the task with it.
                continue


def in_trio() -> bool:
    """Whether trio runs this task."""
    if "trio" not in sys.modules:
        return False
    from trio import lowlevel

    return lowlevel.in_trio_task()


def _call_soon() -> _CallSoon:
    """How another thread has the event loop of this task call something.

    anyio's own way (``from_thread.run_sync``) makes the thread wait for the loop, and for ever if
    the loop never runs again.
    """
    if in_trio():
        from trio import lowlevel

        return lowlevel.current_trio_token().run_sync_soon
    return asyncio.get_running_loop().call_soon_threadsafe

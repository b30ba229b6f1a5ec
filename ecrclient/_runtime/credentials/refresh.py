"""One refresh at a time around any source of credentials, in the background where it may be.

The windows are those of botocore 1.44.5 (``botocore/credentials.py``, ``RefreshableCredentials``):
from 15 minutes before the end a refresh is advisable, from 10 minutes before it is mandatory.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import anyio

from ecrclient._runtime.credentials.base import Credentials
from ecrclient._runtime.errors import CredentialsError

__all__ = ["ADVISORY_WINDOW", "MANDATORY_WINDOW", "RefreshingCredentials", "Source"]

Source = Callable[[], Credentials | Awaitable[Credentials]]
"""Gets credentials anew: a function that may block, or an async one."""

_LOGGER = logging.getLogger("ecrclient.credentials")
ADVISORY_WINDOW = timedelta(minutes=15)
MANDATORY_WINDOW = timedelta(minutes=10)
# Credentials that never live for 40 minutes would be refreshed with every call: theirs begin after
# a half and three quarters of their life.
_ADVISORY_SHARE = 1 / 2
_MANDATORY_SHARE = 1 / 4
_PAUSE = timedelta(seconds=30)
"""The time between two refreshes in the background of which the first brought nothing new."""


def _now() -> datetime:
    return datetime.now(UTC)


class RefreshingCredentials:
    """Keeps what a source gave for as long as it is good, and asks again in time.

    - However many callers wait, the source is asked once, and all get its answer or its failure.
    - From 15 minutes before the credentials expire they are refreshed in the background: callers
      are given the old ones meanwhile. If that fails, it is logged and tried again half a minute
      later.
    - From 10 minutes before they expire callers wait for the refresh, and it must succeed.

    The source runs in a thread of its own, a daemon that no task and no task group owns. So it
    blocks no event loop and takes none of the worker threads that an application may have used up;
    a caller that starts a refresh need not wait for it; and a caller that is cancelled ends its own
    wait and nothing else: the thread's result is kept, for those who wait and for those who come.
    Nothing is bound to an event loop but the wait itself, so a provider may serve one loop after
    another, or several in several threads, and works on in the child of a fork.

    An async source runs in that thread too, in an event loop of its own (asyncio or trio, as its
    caller's): what it opens it must open anew each time. To share connections with the caller's
    loop, write a :class:`CredentialsProvider` instead.

    Args:
        source: Gets credentials anew; what it raises becomes a ``CredentialsError``.
        start_over: Called in the thread before the source is asked again because the service has
            refused what it gave: it drops what the source has remembered.
        clock: Tells the time, with its zone.
    """

    def __init__(
        self,
        source: Source,
        *,
        start_over: Callable[[], None] | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._source = source
        self._start_over = start_over
        self._clock = clock
        self._process = os.getpid()
        self._state_lock = threading.RLock()
        # The lock guards all that follows, and is never held while anything waits.
        self._held: Credentials | None = None
        self._advisory_from: datetime | None = None
        self._mandatory_from: datetime | None = None
        self._paused_until: datetime | None = None
        self._refresh: _Refresh | None = None
        self._generation = 0
        """How often credentials were invalidated: an answer to an older question is dropped."""
        self._refused = False

    async def get(self) -> Credentials:
        """The credentials to sign with now.

        Raises:
            CredentialsError: there are none, and the source gave none or failed.
        """
        while True:
            held, refresh = self._look()
            if held is not None:
                return held
            assert refresh is not None
            await refresh.wait()
            if refresh.generation == self._generation:
                return refresh.answer()

    async def invalidate(self) -> None:
        """Forget what was given last; once is enough, however many callers were refused."""
        with self._lock():
            if self._held is not None:
                self._held = None
                self._generation += 1
                self._refused = True

    def _look(self) -> tuple[Credentials | None, _Refresh | None]:
        """What can be given at once, else the refresh to wait for; starts one when it is time."""
        with self._lock():
            held, now = self._held, self._clock()
            if held is not None and not _reached(self._advisory_from, now):
                return held, None
            paused = self._paused_until is not None and now < self._paused_until
            must_wait = (
                held is None
                or _reached(held.expires_at, now)
                or (_reached(self._mandatory_from, now) and not paused)
            )
            refresh = self._refresh
            if refresh is None and (must_wait or not paused):
                refresh = self._start()
            return (None if must_wait else held), refresh

    def _lock(self) -> threading.RLock:
        if self._process != os.getpid():
            # A fork: whoever held the lock, and the thread that refreshed, are not in this process.
            self._process = os.getpid()
            self._state_lock = threading.RLock()
            self._refresh = None
        return self._state_lock

    def _start(self) -> _Refresh:
        refresh = self._refresh = _Refresh(self._generation)
        loop = "trio" if _in_trio() else "asyncio"
        thread = threading.Thread(
            target=self._run, args=(refresh, loop), name="ecrclient-credentials", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:
            # Too many threads, or the interpreter is on its way out.
            self._finish(refresh, error)
        return refresh

    # -- in the refresh's thread -----------------------------------------------------------------

    def _run(self, refresh: _Refresh, loop: str) -> None:
        try:
            outcome: Credentials | BaseException = self._ask(loop)
        except BaseException as error:  # noqa: BLE001 - it is raised where the callers wait
            outcome = error
        self._finish(refresh, outcome)

    def _ask(self, loop: str) -> Credentials:
        with self._lock():
            refused, self._refused = self._refused, False
        if refused and self._start_over is not None:
            self._start_over()
        answer: object = self._source()
        if inspect.isawaitable(answer):
            answer = anyio.run(_await, answer, backend=loop)
        if not isinstance(answer, Credentials):
            raise CredentialsError(f"the source gave {type(answer).__name__}, not Credentials")
        if _reached(answer.expires_at, self._clock()):
            raise CredentialsError(f"the source gave credentials that expired {answer.expires_at}")
        return answer

    def _finish(self, refresh: _Refresh, outcome: Credentials | BaseException) -> None:
        held: Credentials | None = None
        with self._lock():
            if self._refresh is refresh:
                self._refresh = None
            if refresh.generation == self._generation:
                held = self._held
                self._keep(outcome)
        refresh.finish(outcome)
        if held is not None and isinstance(outcome, BaseException):
            # What the service may take a while yet is kept; whoever waited is told otherwise.
            until = held.expires_at
            _LOGGER.warning("no new credentials, the old ones end %s: %s", until, _told(outcome))

    def _keep(self, outcome: Credentials | BaseException) -> None:
        now = self._clock()
        self._paused_until = None
        if isinstance(outcome, BaseException):
            if not _reached(self._mandatory_from, now):
                self._paused_until = now + _PAUSE
        elif outcome == self._held:
            self._paused_until = now + _PAUSE
        else:
            self._held = outcome
            self._advisory_from = self._mandatory_from = None
            if outcome.expires_at is not None:
                life = outcome.expires_at - now
                self._advisory_from = outcome.expires_at - min(
                    ADVISORY_WINDOW, life * _ADVISORY_SHARE
                )
                self._mandatory_from = outcome.expires_at - min(
                    MANDATORY_WINDOW, life * _MANDATORY_SHARE
                )


class _Refresh:
    """One question to the source: a slot for the outcome, and those who wait for it."""

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self._lock = threading.Lock()
        self._outcome: Credentials | BaseException | None = None
        self._waiting: list[tuple[Callable[[Callable[[], object]], object], anyio.Event]] = []

    async def wait(self) -> None:
        """Until the outcome is there."""
        event = anyio.Event()
        with self._lock:
            if self._outcome is not None:
                return
            self._waiting.append((_call_soon(), event))
        await event.wait()

    def answer(self) -> Credentials:
        """The credentials; a failure is raised anew for each who waited."""
        outcome = self._outcome
        assert outcome is not None
        if isinstance(outcome, Credentials):
            return outcome
        cause = outcome.__cause__ if isinstance(outcome, CredentialsError) else outcome
        raise CredentialsError(_told(outcome)) from cause

    def finish(self, outcome: Credentials | BaseException) -> None:
        """Wake all who wait, each in its own event loop."""
        with self._lock:
            self._outcome = outcome
        for call_soon, event in self._waiting:
            try:
                call_soon(event.set)
            except RuntimeError:
                # That event loop has ended, and whoever waited in it.
                continue


async def _await(answer: Awaitable[object]) -> object:
    return await answer


def _reached(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now >= moment


def _told(error: BaseException) -> str:
    """What may be said of a failure: only our own messages are known to hold no secret."""
    if isinstance(error, CredentialsError):
        return str(error)
    return f"the source of credentials failed: {type(error).__name__}"


def _in_trio() -> bool:
    if "trio" not in sys.modules:
        return False
    from trio import lowlevel

    return lowlevel.in_trio_task()


def _call_soon() -> Callable[[Callable[[], object]], object]:
    """How another thread has the event loop of this task call something.

    anyio's own way (``from_thread.run_sync``) makes the thread wait for the loop, and for ever if
    the loop never runs again.
    """
    if _in_trio():
        from trio import lowlevel

        return lowlevel.current_trio_token().run_sync_soon
    return asyncio.get_running_loop().call_soon_threadsafe

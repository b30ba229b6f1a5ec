"""One refresh at a time around any source of credentials, in the background where it may be.

The windows are those of botocore 1.44.5 (``botocore/credentials.py``, ``RefreshableCredentials``):
from 15 minutes before the end a refresh is advisable, from 10 minutes before it is mandatory.
"""

from __future__ import annotations

import inspect
import logging
import math
import os
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import anyio

from ecrclient._awsjson.credentials.base import TIMEOUT, Credentials, described
from ecrclient._awsjson.credentials.pending_refresh import PendingRefresh, in_trio
from ecrclient._awsjson.protocol.argument_checks import check_callable, check_seconds
from ecrclient._awsjson.protocol.errors import CredentialsError, CredentialsTimeout

__all__ = ["ADVISORY_WINDOW", "MANDATORY_WINDOW", "RefreshingCredentials", "Source"]

Source = Callable[[], Credentials | Awaitable[Credentials]]
"""Gets credentials anew: a function that may block, or an async one."""

_LOGGER = logging.getLogger(__name__)
ADVISORY_WINDOW = timedelta(minutes=15)
MANDATORY_WINDOW = timedelta(minutes=10)
# Credentials that never live for 40 minutes would be refreshed with every call: theirs begin after
# a half and three quarters of their life.
_ADVISORY_SHARE = 1 / 2
_MANDATORY_SHARE = 1 / 4
_MAX_ABANDONED = 4
"""Requests that may hang at the same time: each of them keeps a thread."""
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
    - A refresh that takes longer than *timeout* is abandoned, and the next caller starts another
      one. What an abandoned refresh brings later is kept unless a newer one has succeeded; its
      failure is dropped. While 4 abandoned ones are still running, no other is started.

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
            refused what it gave, or because it did not return in time: it drops what the source has
            remembered.
        timeout: Seconds that a refresh may take and a caller waits; None: no limit. The default is
            what botocore allows one request to AWS STS or SSO: 60 seconds to connect and 60 to
            read. Its requests to metadata services take 10 seconds at most.
        clock: Tells the time, with its zone.

    Raises:
        ConfigurationError: An argument is of a wrong type or out of range.
    """

    def __init__(
        self,
        source: Source,
        *,
        start_over: Callable[[], None] | None = None,
        timeout: float | None = TIMEOUT,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        check_callable("source", source)
        check_callable("start_over", start_over, none=True)
        check_seconds("timeout", timeout, none="no limit")
        check_callable("clock", clock)
        self._source = source
        self._start_over = start_over
        self._timeout = math.inf if timeout is None else timeout
        self._clock = clock
        self._process = os.getpid()
        self._state_lock = threading.RLock()
        # The lock guards all that follows, and is never held while anything waits.
        self._held: Credentials | None = None
        self._advisory_from: datetime | None = None
        self._mandatory_from: datetime | None = None
        self._paused_until: datetime | None = None
        self._refresh: PendingRefresh | None = None
        self._abandoned: set[PendingRefresh] = set()
        self._asked = 0
        self._held_number = 0
        """The number of the refresh that brought the credentials."""
        self._generation = 0
        """How often credentials were invalidated: an answer to an older question is dropped."""
        self._must_start_over = False

    async def get(self) -> Credentials:
        """The credentials to sign with now.

        Raises:
            CredentialsError: There are none, and the source gave none or failed.
            CredentialsTimeout: The source has not returned in time.
        """
        left = self._timeout
        while True:
            held, refresh, started = self._look()
            if held is not None:
                return held
            allowed = self._timeout if started else self._left(refresh)
            begun = anyio.current_time()
            is_awake = await refresh.wait(min(left, allowed))
            if is_awake:
                if refresh.is_finished and refresh.generation == self._generation:
                    return refresh.answer()
                left -= anyio.current_time() - begun
            else:
                if allowed <= left:
                    self._abandon(refresh)
                left -= allowed
            if left <= 0:
                raise CredentialsTimeout(
                    f"the source of credentials has not returned within {self._timeout:g} s"
                )

    async def invalidate(self) -> None:
        """Forget what was given last; once is enough, however many callers were refused."""
        with self._lock():
            if self._held is not None:
                self._held = None
                self._generation += 1
                self._must_start_over = True

    def _look(self) -> tuple[Credentials | None, PendingRefresh, bool]:
        """The credentials that can be given now; else the refresh to wait for, and whether it has
        been started for it.
        """
        with self._lock():
            held, now = self._held, self._clock()
            if held is not None and not _reached(self._advisory_from, now):
                return held, _NOTHING, False
            paused = self._paused_until is not None and now < self._paused_until
            must_wait = (
                held is None
                or _reached(held.expires_at, now)
                or (_reached(self._mandatory_from, now) and not paused)
            )
            refresh, started = self._refresh, False
            if refresh is not None and self._left(refresh) <= 0:
                self._abandon(refresh)
                refresh = None
            if refresh is None and (must_wait or not paused):
                if len(self._abandoned) < _MAX_ABANDONED:
                    refresh, started = self._start(), True
                elif must_wait:
                    raise CredentialsTimeout(
                        f"{_MAX_ABANDONED} requests to the source of credentials have not returned "
                        "and are still under way; no other one is made"
                    )
            return (None if must_wait else held), refresh or _NOTHING, started

    def _left(self, refresh: PendingRefresh) -> float:
        return self._timeout - refresh.age()

    def _abandon(self, refresh: PendingRefresh) -> None:
        """Have the next caller ask again; the thread of *refresh* cannot be ended."""
        with self._lock():
            if self._refresh is refresh:
                self._refresh = None
                self._abandoned.add(refresh)
                self._must_start_over = True

    def _lock(self) -> threading.RLock:
        if self._process != os.getpid():
            # A fork: whoever held the lock, and the thread that refreshed, are not in this process.
            self._process = os.getpid()
            self._state_lock = threading.RLock()
            self._refresh = None
            self._abandoned = set()
        return self._state_lock

    def _start(self) -> PendingRefresh:
        self._asked += 1
        refresh = self._refresh = PendingRefresh(self._asked, self._generation)
        loop = "trio" if in_trio() else "asyncio"
        thread = threading.Thread(
            target=self._run, args=(refresh, loop), name="awsjson-credentials", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:
            # Too many threads, or the interpreter is on its way out.
            self._finish(refresh, error)
        return refresh

    # -- in the refresh's thread -----------------------------------------------------------------

    def _run(self, refresh: PendingRefresh, loop: str) -> None:
        try:
            outcome: Credentials | BaseException = self._ask(loop)
        except BaseException as error:  # noqa: BLE001 - it is raised where the callers wait
            outcome = error
        self._finish(refresh, outcome)

    def _ask(self, loop: str) -> Credentials:
        with self._lock():
            must_start_over, self._must_start_over = self._must_start_over, False
        if must_start_over and self._start_over is not None:
            self._start_over()
        answer: object = self._source()
        if inspect.isawaitable(answer):
            answer = anyio.run(_await, answer, backend=loop)
        if not isinstance(answer, Credentials):
            raise CredentialsError(f"the source gave {type(answer).__name__}, not Credentials")
        if _reached(answer.expires_at, self._clock()):
            raise CredentialsError(f"the source gave credentials that expired {answer.expires_at}")
        return answer

    def _finish(self, refresh: PendingRefresh, outcome: Credentials | BaseException) -> None:
        held: Credentials | None = None
        newer: PendingRefresh | None = None
        with self._lock():
            is_late = refresh in self._abandoned
            self._abandoned.discard(refresh)
            if self._refresh is refresh:
                self._refresh = None
            is_current = refresh.generation == self._generation
            if is_late:
                # Its failure has been reported as a timeout; newer credentials are better.
                is_current = (
                    is_current
                    and isinstance(outcome, Credentials)
                    and refresh.number > self._held_number
                )
            if is_current:
                held, newer = self._held, self._refresh
                self._keep(outcome)
                if isinstance(outcome, Credentials):
                    self._held_number = refresh.number
        refresh.finish(outcome)
        if newer is not None:
            newer.wake()  # there are credentials now
        if held is not None and isinstance(outcome, BaseException):
            # What the service may take a while yet is kept; whoever waited is told otherwise.
            until = held.expires_at
            _LOGGER.warning(
                "no new credentials, the old ones end %s: %s", until, described(outcome)
            )

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


async def _await(answer: Awaitable[object]) -> object:
    return await answer


def _reached(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now >= moment


_NOTHING = PendingRefresh(0, 0)
"""Stands for no refresh; it is not waited for."""

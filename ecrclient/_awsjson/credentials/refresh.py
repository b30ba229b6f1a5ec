"""One refresh at a time for any source of credentials, in the background if possible.

The windows are those of botocore 1.44.5 (``botocore/credentials.py``, ``RefreshableCredentials``):
a refresh is advisable from 15 minutes before the credentials expire, and mandatory from 10 minutes
before.
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

from ecrclient._awsjson.credentials.base import TIMEOUT, Credentials, described, full_name
from ecrclient._awsjson.credentials.pending_refresh import PendingRefresh, in_trio
from ecrclient._awsjson.protocol.argument_checks import check_callable, check_seconds
from ecrclient._awsjson.protocol.errors import CredentialsError, CredentialsTimeout

__all__ = ["ADVISORY_WINDOW", "MANDATORY_WINDOW", "RefreshingCredentials", "Source"]

Source = Callable[[], Credentials | Awaitable[Credentials]]
"""Gets new credentials: a function that may block, or an async function."""

_LOGGER = logging.getLogger(__name__)
ADVISORY_WINDOW = timedelta(minutes=15)
MANDATORY_WINDOW = timedelta(minutes=10)
# The maximum sizes of the windows, as shares of the credentials' lifetime. Without them,
# credentials with a short lifetime would be refreshed with every call.
_ADVISORY_SHARE = 1 / 2
_MANDATORY_SHARE = 1 / 4
_MAX_ABANDONED = 4
"""The maximum number of refreshes that hang: each of them occupies a thread."""
_PAUSE = timedelta(seconds=30)
"""The pause after a refresh in the background that failed or returned the same credentials."""


def _now() -> datetime:
    return datetime.now(UTC)


class RefreshingCredentials:
    """Caches the credentials of a source and refreshes them before they expire.

    - However many callers wait, the source is called once, and all get its result or its failure.
    - From 15 minutes before the credentials expire they are refreshed in the background, while
      callers get the old ones. A failure is logged, and the refresh is retried after 30 seconds.
    - From 10 minutes before they expire callers wait for the refresh, which must succeed. If the
      credentials live for less than 40 minutes, these times are at most a half and a quarter of
      their lifetime.
    - A refresh that takes longer than *timeout* is abandoned, and the next caller starts another
      one. The result of an abandoned refresh is used unless a newer refresh has succeeded; its
      failure is ignored. While 4 abandoned refreshes are still running, no other one is started.

    The source runs in a separate daemon thread, so it does not block an event loop and does not
    occupy a worker thread of the application. A caller that starts a refresh need not wait for it.
    Cancelling a caller ends only its own wait: the thread's result is kept for other callers. Only
    the wait is bound to an event loop, so a provider can be used in one loop after another, in
    several loops in several threads, and in the child of a fork.

    An async source runs in that thread too, in a new event loop (asyncio or trio, like its
    caller's), so it cannot reuse connections of an earlier refresh. To share connections with the
    caller's loop, write a `CredentialsProvider` instead.

    Args:
        source: Gets new credentials; an exception that it raises becomes a ``CredentialsError``.
        start_over: Called in the thread before the source is called again because the service has
            refused its credentials, or because it did not return in time. It should clear the
            source's caches.
        timeout: Seconds that a refresh may take and a caller waits; None: no limit. botocore allows
            as much for one request to AWS STS or SSO: 60 seconds to connect and 60 to read. Its
            requests to metadata services take at most 10 seconds.
        clock: Returns the current time, with a time zone.

    Raises:
        ConfigurationError: An argument has the wrong type or is out of range.
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
        # The lock guards the following attributes; no code waits while it has the lock.
        self._credentials: Credentials | None = None
        self._advisory_from: datetime | None = None
        self._mandatory_from: datetime | None = None
        self._paused_until: datetime | None = None
        self._refresh: PendingRefresh | None = None
        self._abandoned: set[PendingRefresh] = set()
        self._refreshes = 0
        """The number of refreshes that have been started."""
        self._credentials_number = 0
        """The number of the refresh that returned the credentials."""
        self._generation = 0
        """How often credentials were invalidated; the results of earlier refreshes are ignored."""
        self._must_start_over = False

    async def get(self) -> Credentials:
        """Return the credentials to sign with now.

        Raises:
            CredentialsError: There are no valid credentials, and the source failed.
            CredentialsTimeout: The source did not return in time.
        """
        remaining = self._timeout
        while True:
            credentials, refresh, started = self._credentials_or_refresh()
            if started:
                await self._run_here(refresh)
            if credentials is not None:
                return credentials
            allowed = self._timeout if started else self._remaining(refresh)
            begun = anyio.current_time()
            is_awake = await refresh.wait(min(remaining, allowed))
            if is_awake:
                if refresh.is_finished and refresh.generation == self._generation:
                    return refresh.result()
                remaining -= anyio.current_time() - begun
            else:
                if allowed <= remaining:
                    self._abandon(refresh)
                remaining -= allowed
            if remaining <= 0:
                raise CredentialsTimeout(
                    f"the source of credentials did not return within {self._timeout:g} s"
                )

    async def invalidate(self) -> None:
        """Forget the credentials. Idempotent until there are new ones."""
        with self._lock():
            if self._credentials is not None:
                self._credentials = None
                self._generation += 1
                self._must_start_over = True

    def _credentials_or_refresh(self) -> tuple[Credentials | None, PendingRefresh, bool]:
        """Return credentials, or the refresh to wait for and whether this call started it."""
        with self._lock():
            credentials, now = self._credentials, self._clock()
            if credentials is not None and not _reached(self._advisory_from, now):
                return credentials, _NO_REFRESH, False
            paused = self._paused_until is not None and now < self._paused_until
            must_wait = (
                credentials is None
                or _reached(credentials.expires_at, now)
                or (_reached(self._mandatory_from, now) and not paused)
            )
            refresh, started = self._refresh, False
            if refresh is not None and self._remaining(refresh) <= 0:
                self._abandon(refresh)
                refresh = None
            if refresh is None and (must_wait or not paused):
                if len(self._abandoned) < _MAX_ABANDONED:
                    refresh, started = self._start(), True
                elif must_wait:
                    raise CredentialsTimeout(
                        f"{_MAX_ABANDONED} calls of the source of credentials did not return in "
                        "time and are still running; it is not called again until one returns"
                    )
            return (None if must_wait else credentials), refresh or _NO_REFRESH, started

    async def _run_here(self, refresh: PendingRefresh) -> None:
        """Run a refresh in the task that started it; here, a thread runs it."""

    def _remaining(self, refresh: PendingRefresh) -> float:
        return self._timeout - refresh.age()

    def _abandon(self, refresh: PendingRefresh) -> None:
        """Have the next caller start another refresh; the thread of *refresh* cannot be ended."""
        with self._lock():
            if self._refresh is refresh:
                self._refresh = None
                self._abandoned.add(refresh)
                self._must_start_over = True

    def _lock(self) -> threading.RLock:
        if self._process != os.getpid():
            # After a fork: the lock's owner and the refreshing threads are not in this process.
            self._process = os.getpid()
            self._state_lock = threading.RLock()
            self._refresh = None
            self._abandoned = set()
        return self._state_lock

    def _start(self) -> PendingRefresh:
        self._refreshes += 1
        refresh = self._refresh = PendingRefresh(self._refreshes, self._generation)
        self._start_thread(refresh)
        return refresh

    def _start_thread(self, refresh: PendingRefresh) -> None:
        loop = "trio" if in_trio() else "asyncio"
        thread = threading.Thread(
            target=self._run, args=(refresh, loop), name="awsjson-credentials", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:
            # There are too many threads, or the interpreter is exiting.
            self._finish(refresh, error)

    # -- in the refresh's thread -----------------------------------------------------------------

    def _run(self, refresh: PendingRefresh, loop: str) -> None:
        try:
            outcome: Credentials | BaseException = self._call_source(loop)
        except BaseException as error:  # noqa: BLE001 - it is raised in the callers that wait
            outcome = error
        self._finish(refresh, outcome)

    def _call_source(self, loop: str) -> Credentials:
        with self._lock():
            must_start_over, self._must_start_over = self._must_start_over, False
        if must_start_over and self._start_over is not None:
            self._start_over()
        returned: object = self._source()
        if inspect.isawaitable(returned):
            returned = anyio.run(_await, returned, backend=loop)
        return self._check(returned)

    def _check(self, returned: object) -> Credentials:
        if not isinstance(returned, Credentials):
            raise CredentialsError(f"the source must return Credentials, not {full_name(returned)}")
        if _reached(returned.expires_at, self._clock()):
            raise CredentialsError(
                f"the source returned credentials that expired at {returned.expires_at}"
            )
        return returned

    def _finish(self, refresh: PendingRefresh, outcome: Credentials | BaseException) -> None:
        current: Credentials | None = None
        newer: PendingRefresh | None = None
        with self._lock():
            is_late = refresh in self._abandoned
            self._abandoned.discard(refresh)
            if self._refresh is refresh:
                self._refresh = None
            is_current = refresh.generation == self._generation
            if is_late:
                # Its failure has been reported as a timeout, and newer credentials are kept.
                is_current = (
                    is_current
                    and isinstance(outcome, Credentials)
                    and refresh.number > self._credentials_number
                )
            if is_current:
                current, newer = self._credentials, self._refresh
                self._store(outcome)
                if isinstance(outcome, Credentials):
                    self._credentials_number = refresh.number
        refresh.finish(outcome)
        if newer is not None:
            newer.wake()  # its callers can use these credentials
        if current is not None and isinstance(outcome, BaseException):
            # The current credentials are still valid. Callers that wait get the exception.
            _LOGGER.warning(
                "refreshing the credentials failed; the current ones expire at %s: %s",
                current.expires_at,
                described(outcome),
            )

    def _store(self, outcome: Credentials | BaseException) -> None:
        now = self._clock()
        self._paused_until = None
        if isinstance(outcome, BaseException):
            if not _reached(self._mandatory_from, now):
                self._paused_until = now + _PAUSE
        elif outcome == self._credentials:
            self._paused_until = now + _PAUSE
        else:
            self._credentials = outcome
            self._advisory_from = self._mandatory_from = None
            if outcome.expires_at is not None:
                lifetime = outcome.expires_at - now
                self._advisory_from = outcome.expires_at - min(
                    ADVISORY_WINDOW, lifetime * _ADVISORY_SHARE
                )
                self._mandatory_from = outcome.expires_at - min(
                    MANDATORY_WINDOW, lifetime * _MANDATORY_SHARE
                )


async def _await(awaitable: Awaitable[object]) -> object:
    return await awaitable


def _reached(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now >= moment


_NO_REFRESH = PendingRefresh(0, 0)
"""Means that there is no refresh; no caller waits for it."""

"""Refreshing in the event loop of a caller, without a thread: for sources that only await."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import anyio

from ecrclient._awsjson.credentials.base import TIMEOUT, Credentials
from ecrclient._awsjson.credentials.pending_refresh import PendingRefresh
from ecrclient._awsjson.credentials.refresh import RefreshingCredentials
from ecrclient._awsjson.protocol.errors import CredentialsTimeout

__all__ = ["LoopRefreshingCredentials"]


class LoopRefreshingCredentials(RefreshingCredentials):
    """Caches the credentials of an async source, which one of the callers awaits.

    The times are those of `RefreshingCredentials`. The caller that finds a refresh due awaits the
    source; meanwhile others get the current credentials, or wait for the result if these expire
    soon. If that caller is cancelled, one of those that wait takes over. Callers may be in several
    event loops, in several threads.

    Args:
        source: Gets new credentials; must not block.
        timeout: Seconds that a refresh may take and a caller waits; None: no limit.
        clock: Returns the current time, with a time zone.

    Raises:
        ConfigurationError: An argument has the wrong type or is out of range.
    """

    def __init__(
        self,
        source: Callable[[], Awaitable[Credentials]],
        *,
        timeout: float | None = TIMEOUT,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(source, timeout=timeout, clock=clock)
        self._awaited_source = source

    def _start_thread(self, refresh: PendingRefresh) -> None:
        """Do nothing: the caller that starts the refresh runs it."""

    async def _run_here(self, refresh: PendingRefresh) -> None:
        outcome: Credentials | Exception | None = None
        limit = None if math.isinf(self._timeout) else self._timeout
        try:
            with anyio.move_on_after(limit):
                outcome = self._check(await self._awaited_source())
        except Exception as error:  # noqa: BLE001 - it is raised in all callers that wait
            outcome = error
        except BaseException:
            self._give_up(refresh)
            raise
        if outcome is None:
            outcome = CredentialsTimeout(
                f"the source of credentials did not return within {self._timeout:g} s"
            )
        self._finish(refresh, outcome)

    def _give_up(self, refresh: PendingRefresh) -> None:
        """Have another caller start over: the one that ran the refresh was cancelled."""
        with self._lock():
            self._abandoned.discard(refresh)
            if self._refresh is refresh:
                self._refresh = None
        refresh.wake()

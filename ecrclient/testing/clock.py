"""The service's clock, which tests can move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

__all__ = ["Clock", "MovableClock", "as_movable", "check_moment", "utc_now"]

Clock: TypeAlias = Callable[[], datetime]
"""Returns the current time, with a timezone."""


def utc_now() -> datetime:
    """Return the current time of the machine's clock."""
    return datetime.now(UTC)


class MovableClock:
    """A clock that follows another one, and that a test can move and stop.

    ::

        ecr.clock.advance(days=31)
        ecr.clock.set(datetime(2030, 1, 1, tzinfo=UTC))
        ecr.clock.freeze()

    Every time that the service records or checks comes from this clock: pushes, scans,
    replications, lifecycle policies, storage classes, uploads, tokens and download URLs. It does
    not affect the time of the process or the times of signatures; for those, see ``signing_clock``
    of `InMemoryECR`.

    Args:
        source: The clock to follow; the machine's by default. If the source does not advance, as in
            ``MovableClock(lambda: datetime(2030, 1, 1, tzinfo=UTC))``, this clock advances only
            when a test moves it.
    """

    def __init__(self, source: Clock = utc_now) -> None:
        self._source = source
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        """Return the current time, in UTC.

        Raises:
            ValueError: the source returned a time without a timezone.
        """
        return check_moment(self._source(), "the clock's source").astimezone(UTC) + self._ahead

    def __repr__(self) -> str:
        return f"<MovableClock at {self()}>"

    def advance(
        self,
        by: timedelta = timedelta(0),
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> None:
        """Move the clock forward by the sum of the arguments; it continues to run from there.

        Args:
            by: The duration to add.
            days: Days of 24 hours.
            hours: Hours.
            minutes: Minutes.
            seconds: Seconds.

        Raises:
            ValueError: the sum is negative; `set` moves a clock back.
        """
        step = by + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if step < timedelta(0):
            raise ValueError(f"a clock cannot advance by {step}: use set() to move it back")
        self._ahead += step

    def set(self, moment: datetime) -> None:
        """Move the clock to *moment*; it continues to run from there.

        Args:
            moment: The new time, with a timezone. It may be in the past.

        Raises:
            ValueError: *moment* has no timezone.
        """
        self._ahead += check_moment(moment, "moment").astimezone(UTC) - self()

    def freeze(self) -> None:
        """Stop the clock at its current time; `advance` and `set` still move it."""
        moment = self()
        self._source, self._ahead = lambda: moment, timedelta(0)


def as_movable(clock: Clock) -> MovableClock:
    """Return *clock* itself if it can be moved, otherwise a movable clock that follows it."""
    return clock if isinstance(clock, MovableClock) else MovableClock(clock)


def check_moment(moment: datetime, name: str) -> datetime:
    """Return *moment* if it has a timezone.

    Raises:
        ValueError: *moment* has no timezone; the message names *name*.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{name} must have a timezone, as in datetime(..., tzinfo=UTC): {moment}")
    return moment

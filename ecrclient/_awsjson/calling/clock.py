"""The time to sign with: the local time, corrected by the ``Date`` of the service's responses.

A service refuses a signature whose time differs from its own by more than a few minutes (5, for
most services), and botocore reports that as an error. Here the difference is computed from the
``Date`` of the refusal, and is kept for the calls that follow.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecrclient._awsjson.protocol.errors import AWSClientError

__all__ = ["ServiceClock"]

# The time of the signature is wrong.
_TIME_CODES = frozenset({"RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"})
# The signature is wrong; its time is one of several possible reasons.
_SIGNATURE_CODES = frozenset({"AuthFailure", "InvalidSignatureException", "SignatureDoesNotMatch"})
_SUSPICIOUS = timedelta(minutes=4)
# Sums with the offset must stay within what a datetime can represent.
_YEARS = range(1000, 9001)


class ServiceClock:
    """An estimate of the service's time, shared by all calls of a client."""

    def __init__(self, local: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.local = local
        """Returns the local time (UTC), without a correction."""
        self.offset = timedelta(0)
        """The correction, which is added to the local time."""

    def now(self) -> datetime:
        """Return the time to sign with (UTC)."""
        return self.local() + self.offset if self.offset else self.local()

    def difference(self, date: str | None) -> timedelta | None:
        """Return how far the service's time is ahead of the local time.

        Args:
            date: The ``Date`` of a response that has just arrived.

        Returns:
            The difference; None if *date* is None, invalid, or not in the years 1000 to 9000.
        """
        try:
            service_time = parsedate_to_datetime(date or "")
            if service_time.year not in _YEARS:
                return None
            if service_time.tzinfo is None:
                service_time = service_time.replace(tzinfo=UTC)
            return service_time - self.local()
        except (ValueError, OverflowError):
            return None

    def learn(
        self, error: AWSClientError, difference: timedelta | None, signed_with: timedelta
    ) -> bool:
        """Correct the clock if a wrong time explains the error.

        Args:
            error: The error of the attempt.
            difference: The difference by the response's ``Date``; None if it has no valid one.
            signed_with: The offset when the request was signed. Another call may have corrected
                the clock since.

        Returns:
            Whether the clock was corrected, so that a retry makes sense.
        """
        code = getattr(error, "code", None)
        if difference is None or not (
            code in _TIME_CODES
            or (code in _SIGNATURE_CODES and abs(difference - signed_with) > _SUSPICIOUS)
        ):
            return False
        self.offset = difference
        return True

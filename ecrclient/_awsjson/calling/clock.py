"""The time to sign with: this machine's, corrected by what the service's answers say.

The service refuses a signature that is more than some minutes (5, for most services) away from its
own time. botocore leaves it at that. Here the ``Date`` of the refusing answer tells the difference,
which is kept for the calls that follow.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecrclient._awsjson.protocol.errors import AWSClientError

__all__ = ["ServiceClock"]

# The service has said that the time is wrong.
_TIME_CODES = frozenset({"RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"})
# The signature is wrong, for which the time is one reason among several.
_SIGNATURE_CODES = frozenset({"AuthFailure", "InvalidSignatureException", "SignatureDoesNotMatch"})
_SUSPICIOUS = timedelta(minutes=4)
# Sums with the offset must stay within what a datetime can represent.
_YEARS = range(1000, 9001)


class ServiceClock:
    """The service's time, as well as it is known; one for all calls of a client."""

    def __init__(self, local: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.local = local
        """This machine's time (UTC), right or wrong."""
        self.offset = timedelta(0)
        """What is added to this machine's time."""

    def now(self) -> datetime:
        """The time to sign with (UTC)."""
        return self.local() + self.offset

    def difference(self, date: str | None) -> timedelta | None:
        """How far ahead of this machine an answer that has just come is, by its ``Date``."""
        try:
            told = parsedate_to_datetime(date or "")
            if told.year not in _YEARS:
                return None
            return (told if told.tzinfo else told.replace(tzinfo=UTC)) - self.local()
        except (ValueError, OverflowError):
            # Not a date, or one beyond the calendar.
            return None

    def learn(
        self, error: AWSClientError, difference: timedelta | None, signed_with: timedelta
    ) -> bool:
        """Take over the difference if it explains the error; whether it does.

        Args:
            error: Why the request was refused.
            difference: What the answer's ``Date`` says; None when it says nothing.
            signed_with: The offset when the request was signed. Another call may have corrected
                the clock since.
        """
        code = getattr(error, "code", None)
        if difference is None or not (
            code in _TIME_CODES
            or (code in _SIGNATURE_CODES and abs(difference - signed_with) > _SUSPICIOUS)
        ):
            return False
        self.offset = difference
        return True

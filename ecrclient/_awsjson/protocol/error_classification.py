"""What an error's code and HTTP status say about sending the same request again.

Facts, no policy: ``ServiceError`` answers with them, and the retry loop asks the error. Source: the
checkers of botocore 1.44.5 (``botocore/retries/standard.py``); ``docs/retries.md`` lists where this
differs and why.
"""

from __future__ import annotations

__all__ = ["THROTTLING_CODES", "is_throttling", "is_transient"]

THROTTLING_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_TRANSIENT_CODES = frozenset({"RequestTimeout", "RequestTimeoutException"})
_TRANSIENT_STATUSES = frozenset({500, 502, 503, 504})
_TOO_MANY_REQUESTS = 429
# The name of a rate limit in some services, of a quota of things ("too many repositories") in
# others: those that list it among an operation's errors.
_QUOTA_CODE = "LimitExceededException"


def is_throttling(code: str, status: int, *, modelled: bool) -> bool:
    """Whether the service wants fewer requests.

    Args:
        code: The error's code.
        status: The HTTP status.
        modelled: The operation's model lists the code.
    """
    if modelled and code == _QUOTA_CODE:
        return False
    return code in THROTTLING_CODES or (status == _TOO_MANY_REQUESTS and not modelled)


def is_transient(code: str, status: int) -> bool:
    """Whether the failure is likely to pass by itself.

    An error in the body of a 2xx is: a service that works does not answer so, whatever the code.
    """
    success = 200 <= status < 300  # noqa: PLR2004 - the class of statuses, RFC 9110, section 15.3
    return success or status in _TRANSIENT_STATUSES or code in _TRANSIENT_CODES

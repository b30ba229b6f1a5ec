"""Classifies errors by code and HTTP status: throttling, transient, or neither.

``ServiceError`` has properties for the result, which the retry loop reads. Source: the checkers of
botocore 1.44.5 (``botocore/retries/standard.py``); ``docs/retries.md`` lists the differences and
their reasons.
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
# Some services use this code for a rate limit, others for a quota of resources; the latter list it
# among an operation's errors.
_QUOTA_CODE = "LimitExceededException"


def is_throttling(code: str, status: int, *, modelled: bool) -> bool:
    """Whether the service refused the request to limit the rate of requests.

    Args:
        code: The error's code.
        status: The HTTP status.
        modelled: Whether the operation's model lists the code.
    """
    if modelled and code == _QUOTA_CODE:
        return False
    return code in THROTTLING_CODES or (status == _TOO_MANY_REQUESTS and not modelled)


def is_transient(code: str, status: int) -> bool:
    """Whether a retry is likely to succeed.

    An error in the body of a 2xx response is transient, whatever its code, since no service that
    works responds in this way.
    """
    success = 200 <= status < 300  # noqa: PLR2004 - RFC 9110, section 15.3
    return success or status in _TRANSIENT_STATUSES or code in _TRANSIENT_CODES

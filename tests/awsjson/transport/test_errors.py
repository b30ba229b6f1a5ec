"""The attributes of transport errors."""

from __future__ import annotations

import pytest

from ecrclient._awsjson.transport.errors import (
    AttemptTimeout,
    ConnectError,
    ConnectTimeout,
    PoolTimeout,
    ReadError,
    ReadTimeout,
    ResponseTooLarge,
    TransportError,
    WriteError,
    WriteTimeout,
)
from ecrclient._awsjson.transport.response import too_large


def test_the_attributes_of_an_error() -> None:
    error = TransportError("broken")
    assert (str(error), error.operation, error.attempts) == ("broken", "", 1)
    error = TransportError("broken", operation="ListImages", attempts=3)
    assert (str(error), error.operation, error.attempts) == ("broken", "ListImages", 3)


@pytest.mark.parametrize(
    ("kind", "may_have_arrived", "is_retryable"),
    [
        (AttemptTimeout, True, True),
        (ConnectError, False, True),
        (ConnectTimeout, False, True),
        (PoolTimeout, False, False),
        (ReadError, True, True),
        (ReadTimeout, True, True),
        (ResponseTooLarge, True, False),
        (WriteError, True, True),
        (WriteTimeout, True, True),
    ],
)
def test_what_may_be_retried(
    kind: type[TransportError], may_have_arrived: bool, is_retryable: bool
) -> None:
    error = kind("broken")
    assert (error.may_have_arrived, error.is_retryable) == (may_have_arrived, is_retryable)


def test_the_message_for_a_large_response() -> None:
    assert too_large(5) == "the response is larger than 5 bytes"

"""The checks of credentials, and what is reported about a failure of their source."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ecrclient import Credentials, CredentialsError
from ecrclient._awsjson.credentials.base import described, harmless_cause

NOT_EMPTY = "must be a string that is not empty"
HEADER = "contains characters that a header must not contain"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", "secret"), f"access_key_id {NOT_EMPTY}"),
        ((None, "secret"), f"access_key_id {NOT_EMPTY}"),
        ((b"AKID", "secret"), f"access_key_id {NOT_EMPTY}"),
        (("AKID", ""), f"secret_access_key {NOT_EMPTY}"),
        (("AKID", " \t"), f"secret_access_key {NOT_EMPTY}"),
        (("AKID", 5), f"secret_access_key {NOT_EMPTY}"),
        *(
            (
                ("AKID", f"a{surrogate}b"),
                "secret_access_key contains a lone surrogate, which UTF-8 cannot encode",
            )
            for surrogate in ("\ud800", "\udabc", "\udfff")
        ),
        (("AKID\n", "secret"), f"access_key_id {HEADER}"),
        (("é", "secret"), f"access_key_id {HEADER}"),
        ((" AKID", "secret"), f"access_key_id {HEADER}"),
        (("AKID", "secret", "to\rken"), f"session_token {HEADER}"),
        (("AKID", "secret", "token "), f"session_token {HEADER}"),
        (("AKID", "secret", "ключ"), f"session_token {HEADER}"),
        (("AKID", "secret", 5), f"session_token {HEADER}"),
        (("AKID", "secret", None, "soon"), "expires_at must be a datetime, not str"),
        (("AKID", "secret", None, datetime(2026, 1, 1)), "expires_at must have a time zone"),  # noqa: DTZ001
    ],
)
def test_a_wrong_value_is_named(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        Credentials(*arguments)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "arguments",
    [
        ("AKID", "any \n \ue000 \ud7ff é"),
        ("AK ID", "secret", ""),
        ("AKID", "secret", None, datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_other_values_are_accepted(arguments: tuple[Any, ...]) -> None:
    assert Credentials(*arguments).access_key_id == arguments[0]


def test_only_known_messages_are_reported() -> None:
    assert described(CredentialsError("no key")) == "no key"
    secret = described(ValueError("AKID secret"))
    assert secret == "the source of credentials failed: ValueError"


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    error.__cause__ = cause
    return error


def during(error: BaseException, context: BaseException) -> BaseException:
    error.__context__ = context
    return error


REFUSED = json.JSONDecodeError("refused", "secret", 0)


@pytest.mark.parametrize(
    "error",
    [
        REFUSED,
        raised(OSError(), REFUSED),
        during(OSError(), REFUSED),
        raised(OSError(), raised(KeyError(), REFUSED)),
        during(raised(OSError(), KeyError()), REFUSED),
        during(raised(OSError(), REFUSED), KeyError()),
        ExceptionGroup("several", [OSError(), ValueError("secret")]),
        raised(OSError(), BaseExceptionGroup("several", [raised(OSError(), REFUSED)])),
    ],
)
def test_a_cause_that_may_contain_a_secret_is_dropped(error: BaseException) -> None:
    assert harmless_cause(error) is None


@pytest.mark.parametrize(
    "error",
    [
        None,
        OSError(),
        raised(OSError(), KeyError()),
        ExceptionGroup("several", [OSError(), KeyError()]),
    ],
)
def test_another_cause_is_kept(error: BaseException | None) -> None:
    assert harmless_cause(error) is error


def test_a_cycle_of_causes_ends() -> None:
    first, second = OSError(), KeyError()
    first.__cause__, second.__context__ = second, first
    assert harmless_cause(first) is first
    second.__cause__ = REFUSED
    assert harmless_cause(first) is None

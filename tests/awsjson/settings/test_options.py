"""``CallOptions``: what is set, and how options are merged."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from ecrclient import CallOptions, ConfigurationError, RetryPolicy
from ecrclient._awsjson.settings.options import changed_options

NOTHING = CallOptions()
ONCE = RetryPolicy(max_attempts=1)


def test_an_option_that_is_not_set_reads_as_its_default() -> None:
    options = CallOptions(deadline=9)
    assert (options.timeout, options.deadline) == (60, 9)
    assert (options.retry, options.pool_timeout) == (None, "timeout")


def test_a_default_that_is_passed_is_set() -> None:
    """It replaces the client's value, so the two are not equal."""
    assert CallOptions(timeout=60) != NOTHING
    assert CallOptions(timeout=60).set_values == {"timeout": 60}
    assert NOTHING.set_values == {}


def test_repr_shows_what_is_set() -> None:
    assert repr(CallOptions(None, pool_timeout=3)) == "CallOptions(timeout=None, pool_timeout=3)"
    assert repr(NOTHING) == "CallOptions()"


@pytest.mark.parametrize("options", [NOTHING, CallOptions(deadline=None, retry=ONCE)])
def test_copies_set_the_same(options: CallOptions) -> None:
    for same in (pickle.loads(pickle.dumps(options)), copy.deepcopy(options)):
        assert (same, hash(same), repr(same)) == (options, hash(options), repr(options))


CURRENT = CallOptions(timeout=5, deadline=30)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, CURRENT),
        ({"timeout": 3}, CallOptions(timeout=3, deadline=30)),
        ({"deadline": None}, CallOptions(timeout=5, deadline=None)),
        ({"pool_timeout": "timeout"}, CallOptions(5, 30, pool_timeout="timeout")),
        ({"retry": ONCE}, CallOptions(timeout=5, deadline=30, retry=ONCE)),
        ({"timeout": 1, "deadline": 2}, CallOptions(timeout=1, deadline=2)),
    ],
)
def test_options_and_keywords_merge_alike(changes: dict[str, Any], expected: CallOptions) -> None:
    given = CallOptions(**changes)
    assert changed_options(CURRENT, given, NOTHING) == expected
    assert changed_options(CURRENT, None, given) == expected


def test_options_together_with_keywords_are_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        changed_options(CURRENT, NOTHING, CallOptions(timeout=3, deadline=4))
    assert str(caught.value) == (
        "options must be passed alone, not together with timeout, deadline: pass a CallOptions or "
        "keywords"
    )

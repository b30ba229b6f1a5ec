"""The number of examples: few in every test run, many in ``nox -s conformance``."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

__all__ = ["FULL", "examples"]

FULL = os.environ.get("CONFORMANCE") == "full"
"""Whether this is the conformance session, which tries more examples and requires all data."""


def examples(quick: int, full: int) -> settings:
    """Try *quick* repeatable examples in a test run, or *full* random ones in the session."""
    return settings(
        max_examples=full if FULL else quick,
        derandomize=not FULL,
        deadline=None,
        print_blob=True,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.function_scoped_fixture,
        ],
    )

"""How hard to look: a little in every test run, much in ``nox -s conformance``."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

__all__ = ["FULL", "examples"]

FULL = os.environ.get("CONFORMANCE") == "full"
"""Whether this is the conformance session: more examples, and what it needs must be there."""


def examples(quick: int, full: int) -> settings:
    """So many examples: in every test run always the same, in the session new ones each time."""
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

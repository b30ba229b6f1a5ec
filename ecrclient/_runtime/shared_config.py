"""The only door to botocore: its session, for credentials and the shared configuration files.

botocore is imported at the first use, and whatever it does may block: call from a worker thread.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, TypeVar

from ecrclient._runtime.errors import ECRClientError

__all__ = ["ask_botocore", "open_session"]

T = TypeVar("T")


def open_session(profile: str | None) -> Any:
    """A ``botocore.session.Session``; botocore has no types, so what it gives is Any."""
    return importlib.import_module("botocore.session").Session(profile=profile)


def ask_botocore(question: Callable[[], T], failure: type[ECRClientError]) -> T:
    """The answer to *question*; botocore's own exceptions come out as *failure*."""
    botocore_error = importlib.import_module("botocore.exceptions").BotoCoreError
    try:
        return question()
    except botocore_error as error:
        raise failure(str(error)) from error

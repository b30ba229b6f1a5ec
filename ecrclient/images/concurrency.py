"""Task groups whose errors are raised as they are."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

import anyio

__all__ = ["single_error"]


@contextmanager
def single_error() -> Generator[None]:
    """Raise the first error of a task group instead of the group.

    The other tasks were cancelled because of it; what they raise meanwhile explains nothing.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        error = _first(group, anyio.get_cancelled_exc_class())
        raise error from error.__cause__


def _first(
    group: BaseExceptionGroup[BaseException], cancelled: type[BaseException]
) -> BaseException:
    errors = [error for error in group.exceptions if not isinstance(error, cancelled)]
    error = (errors or group.exceptions)[0]
    if isinstance(error, BaseExceptionGroup):
        return _first(cast("BaseExceptionGroup[BaseException]", error), cancelled)
    return error

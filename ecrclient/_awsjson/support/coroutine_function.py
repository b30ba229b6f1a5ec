"""Marks functions that return a coroutine although they are not ``async def``."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["coroutine_function"]

F = TypeVar("F", bound=Callable[..., Coroutine[Any, Any, object]])


def coroutine_function(function: F) -> F:
    """Make ``unittest.mock``, Starlette and others treat *function* as ``async def``.

    Before Python 3.12, ``asyncio.iscoroutinefunction`` finds the mark, and
    ``inspect.iscoroutinefunction`` does not.
    """
    if sys.version_info >= (3, 12):
        return inspect.markcoroutinefunction(function)
    # Private names, since asyncio has no public function for it.
    mark = "_is_coroutine"
    setattr(function, mark, getattr(asyncio.coroutines, mark))
    return function

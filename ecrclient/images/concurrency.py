"""Concurrent work whose errors are raised as they are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import contextmanager
from typing import TypeVar, cast

import anyio

__all__ = ["run_all", "single_error"]

T = TypeVar("T")


async def run_all(
    work: Callable[[T], Awaitable[None]], items: Iterable[T], limit: int | None = None
) -> None:
    """Do some work for each item, in concurrent tasks; the first error cancels the others.

    Args:
        work: What to do.
        items: The items.
        limit: The number of items at the same time; None: all.
    """
    left = iter(items)

    async def run(item: T) -> None:
        await work(item)

    async def run_some() -> None:
        for item in left:
            await work(item)

    with single_error():
        async with anyio.create_task_group() as tasks:
            if limit is None:
                for item in left:
                    tasks.start_soon(run, item)
            else:
                # A repository may have more blobs than the memory holds tasks.
                for _ in range(limit):
                    tasks.start_soon(run_some)


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

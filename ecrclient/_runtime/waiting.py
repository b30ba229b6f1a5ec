"""Waiters: poll an operation until a status ends the wait."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import anyio

from ecrclient._runtime.errors import (
    ConfigurationError,
    ServiceError,
    WaiterFailureError,
    WaiterTimeoutError,
)

if TYPE_CHECKING:
    from ecrclient._runtime.operation import ResponseT, Waiter

__all__ = ["wait"]

_JITTER = 0.2


async def wait(
    waiter: Waiter[ResponseT], poll: Callable[[], Awaitable[ResponseT]], *, max_wait: float
) -> ResponseT:
    """Poll until a status of *waiter* ends the wait; the answer that ended it.

    Args:
        waiter: What ends the wait.
        poll: One call of the operation.
        max_wait: Seconds at the most, polls included.

    Raises:
        WaiterTimeoutError: *max_wait* has passed.
        WaiterFailureError: a failure status was seen.
    """
    if not max_wait > 0:
        raise ConfigurationError(f"max_wait must be more than 0 seconds, not {max_wait!r}")
    last: ResponseT | None = None
    seen = "no answer yet"
    with anyio.move_on_after(max_wait):
        while True:
            try:
                last = await poll()
            except ServiceError as error:
                if error.code not in waiter.retry_errors:
                    raise
                seen = error.code
            else:
                status = _status(last, waiter.path)
                seen = f"{'.'.join(waiter.path)} is {status}"
                if status in waiter.success:
                    return last
                if status in waiter.failure:
                    raise WaiterFailureError(waiter.name, seen, last)
            # Waiters that were started together should not poll together for ever.
            await anyio.sleep(waiter.delay * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311
    raise WaiterTimeoutError(waiter.name, f"not done after {max_wait:g} s: {seen}", last)


def _status(response: object, path: tuple[str, ...]) -> str | None:
    value: Any = response
    for step in path:
        value = getattr(value, step, None)
    return None if value is None else str(value)

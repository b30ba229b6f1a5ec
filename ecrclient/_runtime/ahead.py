"""Reading ahead: what an iterator gives is fetched by a task while the last of it is consumed.

An async generator with a task in it leaks the task when its consumer breaks off. So the task lives
in an ``async with`` block: leaving the block, in whatever way, ends it and waits for its end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Generic, TypeVar

import anyio
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

__all__ = ["ReadAhead"]

T = TypeVar("T")


class ReadAhead(Generic[T]):
    """Iterate over *source* with at most *ahead* of its values fetched and not yet taken.

    An exception of the source is raised where the value would have been taken that it stands for.
    """

    def __init__(self, source: AsyncIterator[T], ahead: int) -> None:
        self._source = source
        # The one that the task holds out counts too.
        self._buffer = ahead - 1
        self._group: TaskGroup | None = None
        self._values: MemoryObjectReceiveStream[T | _Failed] | None = None

    async def __aenter__(self) -> AsyncIterator[T]:
        sending, receiving = anyio.create_memory_object_stream[T | _Failed](self._buffer)
        self._values = receiving
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        self._group.start_soon(self._read, sending)
        return _Values(receiving)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._group is not None
        assert self._values is not None
        self._group.cancel_scope.cancel()
        self._values.close()
        # The block's own exception is kept from the group, which would wrap it in another one; it
        # goes on its way as soon as this returns. The task gives its exceptions to the consumer.
        await self._group.__aexit__(None, None, None)

    async def _read(self, sending: MemoryObjectSendStream[T | _Failed]) -> None:
        with sending:
            try:
                async for value in self._source:
                    await sending.send(value)
            except Exception as error:  # noqa: BLE001 - it is raised where the consumer is
                await sending.send(_Failed(error))


class _Failed:
    """An exception on its way to the consumer."""

    def __init__(self, error: Exception) -> None:
        self.error = error


class _Values(AsyncIterator[T]):
    """What the consumer sees."""

    def __init__(self, values: MemoryObjectReceiveStream[T | _Failed]) -> None:
        self._values = values

    async def __anext__(self) -> T:
        try:
            value = await self._values.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None
        except anyio.ClosedResourceError:
            raise RuntimeError("the async with block that reads ahead has been left") from None
        if isinstance(value, _Failed):
            raise value.error
        return value

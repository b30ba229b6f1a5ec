"""Working ahead: values are fetched or made by tasks while the last of them is consumed.

An async generator with a task in it leaks the task when its consumer breaks off. So the tasks live
in an ``async with`` block: leaving the block, in whatever way, ends them and waits for their end.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any, Generic, TypeVar

import anyio
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

__all__ = ["MapAhead", "ReadAhead"]

S = TypeVar("S")
T = TypeVar("T")


class _Ahead(ABC, Generic[T]):
    """The block, and the stream from its tasks to the consumer.

    An exception of a task is raised where the value would have been taken that it stands for.
    """

    def __init__(self, buffer: float) -> None:
        self._buffer = buffer
        self._sending: MemoryObjectSendStream[Any]
        self._receiving: MemoryObjectReceiveStream[Any]
        self._tasks: TaskGroup

    async def __aenter__(self) -> AsyncIterator[T]:
        self._sending, self._receiving = anyio.create_memory_object_stream[Any](self._buffer)
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._tasks.start_soon(self._run)
        return _Values(self._receiving, self._take)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._tasks.cancel_scope.cancel()
        self._sending.close()
        self._receiving.close()
        # The block's own exception is kept from the group, which would wrap it in another one; it
        # goes on its way as soon as this returns. The tasks give theirs to the consumer.
        await self._tasks.__aexit__(None, None, None)

    async def _run(self) -> None:
        with self._sending:
            async with anyio.create_task_group() as tasks:
                try:
                    await self._produce(tasks)
                except Exception as error:  # noqa: BLE001 - it is raised where the consumer is
                    await self._sending.send(_Failed(error))

    @abstractmethod
    async def _produce(self, tasks: TaskGroup) -> None:
        """Send what the consumer shall receive; the stream ends when *tasks* have ended too."""

    @abstractmethod
    async def _take(self, received: Any) -> T:
        """The value that stands for what was received."""


class _Values(AsyncIterator[T]):
    """What the consumer sees."""

    def __init__(
        self, values: MemoryObjectReceiveStream[Any], take: Callable[[Any], Awaitable[T]]
    ) -> None:
        self._values = values
        self._take = take

    async def __anext__(self) -> T:
        try:
            received = await self._values.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None
        except anyio.ClosedResourceError:
            raise RuntimeError("the async with block that works ahead has been left") from None
        if isinstance(received, _Failed):
            raise received.error
        return await self._take(received)


class _Failed:
    """An exception on its way to the consumer."""

    def __init__(self, error: Exception) -> None:
        self.error = error


class ReadAhead(_Ahead[T]):
    """The values of *source*, at most *ahead* of them fetched and not yet taken."""

    def __init__(self, source: AsyncIterator[T], ahead: int) -> None:
        # The one that the task holds out counts too.
        super().__init__(ahead - 1)
        self._source = source

    async def _produce(self, tasks: TaskGroup) -> None:  # noqa: ARG002 - it is a task already
        async for value in self._source:
            await self._sending.send(value)

    async def _take(self, received: Any) -> T:
        value: T = received
        return value


class MapAhead(_Ahead[T], Generic[S, T]):
    """What *work* makes of each value of *source*; up to *concurrency* at once, or not yet taken.

    Args:
        source: The values.
        work: What is done with one of them, in a task of its own.
        concurrency: How many are worked on, or done and not yet taken.
        ordered: In the order of the source; False: whichever is done first.
    """

    def __init__(
        self,
        source: AsyncIterator[S],
        work: Callable[[S], Awaitable[T]],
        concurrency: int,
        *,
        ordered: bool,
    ) -> None:
        # The places below are what bounds it.
        super().__init__(math.inf)
        self._source = source
        self._work = work
        self._ordered = ordered
        self._concurrency = concurrency
        self._places: anyio.Semaphore

    async def _produce(self, tasks: TaskGroup) -> None:
        self._places = anyio.Semaphore(self._concurrency)
        # A place first: the source is not read further than needed.
        await self._places.acquire()
        async for value in self._source:
            job = _Job[T]()
            if self._ordered:
                self._sending.send_nowait(job)
            tasks.start_soon(self._do, value, job)
            await self._places.acquire()

    async def _do(self, value: S, job: _Job[T]) -> None:
        try:
            job.value = await self._work(value)
        except Exception as error:  # noqa: BLE001 - it is raised where the consumer is
            job.error = error
        job.done.set()
        if not self._ordered:
            self._sending.send_nowait(job)

    async def _take(self, received: _Job[T]) -> T:
        await received.done.wait()
        self._places.release()
        if received.error is not None:
            raise received.error
        return received.value


class _Job(Generic[T]):
    """Work that is under way or done."""

    value: T

    def __init__(self) -> None:
        self.done = anyio.Event()
        self.error: Exception | None = None

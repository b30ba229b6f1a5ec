"""Working ahead: tasks fetch or compute the next values while the consumer uses the last one.

An async generator that contains a task leaks it if its consumer stops early. The tasks therefore
belong to an ``async with`` block: leaving it cancels them and waits until they have ended.
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
    """The ``async with`` block, and the stream from its tasks to the consumer.

    The consumer receives an exception of a task in place of the value that the task failed to make.
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
        # The exception of the block is not passed to the group, which would wrap it; it propagates
        # when this method returns. Exceptions of the tasks go to the consumer.
        await self._tasks.__aexit__(None, None, None)

    async def _run(self) -> None:
        with self._sending:
            async with anyio.create_task_group() as tasks:
                try:
                    await self._produce(tasks)
                except Exception as error:  # noqa: BLE001 - raised in the consumer
                    await self._sending.send(_Failed(error))

    @abstractmethod
    async def _produce(self, tasks: TaskGroup) -> None:
        """Send the values for the consumer; the stream ends when *tasks* have ended too."""

    @abstractmethod
    async def _take(self, received: Any) -> T:
        """Convert what was received into the value for the consumer."""


class _Values(AsyncIterator[T]):
    """The iterator that the consumer uses."""

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
            raise RuntimeError(
                "the async with block of this iterator has ended; iterate inside it"
            ) from None
        if isinstance(received, _Failed):
            raise received.error
        return await self._take(received)


class _Failed:
    """An exception to raise in the consumer."""

    def __init__(self, error: Exception) -> None:
        self.error = error


class ReadAhead(_Ahead[T]):
    """The values of *source*, with at most *ahead* of them fetched before they are consumed."""

    def __init__(self, source: AsyncIterator[T], ahead: int) -> None:
        # The value that the task is waiting to send counts too.
        super().__init__(ahead - 1)
        self._source = source

    async def _produce(self, tasks: TaskGroup) -> None:  # noqa: ARG002 - one task is enough
        async for value in self._source:
            await self._sending.send(value)

    async def _take(self, received: Any) -> T:
        value: T = received
        return value


class MapAhead(_Ahead[T], Generic[S, T]):
    """The results of *work* for each value of *source*, computed concurrently.

    Args:
        source: The values.
        work: Computes the result for one value, in a separate task.
        concurrency: Maximum number of results in progress, or complete but not yet consumed.
        ordered: Whether the results keep the order of the source; if False, the first one that is
            complete comes first.
    """

    def __init__(
        self,
        source: AsyncIterator[S],
        work: Callable[[S], Awaitable[T]],
        concurrency: int,
        *,
        ordered: bool,
    ) -> None:
        # The semaphore bounds the stream.
        super().__init__(math.inf)
        self._source = source
        self._work = work
        self._ordered = ordered
        self._concurrency = concurrency
        self._slots: anyio.Semaphore

    async def _produce(self, tasks: TaskGroup) -> None:
        self._slots = anyio.Semaphore(self._concurrency)
        # Acquired before a value is read, so that the source is not read further than needed.
        await self._slots.acquire()
        async for value in self._source:
            job = _Job[T]()
            if self._ordered:
                self._sending.send_nowait(job)
            tasks.start_soon(self._do, value, job)
            await self._slots.acquire()

    async def _do(self, value: S, job: _Job[T]) -> None:
        try:
            job.value = await self._work(value)
        except Exception as error:  # noqa: BLE001 - raised in the consumer
            job.error = error
        job.done.set()
        if not self._ordered:
            self._sending.send_nowait(job)

    async def _take(self, received: _Job[T]) -> T:
        await received.done.wait()
        self._slots.release()
        if received.error is not None:
            raise received.error
        return received.value


class _Job(Generic[T]):
    """The result of one value's work, which may still be in progress."""

    value: T

    def __init__(self) -> None:
        self.done = anyio.Event()
        self.error: Exception | None = None

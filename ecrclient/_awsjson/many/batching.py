"""Batches: operations on a list of ids, for any number of ids.

The ids are split into chunks of the size that the service accepts in one call, and several calls
run concurrently. A failure in one chunk does not end the others: all results are kept, and all
failures are reported.
"""

from __future__ import annotations

from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from ecrclient._awsjson.many.ahead import MapAhead
from ecrclient._awsjson.many.coroutine import ReusableCoroutine
from ecrclient._awsjson.many.errors import BatchError, BatchFailure
from ecrclient._awsjson.many.partial_response import PartialResponse, failures_in, items_in
from ecrclient._awsjson.protocol.argument_checks import check_count
from ecrclient._awsjson.protocol.codec import build_request
from ecrclient._awsjson.protocol.errors import (
    AWSClientError,
    RequestValidationError,
    ValidationProblem,
)
from ecrclient._awsjson.protocol.shapes import Structure

if TYPE_CHECKING:
    from ecrclient._awsjson.calling.budget import Budget
    from ecrclient._awsjson.protocol.operation import Batch, Operation, ResponseT
    from ecrclient._awsjson.protocol.shapes import Request

__all__ = ["BatchResult", "Batches"]

ItemT = TypeVar("ItemT")
FailureT = TypeVar("FailureT")


class _Invoke(Protocol):
    """Send a request and return its response."""

    def __call__(
        self, operation: Operation[ResponseT], request: Request[ResponseT], budget: Budget
    ) -> Awaitable[ResponseT]: ...


@dataclass(frozen=True, slots=True)
class BatchResult(Generic[ItemT, FailureT]):
    """The outcome for all ids of a batch."""

    items: list[ItemT]
    """The items that succeeded; the chunks are in the order of the ids."""
    failures: list[BatchFailure[FailureT]]
    """The ids that the service reported as failed."""
    errors: list[AWSClientError]
    """The errors of calls that failed as a whole; a note on each has the range of its ids."""

    def raise_for_failures(self) -> list[ItemT]:
        """Return the items if nothing failed.

        Raises:
            BatchError: a group of the failures and errors; its ``succeeded`` contains the items.
        """
        if self.failures or self.errors:
            raise BatchError.of([*self.failures, *self.errors], self.items)
        return self.items


@dataclass(frozen=True, slots=True)
class _Chunk:
    """The ids of one call."""

    first: int
    """The index of the first of these ids among all ids."""
    ids: list[Any]
    request: Request[Any] | None = None
    """None if it has not been built yet."""


class Batches(ReusableCoroutine[list[ItemT]], Generic[ItemT, FailureT]):
    """The calls of an operation on any number of ids; nothing is sent before this is awaited.

    ``await`` returns the items, and raises if anything failed; :meth:`settled` returns items and
    failures; :meth:`stream` returns items as they arrive. The ids may be any iterable or async
    iterable. All ids of an iterable are validated before the first call is sent; an async iterable
    is read only as fast as its calls are sent.

    It is a coroutine, too, so a task can run it (``asyncio.create_task``, ``start_soon``): one task
    at a time. Batches that are never awaited cause a ``RuntimeWarning``.
    """

    __slots__ = ("_batch", "_ids", "_invoke", "_members", "_new_budget", "_operation")

    def __init__(
        self,
        operation: Operation[Any],
        members: Mapping[str, object],
        invoke: _Invoke,
        new_budget: Callable[[], Budget],
        qualname: str,
    ) -> None:
        assert operation.batch is not None
        self._operation = operation
        self._batch: Batch = operation.batch
        self._ids = members[self._batch.ids]
        self._members = members
        self._invoke = invoke
        self._new_budget = new_budget
        super().__init__(qualname)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._operation.method}>"

    def _start(self) -> Coroutine[Any, Any, list[ItemT]]:
        return self.run()

    async def run(self, *, concurrency: int | None = None) -> list[ItemT]:
        """Return all items; the chunks are in the order of the ids.

        Args:
            concurrency: Maximum number of concurrent calls, at least 1; None for the operation's
                default.

        Raises:
            RequestValidationError: an argument or id is invalid; nothing was sent.
            ConfigurationError: *concurrency* is not a whole number, or is less than 1.
            BatchError: something failed; its ``succeeded`` contains the items that did not.
        """
        return (await self.settled(concurrency=concurrency)).raise_for_failures()

    async def settled(self, *, concurrency: int | None = None) -> BatchResult[ItemT, FailureT]:
        """Return items, failures and errors, without raising the latter two.

        Args:
            concurrency: Maximum number of concurrent calls, at least 1; None for the operation's
                default.

        Raises:
            RequestValidationError: an argument or id is invalid; nothing was sent.
            ConfigurationError: *concurrency* is not a whole number, or is less than 1.
        """
        result: BatchResult[ItemT, FailureT] = BatchResult([], [], [])
        async with self._outcomes(concurrency, ordered=True) as outcomes:
            async for outcome in outcomes:
                _add(result, outcome)
        return result

    def stream(
        self, *, concurrency: int | None = None, ordered: bool = True
    ) -> AbstractAsyncContextManager[AsyncIterator[ItemT]]:
        """Iterate over the items while further calls run, within an ``async with`` block.

        ::

            async with batches.stream() as items:
                async for item in items:
                    ...

        Leaving the block, for whatever reason, cancels the calls in progress and waits until they
        have ended.

        Args:
            concurrency: Maximum number of concurrent calls, at least 1, including responses that
                are not consumed yet; None for the operation's default.
            ordered: Whether the chunks keep the order of the ids; if False, the first response
                comes first.

        Raises:
            RequestValidationError: an argument or id is invalid; nothing was sent.
            ConfigurationError: *concurrency* is not a whole number, or is less than 1.
            BatchError: something failed; raised after the last item.
        """
        return _Stream(self._outcomes(concurrency, ordered=ordered))

    def _outcomes(
        self, concurrency: int | None, *, ordered: bool
    ) -> MapAhead[_Chunk, BatchResult[ItemT, FailureT]]:
        self._is_used = True
        if concurrency is None:
            concurrency = self._batch.concurrency
        check_count("concurrency", concurrency)
        work = _Work(self._send, self._new_budget)
        return MapAhead(self._chunks(), work, concurrency, ordered=ordered)

    def _chunks(self) -> AsyncIterator[_Chunk]:
        ids, name, limit = self._ids, self._batch.ids, self._batch.limit
        kind = type(ids).__name__
        iterable = cast("Iterable[Any] | AsyncIterable[Any]", ids)
        if isinstance(iterable, AsyncIterable):
            return _AsyncChunks(aiter(iterable), limit)
        # Strings, mappings and models are iterable, but not as ids.
        if isinstance(ids, str | bytes | Mapping | Structure) or not hasattr(ids, "__iter__"):
            problem = ValidationProblem(name, f"must be an iterable of ids, not {kind}")
            raise RequestValidationError(self._operation.method, (problem,))
        chunks = _split(iterable, limit)
        return _PreparedChunks([_Chunk(c.first, c.ids, self._build(c)) for c in chunks])

    def _build(self, chunk: _Chunk) -> Request[Any]:
        try:
            return build_request(self._operation, {**self._members, self._batch.ids: chunk.ids})
        except RequestValidationError as error:
            raise _renumbered(error, self._batch.ids, chunk.first) from None

    async def _send(self, chunk: _Chunk, budget: Budget) -> BatchResult[ItemT, FailureT]:
        """Send one call; its failures and errors are returned, not raised."""
        try:
            request = chunk.request or self._build(chunk)
            response = await self._invoke(self._operation, request, budget)
        except AWSClientError as error:
            last = chunk.first + len(chunk.ids) - 1
            error.add_note(f"{self._batch.ids} {chunk.first} to {last}, counted from 0")
            return BatchResult([], [], [error])
        assert isinstance(response, PartialResponse)
        return BatchResult(items_in(response), list(failures_in(response)), [])


def _renumbered(error: RequestValidationError, ids: str, first: int) -> RequestValidationError:
    """The same error with the index of an id among all ids, not within its chunk."""

    def renumber(problem: ValidationProblem) -> ValidationProblem:
        head, bracket, rest = problem.member.partition("[")
        number, end, tail = rest.partition("]")
        if head != ids or not bracket:
            return problem
        return ValidationProblem(f"{ids}[{int(number) + first}{end}{tail}", problem.message)

    return RequestValidationError(error.operation, tuple(map(renumber, error.problems)))


def _add(result: BatchResult[ItemT, FailureT], outcome: BatchResult[ItemT, FailureT]) -> None:
    result.items.extend(outcome.items)
    result.failures.extend(outcome.failures)
    result.errors.extend(outcome.errors)


def _split(ids: Iterable[Any], limit: int) -> Iterator[_Chunk]:
    """Split the ids into chunks of *limit*; the last one may be smaller."""
    listed = list(ids)
    for first in range(0, len(listed), limit):
        yield _Chunk(first, listed[first : first + limit])


class _PreparedChunks(AsyncIterator[_Chunk]):
    """Chunks that were built before the first call."""

    def __init__(self, chunks: Iterable[_Chunk]) -> None:
        self._chunks = iter(chunks)

    async def __anext__(self) -> _Chunk:
        for chunk in self._chunks:
            return chunk
        raise StopAsyncIteration


class _AsyncChunks(AsyncIterator[_Chunk]):
    """Chunks of the ids of an async iterable."""

    def __init__(self, ids: AsyncIterator[Any], limit: int) -> None:
        self._ids = ids
        self._limit = limit
        self._count = 0

    async def __anext__(self) -> _Chunk:
        ids: list[Any] = []
        async for each in self._ids:
            ids.append(each)
            if len(ids) == self._limit:
                break
        if not ids:
            raise StopAsyncIteration
        chunk = _Chunk(self._count, ids)
        self._count += len(ids)
        return chunk


class _Work(Generic[ItemT, FailureT]):
    """Sends the chunks; they share the deadline of one call."""

    def __init__(
        self,
        send: Callable[[_Chunk, Budget], Awaitable[BatchResult[ItemT, FailureT]]],
        new_budget: Callable[[], Budget],
    ) -> None:
        self._send = send
        self._new_budget = new_budget
        self._budget: Budget | None = None

    async def __call__(self, chunk: _Chunk) -> BatchResult[ItemT, FailureT]:
        if self._budget is None:
            self._budget = self._new_budget()
        return await self._send(chunk, self._budget.branch())


class _Stream(AbstractAsyncContextManager[AsyncIterator[ItemT]], Generic[ItemT, FailureT]):
    """The ``async with`` block in which items are streamed."""

    def __init__(self, outcomes: MapAhead[_Chunk, BatchResult[ItemT, FailureT]]) -> None:
        self._outcomes = outcomes

    async def __aenter__(self) -> AsyncIterator[ItemT]:
        return _Items(await self._outcomes.__aenter__())

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._outcomes.__aexit__(exc_type, exc, traceback)


class _Items(AsyncIterator[ItemT]):
    """The items of the outcomes; after the last one, the failures are raised."""

    def __init__(self, outcomes: AsyncIterator[BatchResult[ItemT, Any]]) -> None:
        self._outcomes = outcomes
        self._items: Iterator[ItemT] = iter(())
        self._failed: list[AWSClientError] = []

    async def __anext__(self) -> ItemT:
        while True:
            for item in self._items:
                return item
            try:
                outcome = await anext(self._outcomes)
            except StopAsyncIteration:
                if self._failed:
                    failed, self._failed = self._failed, []
                    raise BatchError.of(failed, ()) from None
                raise
            self._items = iter(outcome.items)
            self._failed += [*outcome.failures, *outcome.errors]

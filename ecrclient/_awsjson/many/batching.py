"""Operations on a list of ids, with any number of them.

The ids are cut into chunks of what the service takes in one call, and several calls are under way
at once. What fails in one chunk ends no other: everything that succeeds is kept, and everything
that fails is told.
"""

from __future__ import annotations

from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from ecrclient._awsjson.many.ahead import MapAhead
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
    """Send a request; its answer."""

    def __call__(
        self, operation: Operation[ResponseT], request: Request[ResponseT], budget: Budget
    ) -> Awaitable[ResponseT]: ...


@dataclass(frozen=True, slots=True)
class BatchResult(Generic[ItemT, FailureT]):
    """What has become of all the ids."""

    items: list[ItemT]
    """What has succeeded, in the order of the ids, chunk by chunk."""
    failures: list[BatchFailure[FailureT]]
    """The ids that the service reported as failed."""
    errors: list[AWSClientError]
    """Calls that failed as a whole; a note on each tells which ids it was for."""

    def raise_for_failures(self) -> list[ItemT]:
        """The items, if nothing has failed.

        Raises:
            BatchError: a group of the failures and errors; it has the items too (``succeeded``).
        """
        if self.failures or self.errors:
            raise BatchError.of([*self.failures, *self.errors], self.items)
        return self.items


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Some of the ids."""

    first: int
    """The place of its first id among all of them, from 0."""
    ids: list[Any]
    request: Request[Any] | None = None
    """None when it is still to be built."""


class Batches(Generic[ItemT, FailureT]):
    """What an operation on any number of ids returns; nothing is sent before it is awaited.

    ``await`` gives the items, and raises if anything has failed; :meth:`settled` gives items and
    failures side by side; :meth:`stream` gives items as they come. The ids may be any iterable or
    async iterable. Those of the former are all checked before the first is sent; the latter is read
    as far as there are calls to be made.
    """

    __slots__ = ("_batch", "_ids", "_invoke", "_members", "_new_budget", "_operation")

    def __init__(
        self,
        operation: Operation[Any],
        members: Mapping[str, object],
        invoke: _Invoke,
        new_budget: Callable[[], Budget],
    ) -> None:
        assert operation.batch is not None
        self._operation = operation
        self._batch: Batch = operation.batch
        self._ids = members[self._batch.ids]
        self._members = members
        self._invoke = invoke
        self._new_budget = new_budget

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._operation.method}>"

    def __await__(self) -> Generator[Any, Any, list[ItemT]]:
        return self.run().__await__()

    async def run(self, *, concurrency: int | None = None) -> list[ItemT]:
        """All items, in the order of the ids, chunk by chunk.

        Args:
            concurrency: Calls at once; None: what suits the operation.

        Raises:
            RequestValidationError: an argument or id is wrong; nothing was sent.
            BatchError: something has failed; what has succeeded is its ``succeeded``.
        """
        return (await self.settled(concurrency=concurrency)).raise_for_failures()

    async def settled(self, *, concurrency: int | None = None) -> BatchResult[ItemT, FailureT]:
        """Items, failures and errors, without an exception for the latter two.

        Args:
            concurrency: Calls at once; None: what suits the operation.

        Raises:
            RequestValidationError: an argument or id is wrong; nothing was sent.
        """
        result: BatchResult[ItemT, FailureT] = BatchResult([], [], [])
        async with self._outcomes(concurrency, ordered=True) as outcomes:
            async for outcome in outcomes:
                _add(result, outcome)
        return result

    def stream(
        self, *, concurrency: int | None = None, ordered: bool = True
    ) -> AbstractAsyncContextManager[AsyncIterator[ItemT]]:
        """The items one by one, while further calls are under way, within an ``async with`` block.

        ::

            async with ecr.get_images(repository_name="team/app", image_ids=ids).stream() as images:
                async for image in images:
                    ...

        However the block is left, the calls that were under way have ended then.

        Args:
            concurrency: Calls at once, answers that wait to be consumed included; None: what suits
                the operation.
            ordered: In the order of the ids, chunk by chunk; False: as the answers come.

        Raises:
            RequestValidationError: an argument or id is wrong; nothing was sent.
            BatchError: something has failed; it is raised when all items have been given.
        """
        return _Stream(self._outcomes(concurrency, ordered=ordered))

    def _outcomes(
        self, concurrency: int | None, *, ordered: bool
    ) -> MapAhead[_Chunk, BatchResult[ItemT, FailureT]]:
        if concurrency is None:
            concurrency = self._batch.concurrency
        check_count("concurrency", concurrency)
        work = _Work(self._send, self._new_budget)
        return MapAhead(self._chunks(), work, concurrency, ordered=ordered)

    def _chunks(self) -> AsyncIterator[_Chunk]:
        ids, name, limit = self._ids, self._batch.ids, self._batch.limit
        kind = type(ids).__name__
        several = cast("Iterable[Any] | AsyncIterable[Any]", ids)
        if isinstance(several, AsyncIterable):
            return _AsyncChunks(aiter(several), limit)
        # Some things can be iterated that are not several ids.
        if isinstance(ids, str | bytes | Mapping | Structure) or not hasattr(ids, "__iter__"):
            problem = ValidationProblem(name, f"must be several ids, not {kind}")
            raise RequestValidationError(self._operation.method, (problem,))
        chunks = _cut(several, limit)
        return _Listed([_Chunk(c.first, c.ids, self._build(c)) for c in chunks])

    def _build(self, chunk: _Chunk) -> Request[Any]:
        try:
            return build_request(self._operation, {**self._members, self._batch.ids: chunk.ids})
        except RequestValidationError as error:
            raise _placed(error, self._batch.ids, chunk.first) from None

    async def _send(self, chunk: _Chunk, budget: Budget) -> BatchResult[ItemT, FailureT]:
        """One call; what fails in it is told and not raised."""
        try:
            request = chunk.request or self._build(chunk)
            answer = await self._invoke(self._operation, request, budget)
        except AWSClientError as error:
            last = chunk.first + len(chunk.ids) - 1
            error.add_note(f"{self._batch.ids} {chunk.first} to {last}, counted from 0")
            return BatchResult([], [], [error])
        assert isinstance(answer, PartialResponse)
        return BatchResult(items_in(answer), list(failures_in(answer)), [])


def _placed(error: RequestValidationError, ids: str, first: int) -> RequestValidationError:
    """The error with the place of an id among all of them, not within its chunk."""

    def place(problem: ValidationProblem) -> ValidationProblem:
        head, bracket, rest = problem.member.partition("[")
        number, end, tail = rest.partition("]")
        if head != ids or not bracket:
            return problem
        return ValidationProblem(f"{ids}[{int(number) + first}{end}{tail}", problem.message)

    return RequestValidationError(error.operation, tuple(map(place, error.problems)))


def _add(result: BatchResult[ItemT, FailureT], outcome: BatchResult[ItemT, FailureT]) -> None:
    result.items.extend(outcome.items)
    result.failures.extend(outcome.failures)
    result.errors.extend(outcome.errors)


def _cut(ids: Iterable[Any], limit: int) -> Iterator[_Chunk]:
    """Chunks of *limit* ids, the last one of what is left."""
    listed = list(ids)
    for first in range(0, len(listed), limit):
        yield _Chunk(first, listed[first : first + limit])


class _Listed(AsyncIterator[_Chunk]):
    """Chunks that are there already."""

    def __init__(self, chunks: Iterable[_Chunk]) -> None:
        self._chunks = iter(chunks)

    async def __anext__(self) -> _Chunk:
        for chunk in self._chunks:
            return chunk
        raise StopAsyncIteration


class _AsyncChunks(AsyncIterator[_Chunk]):
    """Chunks of ids that come one by one."""

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
    """Sends chunks, all within the time of one call."""

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
    """The block in which items are streamed."""

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
    """The items of the outcomes; at their end, what has failed."""

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

"""Paginated operations: one object to await (a page) or to iterate (items, or pages).

The walks are classes and not async generators: one that is broken off leaves nothing suspended.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping
from operator import attrgetter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from ecrclient._awsjson.many.ahead import ReadAhead
from ecrclient._awsjson.many.errors import PaginationError
from ecrclient._awsjson.protocol.argument_checks import check_count

if TYPE_CHECKING:
    from ecrclient._awsjson.calling.budget import Budget
    from ecrclient._awsjson.protocol.operation import Operation, Pagination, ResponseT
    from ecrclient._awsjson.protocol.shapes import Response

__all__ = ["Paginator", "PrefetchingPaginator"]

PageT = TypeVar("PageT", bound="Response")
ItemT = TypeVar("ItemT")


class _CallOperation(Protocol):
    """One call of an operation, within the time of the walk that it belongs to."""

    def __call__(
        self,
        operation: Operation[ResponseT],
        members: Mapping[str, object],
        budget: Budget | None = None,
    ) -> Awaitable[ResponseT]: ...


class _Walkable(ABC, Generic[PageT, ItemT]):
    """Items and pages, whichever way the pages come."""

    __slots__ = ()
    _pagination: Pagination

    @abstractmethod
    def pages(self) -> AsyncIterator[PageT]:
        """The pages."""

    def __aiter__(self) -> AsyncIterator[ItemT]:
        return _Items(self.pages(), self._pagination)

    async def collect(self, limit: int | None = None) -> list[ItemT]:
        """The items as a list: all of them, or the first *limit*.

        Raises:
            ConfigurationError: *limit* is not a whole number.
        """
        check_count("limit", limit, minimum=-math.inf, none=True)
        items: list[ItemT] = []
        if limit is not None and limit <= 0:
            return items
        async for page in self.pages():
            items.extend(_items_of(page, self._pagination))
            if limit is not None and len(items) >= limit:
                del items[limit:]
                break
        return items

    async def first(self) -> ItemT | None:
        """The first item, or None when there is none."""
        items = await self.collect(limit=1)
        return items[0] if items else None


class Paginator(_Walkable[PageT, ItemT]):
    """What a paginated operation returns; nothing is sent before it is awaited or iterated.

    ``await`` gives one page; ``async for`` gives every item of every page; :meth:`pages` gives the
    pages. Each use starts afresh, from the token that the call named or from the beginning. The
    size of a page is the operation's ``max_results``.
    """

    __slots__ = ("_budget", "_call", "_members", "_operation", "_pagination")

    def __init__(
        self,
        operation: Operation[PageT],
        members: Mapping[str, object],
        call: _CallOperation,
        budget: Callable[[], Budget],
    ) -> None:
        assert operation.pagination is not None
        self._operation = operation
        self._pagination = operation.pagination
        self._members = members
        self._call = call
        self._budget = budget

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._operation.method}>"

    def __await__(self) -> Generator[Any, Any, PageT]:
        return self._call(self._operation, self._members).__await__()

    def pages(self) -> AsyncIterator[PageT]:
        """Every page, in order; an empty one does not end it.

        The ``next_token`` of a page is where a later walk goes on: pass it to the method, as
        ``next_token=``.

        Raises:
            PaginationError: the service gave a token that it had given before.
            DeadlineExceeded: the walk has taken longer than ``CallOptions.deadline``, which begins
                with its first page and includes what the consumer does in between.
        """
        return _Pages(self._operation, self._members, self._call, self._budget)

    def prefetch(self, pages: int = 1) -> PrefetchingPaginator[PageT, ItemT]:
        """Fetch pages ahead while others are consumed, within an ``async with`` block.

        ::

            async with ecr.describe_images(repository_name="team/app").prefetch() as images:
                async for image in images:
                    ...

        The block is what keeps the fetching task from outliving its consumer: however it is left,
        the task has ended and pages that were not consumed are dropped.

        Args:
            pages: How many pages, at the most, are fetched and not yet consumed; 1 lets the next
                one come while this one is worked on.

        Raises:
            ConfigurationError: *pages* is not a whole number, or less than 1.
        """
        check_count("pages", pages)
        return PrefetchingPaginator(self.pages(), pages, self._pagination)


class PrefetchingPaginator(_Walkable[PageT, ItemT]):
    """One walk that runs ahead of its consumer; made by :meth:`Paginator.prefetch`."""

    __slots__ = ("_ahead", "_pages", "_pagination")

    def __init__(self, source: AsyncIterator[PageT], ahead: int, pagination: Pagination) -> None:
        self._pagination = pagination
        self._ahead = ReadAhead(source, ahead)
        self._pages: AsyncIterator[PageT] | None = None

    async def __aenter__(self) -> Self:
        if self._pages is not None:
            raise RuntimeError("a prefetching walk can be walked once; call prefetch() again")
        self._pages = await self._ahead.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._ahead.__aexit__(exc_type, exc, traceback)

    def pages(self) -> AsyncIterator[PageT]:
        """The pages that have not been consumed yet, in order; errors as :meth:`Paginator.pages`.

        Whoever iterates, over pages or items, goes on where the last one stopped, page by page.
        """
        if self._pages is None:
            raise RuntimeError("pages are fetched ahead only within: async with ....prefetch()")
        return self._pages


class _Pages(AsyncIterator[PageT]):
    """One walk over the pages."""

    def __init__(
        self,
        operation: Operation[PageT],
        members: Mapping[str, object],
        call: _CallOperation,
        budget: Callable[[], Budget],
    ) -> None:
        assert operation.pagination is not None
        self._operation = operation
        self._input = operation.pagination.input_token
        self._token_of = attrgetter(operation.pagination.output_token)
        self._members = members
        self._call = call
        self._new_budget = budget
        self._budget: Budget | None = None
        self._seen: set[object] = set()
        self._ended = False

    async def __anext__(self) -> PageT:
        if self._ended:
            raise StopAsyncIteration
        token = self._members.get(self._input)
        if token in self._seen:
            self._ended = True
            name = self._operation.name
            raise PaginationError(f"{name}: the service repeated a page token; stopped there")
        if self._budget is None:
            self._budget = self._new_budget()
        page = await self._call(self._operation, self._members, self._budget)
        self._budget.stopwatch.enter("between")
        self._seen.add(token)
        following = self._token_of(page)
        self._ended = not following
        self._members = {**self._members, self._input: following}
        return page


class _Items(AsyncIterator[ItemT]):
    """One walk over the items of the pages."""

    def __init__(self, pages: AsyncIterator[Any], pagination: Pagination) -> None:
        self._pages = pages
        self._pagination = pagination
        self._page: Iterator[ItemT] = iter(())

    async def __anext__(self) -> ItemT:
        while True:
            for item in self._page:
                return item
            page = await anext(self._pages)
            self._page = iter(_items_of(page, self._pagination))


def _items_of(page: Response, pagination: Pagination) -> list[Any]:
    """The items that one page holds, of every kind."""
    found: list[Any] = []
    for path in pagination.items:
        value: Any = page
        for step in path:
            value = getattr(value, step, None)
        found.extend(value or ())
    return found

"""Pagination: one object to await (a page) or to iterate (items or pages).

The iterators are classes, not async generators: one that is not exhausted leaves nothing suspended.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar, cast

from pydantic_core import to_json

from ecrclient._awsjson.many.ahead import ReadAhead
from ecrclient._awsjson.many.coroutine import ReusableCoroutine
from ecrclient._awsjson.many.errors import PaginationError
from ecrclient._awsjson.many.page_sizes import PageSizes, all_items, at_most, growing
from ecrclient._awsjson.protocol.argument_checks import check_count
from ecrclient._awsjson.protocol.paths import find

if TYPE_CHECKING:
    from ecrclient._awsjson.calling.budget import Budget
    from ecrclient._awsjson.protocol.operation import Operation, Pagination, ResponseT
    from ecrclient._awsjson.protocol.shapes import Response

__all__ = ["Paginator", "PrefetchingPaginator"]

PageT = TypeVar("PageT", bound="Response")
ItemT = TypeVar("ItemT")


class _CallOperation(Protocol):
    """Call an operation, within the deadline of the iteration that the call belongs to."""

    def __call__(
        self,
        operation: Operation[ResponseT],
        members: Mapping[str, object],
        budget: Budget | None = None,
    ) -> Coroutine[Any, Any, ResponseT]: ...


class _ItemsAndPages(ABC, Generic[PageT, ItemT]):
    """Iteration over items, on top of the pages."""

    __slots__ = ()
    _pagination: Pagination

    @abstractmethod
    def pages(self) -> AsyncIterator[PageT]:
        """The pages."""

    def _pages_for(self, limit: int | None) -> AsyncIterator[PageT]:  # noqa: ARG002 - for Paginator
        """The pages for a caller who needs *limit* items; None: all of them."""
        return self.pages()

    def __aiter__(self) -> AsyncIterator[ItemT]:
        return _Items(self.pages(), self._pagination)

    async def collect(self, limit: int | None = None) -> list[ItemT]:
        """Return the items as a list.

        Unless the call names a page size, it asks for the largest pages of the operation, or for
        as many items as are missing.

        Args:
            limit: Maximum number of items; None for all of them. Nothing is sent if it is less than
                1.

        Raises:
            ConfigurationError: *limit* is not a whole number.
        """
        pages = self._pages_for(None)
        check_count("limit", limit, minimum=-math.inf, none=True)
        items: list[ItemT] = []
        if limit is not None:
            if limit <= 0:
                return items
            pages = self._pages_for(limit)
        async for page in pages:
            items.extend(_items_of(page, self._pagination))
            if limit is not None and len(items) >= limit:
                del items[limit:]
                break
        return items

    async def first(self) -> ItemT | None:
        """Return the first item, or None if there are no items."""
        items = await self.collect(limit=1)
        return items[0] if items else None


class Paginator(ReusableCoroutine[PageT], _ItemsAndPages[PageT, ItemT]):
    """A call of a paginated operation; nothing is sent before it is awaited or iterated.

    ``await`` returns one page; ``async for`` iterates over every item of every page; `pages`
    iterates over the pages. Each use starts again, from the page token passed to the method or from
    the first page.

    It is a coroutine, too, so a task can run it (``asyncio.create_task``, ``start_soon``): one task
    at a time. A paginator that is neither awaited nor iterated causes a ``RuntimeWarning``.
    """

    __slots__ = ("_budget", "_call", "_members", "_operation", "_pagination")

    def __init__(
        self,
        operation: Operation[PageT],
        members: Mapping[str, object],
        call: _CallOperation,
        budget: Callable[[], Budget],
        qualname: str,
    ) -> None:
        assert operation.pagination is not None
        self._operation = operation
        self._pagination = operation.pagination
        self._members = members
        self._call = call
        self._budget = budget
        super().__init__(qualname)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._operation.method}>"

    def _start(self) -> Coroutine[Any, Any, PageT]:
        return self._call(self._operation, self._members)

    def pages(self) -> AsyncIterator[PageT]:
        """Iterate over the pages in order; an empty page does not end the iteration.

        Unless the call names a page size, the first page has the service's default size and the
        others the largest one.

        To continue from a page later, pass its ``next_token`` to the method as ``next_token=``.

        Raises:
            PaginationError: the service repeated a page token.
            DeadlineExceeded: the iteration took longer than ``CallOptions.deadline``, which starts
                with the first page and includes the consumer's time between pages.
        """
        return self._new_pages(growing(self._pagination, self._members))

    def _pages_for(self, limit: int | None) -> AsyncIterator[PageT]:
        if limit is None:
            return self._new_pages(all_items(self._pagination, self._members))
        return self._new_pages(at_most(self._pagination, self._members, limit))

    def _new_pages(self, sizes: PageSizes) -> AsyncIterator[PageT]:
        self._is_used = True
        return _Pages(self._operation, self._members, self._call, self._budget, sizes)

    def prefetch(self, pages: int = 1) -> PrefetchingPaginator[PageT, ItemT]:
        """Fetch pages ahead while others are consumed, within an ``async with`` block.

        ::

            async with paginator.prefetch() as items:
                async for item in items:
                    ...

        Leaving the block, for whatever reason, ends the task that fetches pages and discards the
        pages that were not consumed.

        Args:
            pages: Maximum number of pages that are fetched but not yet consumed, at least 1; with
                1, the next page is fetched while the current one is consumed.

        Raises:
            ConfigurationError: *pages* is not a whole number, or is less than 1.
        """
        source = self.pages()
        check_count("pages", pages)
        return PrefetchingPaginator(source, pages, self._pagination)


class PrefetchingPaginator(_ItemsAndPages[PageT, ItemT]):
    """An iteration that fetches pages ahead of its consumer; see `Paginator.prefetch`."""

    __slots__ = ("_ahead", "_pages", "_pagination")

    def __init__(self, source: AsyncIterator[PageT], ahead: int, pagination: Pagination) -> None:
        self._pagination = pagination
        self._ahead = ReadAhead(source, ahead)
        self._pages: AsyncIterator[PageT] | None = None

    async def __aenter__(self) -> Self:
        if self._pages is not None:
            raise RuntimeError(
                "a prefetching paginator can be entered only once; call prefetch() again"
            )
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
        """Iterate over the pages that are not consumed yet, in order.

        All iterators over pages or items share the pages: each page goes to one of them. The errors
        are those of `Paginator.pages`.
        """
        if self._pages is None:
            raise RuntimeError(
                "a prefetching paginator must be iterated within its async with block"
            )
        return self._pages


class _Pages(AsyncIterator[PageT]):
    """One iteration over the pages."""

    def __init__(
        self,
        operation: Operation[PageT],
        members: Mapping[str, object],
        call: _CallOperation,
        budget: Callable[[], Budget],
        sizes: PageSizes,
    ) -> None:
        assert operation.pagination is not None
        self._operation = operation
        self._pagination = operation.pagination
        self._members = members
        self._call = call
        self._new_budget = budget
        self._sizes = sizes
        self._budget: Budget | None = None
        self._seen: set[object] = set()
        self._ended = False

    async def __anext__(self) -> PageT:
        if self._ended:
            raise StopAsyncIteration
        pagination = self._pagination
        token = _comparable(self._members.get(pagination.input_token))
        if token in self._seen:
            self._ended = True
            name = self._operation.name
            raise PaginationError(
                f"{name}: the service repeated a page token, so iteration stopped"
            )
        if self._budget is None:
            self._budget = self._new_budget()
        members = self._members
        if self._sizes.size is not None and pagination.limit is not None:
            members = {**members, pagination.limit: self._sizes.size}
        page = await self._call(self._operation, members, self._budget)
        self._budget.stopwatch.enter("between")
        self._seen.add(token)
        self._sizes.received(len(_items_of(page, pagination)))
        following = find(page, pagination.output_token)
        has_more = pagination.more is None or find(page, pagination.more)
        self._ended = not (following and has_more)
        self._members = {**self._members, pagination.input_token: following}
        return page


def _comparable(token: object) -> object:
    """A value that is equal for equal tokens; some services have maps as tokens."""
    return token if isinstance(token, Hashable) else to_json(token)


class _Items(AsyncIterator[ItemT]):
    """One iteration over the items of the pages."""

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
    """The items of one page, of every kind."""
    found: list[Any] = []
    for path in pagination.items:
        value: Any = page
        for step in path:
            value = getattr(value, step, None)
        match value:
            case None:
                pass
            case list():
                found += cast("list[object]", value)
            case dict():
                found += cast("dict[str, object]", value).items()
            case _:
                found.append(value)
    return found

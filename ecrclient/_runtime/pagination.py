"""Paginated operations: one object to await (a page) or to iterate (items, or pages).

The walks are classes and not async generators: one that is broken off leaves nothing suspended.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ecrclient._runtime.errors import PaginationError

if TYPE_CHECKING:
    from ecrclient._runtime.operation import Operation, Pagination
    from ecrclient._runtime.shapes import Response

__all__ = ["Paginator"]

PageT = TypeVar("PageT", bound="Response")
ItemT = TypeVar("ItemT")


class Paginator(Generic[PageT, ItemT]):
    """What a paginated operation returns; nothing is sent before it is awaited or iterated.

    ``await`` gives one page; ``async for`` gives every item of every page; :meth:`pages` gives the
    pages. Each use starts afresh, from the token that the call named or from the beginning.
    """

    __slots__ = ("_call", "_members", "_operation", "_pagination")

    def __init__(
        self,
        operation: Operation[PageT],
        members: dict[str, object],
        call: Callable[[Operation[PageT], dict[str, object]], Awaitable[PageT]],
    ) -> None:
        assert operation.pagination is not None
        self._operation = operation
        self._pagination = operation.pagination
        self._members = members
        self._call = call

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._operation.method}>"

    def __await__(self) -> Generator[Any, Any, PageT]:
        return self._call(self._operation, self._members).__await__()

    def __aiter__(self) -> AsyncIterator[ItemT]:
        return _Items(self.pages(), self._pagination)

    def pages(self) -> AsyncIterator[PageT]:
        """Every page, in order; an empty one does not end it.

        Raises:
            PaginationError: the service gave a token that it had given before.
        """
        return _Pages(self._operation.name, self._pagination, self._members, self._fetch)

    async def collect(self, limit: int | None = None) -> list[ItemT]:
        """The items as a list: all of them, or the first *limit*."""
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

    async def _fetch(self, members: dict[str, object]) -> PageT:
        return await self._call(self._operation, members)


class _Pages(AsyncIterator[PageT]):
    """One walk over the pages."""

    def __init__(
        self,
        name: str,
        pagination: Pagination,
        members: dict[str, object],
        fetch: Callable[[dict[str, object]], Awaitable[PageT]],
    ) -> None:
        self._name = name
        self._input = pagination.input_token
        self._token_of = attrgetter(pagination.output_token)
        self._members = members
        self._fetch = fetch
        self._seen: set[object] = set()
        self._ended = False

    async def __anext__(self) -> PageT:
        if self._ended:
            raise StopAsyncIteration
        token = self._members.get(self._input)
        if token in self._seen:
            self._ended = True
            raise PaginationError(f"{self._name}: the service repeated a page token; stopped there")
        page = await self._fetch(self._members)
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

"""Paginated operations: one object to await (a page) or to iterate (items, or pages)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ecrclient._runtime.errors import PaginationError

if TYPE_CHECKING:
    from ecrclient._runtime.operation import Operation
    from ecrclient._runtime.shapes import Response

__all__ = ["Paginator"]

PageT = TypeVar("PageT", bound="Response")
ItemT = TypeVar("ItemT")


class Paginator(Generic[PageT, ItemT]):
    """What a paginated operation returns; nothing is sent before it is awaited or iterated.

    ``await`` gives one page; ``async for`` gives every item of every page; :meth:`pages` gives the
    pages. Each use starts afresh, from the token that the call named or from the beginning.
    """

    __slots__ = ("_call", "_members", "_operation")

    def __init__(
        self,
        operation: Operation[PageT],
        members: dict[str, object],
        call: Callable[[Operation[PageT], dict[str, object]], Awaitable[PageT]],
    ) -> None:
        self._operation = operation
        self._members = members
        self._call = call

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._operation.method}>"

    def __await__(self) -> Generator[Any, Any, PageT]:
        return self._call(self._operation, self._members).__await__()

    async def __aiter__(self) -> AsyncIterator[ItemT]:
        async for page in self.pages():
            for item in self._items(page):
                yield item

    async def pages(self) -> AsyncIterator[PageT]:
        """Every page, in order; an empty one does not end it.

        Raises:
            PaginationError: the service gave a token that it had given before.
        """
        pagination = self._operation.pagination
        assert pagination is not None
        members = self._members
        seen = {members.get(pagination.input_token)}
        while True:
            page = await self._call(self._operation, members)
            yield page
            token: str | None = getattr(page, pagination.output_token)
            if not token:
                return
            if token in seen:
                raise PaginationError(
                    f"{self._operation.name}: the service repeated a page token; stopped there"
                )
            seen.add(token)
            members = {**members, pagination.input_token: token}

    async def collect(self, limit: int | None = None) -> list[ItemT]:
        """The items as a list: all of them, or the first *limit*."""
        items: list[ItemT] = []
        if limit is not None and limit <= 0:
            return items
        async for page in self.pages():
            items.extend(self._items(page))
            if limit is not None and len(items) >= limit:
                del items[limit:]
                break
        return items

    async def first(self) -> ItemT | None:
        """The first item, or None when there is none."""
        items = await self.collect(limit=1)
        return items[0] if items else None

    def _items(self, page: PageT) -> list[ItemT]:
        pagination = self._operation.pagination
        assert pagination is not None
        found: list[ItemT] = []
        for path in pagination.items:
            value: Any = page
            for step in path:
                value = getattr(value, step, None)
            found.extend(value or ())
        return found

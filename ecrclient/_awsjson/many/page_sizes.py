"""How many items each request of an iteration asks for, if the caller names no page size.

A service's default page is often a tenth of the largest one, so iterations with it make ten times
as many calls. `docs/guides/pagination.md` documents the sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.operation import Pagination

__all__ = ["PageSizes", "all_items", "at_most", "growing"]


class PageSizes:
    """The sizes of the pages of one iteration.

    Args:
        first: The size of the first page; None: the service's default.
        later: The size of the other pages; None: the service's default.
    """

    __slots__ = ("_later", "size")

    def __init__(self, first: int | None = None, later: int | None = None) -> None:
        self.size: int | None = first
        """The size of the next page; None: the service's default."""
        self._later = later

    def received(self, items: int) -> None:  # noqa: ARG002 - for the subclass
        """Go on to the next page, after one with *items* items."""
        self.size = self._later


class _SizesUpTo(PageSizes):
    """Pages of what is missing of a number of items, but not larger than the largest page."""

    __slots__ = ("_missing",)

    def __init__(self, items: int, largest: int) -> None:
        super().__init__(min(items, largest), largest)
        self._missing = items

    def received(self, items: int) -> None:
        assert self.size is not None
        assert self._later is not None
        self._missing = max(self._missing - items, 1)
        # The service may apply a filter after it has cut the page: small pages would be empty.
        is_short = items < self.size
        self.size = self._later if is_short else min(self._missing, self._later)


def all_items(pagination: Pagination, members: Mapping[str, object]) -> PageSizes:
    """Return the sizes for a caller who needs every item: the largest pages."""
    largest = _largest(pagination, members)
    return PageSizes(largest, largest)


def at_most(pagination: Pagination, members: Mapping[str, object], items: int) -> PageSizes:
    """Return the sizes for a caller who needs up to *items* items."""
    largest = _largest(pagination, members)
    if largest is None:
        return PageSizes()
    if pagination.resizable:
        return _SizesUpTo(items, largest)
    return PageSizes(largest, largest) if items >= largest else PageSizes()


def growing(pagination: Pagination, members: Mapping[str, object]) -> PageSizes:
    """Return the sizes for a caller who processes items as they arrive.

    The first page has the service's default size, so that its items arrive as early as without
    growing; the other pages are the largest.
    """
    return PageSizes(None, _largest(pagination, members) if pagination.resizable else None)


def _largest(pagination: Pagination, members: Mapping[str, object]) -> int | None:
    """Return the largest page that the call may ask for; None: it must not name a size.

    A service that does not accept another size with a page token gets none with the caller's token.
    """
    given = {name for name, value in members.items() if value is not None}
    if (
        pagination.limit is None
        or pagination.limit in given
        or not given.isdisjoint(pagination.lists)
        or (pagination.input_token in given and not pagination.resizable)
    ):
        return None
    return pagination.largest

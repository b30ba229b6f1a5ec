"""The ``Range`` header of a download, as Amazon S3 reads it.

Sources: RFC 9110, section 14, and "GetObject" in the Amazon S3 API Reference, by which S3 does not
support several ranges in one request. A header that is malformed, or has another unit or several
ranges, is ignored, as RFC 9110 allows. ``If-Range`` is ignored: S3 documents none, and what is at
a layer's URL never changes.
"""

from __future__ import annotations

import re

__all__ = ["UnsatisfiableRangeError", "read_range"]

# More digits than any size has are malformed, too.
_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,20})-([0-9]{0,20})[ \t]*", re.IGNORECASE)


class UnsatisfiableRangeError(Exception):
    """The range has no byte of the content."""


def read_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The first byte of a range and how many bytes it has; None: everything is asked for.

    Args:
        header: The value of the header; None if there is none.
        size: How many bytes the content has.

    Raises:
        UnsatisfiableRangeError: none of the content is in the range.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    first_text, last_text = match.groups()
    if not first_text:
        # The last so many bytes.
        length = min(int(last_text), size)
        first = size - length
    else:
        first = int(first_text)
        last = int(last_text) if last_text else size
        if last < first:
            return None
        length = min(last, size - 1) - first + 1
    if length <= 0:
        raise UnsatisfiableRangeError
    return first, length

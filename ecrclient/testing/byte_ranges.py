"""The ``Range`` header of a download, as Amazon S3 interprets it.

Sources: RFC 9110, section 14, and "GetObject" in the Amazon S3 API Reference, which states that S3
does not support several ranges in one request. A header that is malformed, uses another unit or
lists several ranges is ignored, as RFC 9110 allows. ``If-Range`` is ignored: S3 does not document
it, and the content at a layer's URL never changes.
"""

from __future__ import annotations

import re

__all__ = ["UnsatisfiableRangeError", "read_range"]

# No size has more than 20 digits: a longer number makes the header malformed.
_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,20})-([0-9]{0,20})[ \t]*", re.IGNORECASE)


class UnsatisfiableRangeError(Exception):
    """No byte of the content is in the range."""


def read_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the first byte of the range and its length; None means the whole content.

    Args:
        header: The header's value; None if the request has none.
        size: The size of the content, in bytes.

    Raises:
        UnsatisfiableRangeError: no byte of the content is in the range.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    first_text, last_text = match.groups()
    if not first_text:
        # A suffix range: the last bytes of the content.
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

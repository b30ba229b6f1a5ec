"""Limits of the memory that decoding a response body may take, estimated before decoding.

A JSON text of 64 MiB can describe tens of millions of values, each of which takes far more memory
than its text. The estimate counts the values. A first, fast count includes the punctuation inside
of strings; only if it exceeds a limit, a second count excludes strings.

The limits allow a page of 1,000 items with about 60 structures each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = [
    "ALWAYS_ALLOWED",
    "MAX_OBJECTS",
    "MAX_TEXT",
    "MAX_VALUES",
    "describe_excess",
    "is_usual",
    "starts_object",
]

MAX_OBJECTS = 100_000
"""JSON objects in a body; each becomes a model of about 1 KiB."""
MAX_VALUES = 400_000
"""Members and items in a body."""
MAX_TEXT = 96 * 1024 * 1024
"""Bytes that a body and its decoded text may take together: twice the size of the body, three times
if it has escapes or characters beyond ASCII, more if it has characters beyond the BMP (for which
Python stores four bytes for each character of their string)."""

_STEP = 256 * 1024
# The shortest object is "{},", the shortest value "1,": shorter bodies are within the limits.
ALWAYS_ALLOWED = 3 * MAX_OBJECTS
_VALUES_FROM = 2 * MAX_VALUES
_MAX_COPIES = 6
# A usual page of 1,000 items has about 0.6 MiB and 25,000 values.
_ALWAYS_USUAL = 1024 * 1024
_USUAL_SIZE = 4 * 1024 * 1024
_USUAL_VALUES = 100_000
# Compiled at first use, since few bodies are this large.
_OBJECT = rb"[ \t\r\n]*\{"
_ASTRAL = rb"[\xf0-\xff]|\\u[dD][89abAB]"


def describe_excess(content: bytes) -> str:
    """Describe the limit that the body exceeds; empty if it exceeds none."""
    return _excess_of_values(content) or _excess_of_text(content)


def is_usual(content: bytes) -> bool:
    """Whether the body is small enough for the fast validator.

    The errors of that validator contain a copy of a structure for each of its missing members.
    """
    size = len(content)
    return size <= _ALWAYS_USUAL or (
        size <= _USUAL_SIZE and _count_values(content) <= _USUAL_VALUES
    )


def starts_object(content: bytes) -> bool:
    """Whether the body starts like a JSON object."""
    return re.match(_OBJECT, content) is not None


def _excess_of_values(content: bytes) -> str:
    size = len(content)
    if (size <= ALWAYS_ALLOWED or content.count(b"{") <= MAX_OBJECTS) and (
        size <= _VALUES_FROM or _count_values(content) <= MAX_VALUES
    ):
        return ""
    objects = values = 0
    for outside, quotes in _outside_strings(content):
        objects += outside.count(b"{")
        # Adjacent strings are not JSON, but each counts as a value.
        values += max(_count_values(outside), quotes // 2)
        if objects > MAX_OBJECTS:
            return f"more than {MAX_OBJECTS:,} JSON objects"
        if values > MAX_VALUES:
            return f"more than {MAX_VALUES:,} JSON values"
    return ""


def _count_values(text: bytes) -> int:
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def _outside_strings(content: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield the text outside of string literals, part by part, and the number of quotes."""
    start, inside = 0, False
    while start < len(content):
        end = start + _STEP
        part = content[start:end]
        backslashes = len(part) - len(part.rstrip(b"\\"))
        if backslashes % 2:
            # Keep the escaped character in the same part.
            end += 1
            part = content[start:end]
        start = end
        pieces = part.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        yield b"".join(pieces[inside::2]), len(pieces) - 1
        inside = inside != (len(pieces) % 2 == 0)


def _excess_of_text(content: bytes) -> str:
    size = len(content)
    # The fastest checks first.
    if size * _MAX_COPIES <= MAX_TEXT:
        return ""
    if size * 2 <= MAX_TEXT and size * _copies(content) <= MAX_TEXT:
        return ""
    return f"{size:,} bytes, which would take more than {MAX_TEXT:,} when decoded"


def _copies(content: bytes) -> int:
    """The memory of the body and its decoded text, as a multiple of the size of the body."""
    escapes = b"\\" in content
    if content.isascii() and b"\\u" not in content:
        return 2 + escapes
    return _MAX_COPIES if re.search(_ASTRAL, content) else 3 + escapes

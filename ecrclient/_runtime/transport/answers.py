"""What an answer is, before anybody makes an ``httpx.Response`` of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Answer", "Headers", "decode_headers", "is_encoded", "too_large"]

Headers = list[tuple[bytes, bytes]]
"""Names as they were sent."""


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    headers: Headers
    content: bytes


def decode_headers(raw: Headers) -> dict[str, str]:
    """The headers of an answer as httpx would give them: lower case, repeated ones joined."""
    try:
        headers = {name.lower().decode("ascii"): value.decode("ascii") for name, value in raw}
    except UnicodeDecodeError:
        headers = {}
    if len(headers) == len(raw):
        return headers
    encoding = _encoding(b"".join([name + value for name, value in raw]))
    joined: dict[str, list[str]] = {}
    for name, value in raw:
        joined.setdefault(name.lower().decode(encoding), []).append(value.decode(encoding))
    return {name: ", ".join(values) for name, values in joined.items()}


def _encoding(data: bytes) -> str:
    for encoding in ("ascii", "utf-8"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "iso-8859-1"


def is_encoded(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the body is to be decoded."""
    for name, _ in headers:
        if len(name) == len(b"content-encoding") and name.lower() == b"content-encoding":
            return True
    return False


def too_large(limit: int) -> str:
    """What is said of an answer beyond *limit* bytes."""
    return f"the answer is larger than {limit} bytes"

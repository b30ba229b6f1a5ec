"""A response as bytes, without the objects of httpx."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["MAX_RESPONSE_BYTES", "ByteResponse", "Headers", "decode_headers", "too_large"]

MAX_RESPONSE_BYTES = 64 * 1024 * 1024
"""The default limit of a body, as received and as decoded."""

Headers = list[tuple[bytes, bytes]]
"""Names as they were sent."""


class ByteResponse(NamedTuple):
    """A complete response."""

    status: int
    headers: Headers
    content: bytes


def decode_headers(raw: Headers) -> dict[str, str]:
    """The headers of a response as httpx represents them: in lower case, repeated ones joined."""
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


def too_large(limit: int) -> str:
    """The error message for a response of more than *limit* bytes."""
    return f"the response is larger than {limit} bytes"

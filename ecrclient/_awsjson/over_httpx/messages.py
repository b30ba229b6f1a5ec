"""Encodes an ``httpx.Request`` as HTTP/1.1."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator

import httpx

from ecrclient._awsjson.transport.content_encoding import supported_encodings

__all__ = [
    "EncodingNotSupported",
    "HttpxResponseTooLarge",
    "encode_head",
    "request_body",
]

# RFC 9112: a method, a target, and fields whose names are tokens and whose values contain no line
# break. httpx checks neither names nor values, and a line break could begin another request.
_HEAD = re.compile(
    rb"(?!CONNECT )[!#$%&'*+.^_`|~0-9A-Za-z-]+ [!-~]+ HTTP/1\.1\r\n"
    rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\x00\r\n]*\r\n)+\r\n"
)
_WRONG_LENGTH = "the length of the body differs from content-length"


class HttpxResponseTooLarge(httpx.RemoteProtocolError):
    """The response is larger than the transport's ``max_response_bytes``: the error for httpx."""


class EncodingNotSupported(httpx.DecodingError):
    """A response has an encoding that cannot be decoded within a limit: the error for httpx."""


def encode_head(request: httpx.Request) -> bytes:
    """Return the request line and the headers.

    Raises:
        httpx.LocalProtocolError: The method, the target or a header is not allowed in HTTP/1.1.
    """
    fields = request.headers.raw
    lines = b"".join([b"%b: %b\r\n" % field for field in fields])
    # The client requests no encoding, so usually the headers need not be checked one by one.
    if b"accept-encoding: identity\r\n" not in lines:
        lines = b"".join(
            [b"%b: %b\r\n" % (name, _supported(name, value)) for name, value in fields]
        )
    head = b"%b %b HTTP/1.1\r\n%b\r\n" % (
        request.method.encode("ascii", "replace"),
        request.url.raw_path,
        lines,
    )
    # The lines are counted because a value with a line break can look like two fields.
    if not _HEAD.fullmatch(head) or head.count(b"\n") != len(fields) + 2:
        raise httpx.LocalProtocolError(
            "the method, the target or a header of the request is not allowed in HTTP/1.1",
            request=request,
        )
    return head


def _supported(name: bytes, value: bytes) -> bytes:
    """Return the value of a header, without the encodings that cannot be decoded."""
    return supported_encodings(value) if name.lower() == b"accept-encoding" else value


def request_body(request: httpx.Request, head: bytes) -> bytes | AsyncGenerator[bytes]:
    """Return the body: bytes if they are known, otherwise an iterator over its pieces.

    Raises:
        httpx.LocalProtocolError: The length of the body differs from content-length.
    """
    stream = request.stream
    if not isinstance(stream, httpx.ByteStream):
        return _stream_body(request)
    body = b"".join(stream)  # the stream has a single piece, which is not copied
    # httpx writes the header in this case, so usually the headers need not be searched.
    if (b"\r\nContent-Length: %d\r\n" % len(body)) in head or not body:
        return body
    if "transfer-encoding" in request.headers:
        return _stream_body(request)
    if request.headers.get("content-length") != str(len(body)):
        raise httpx.LocalProtocolError(_WRONG_LENGTH, request=request)
    return body


async def _stream_body(request: httpx.Request) -> AsyncGenerator[bytes]:
    if not isinstance(request.stream, httpx.AsyncByteStream):
        raise httpx.LocalProtocolError(
            "the body must be an async stream, not a sync one", request=request
        )
    is_chunked = "transfer-encoding" in request.headers
    left = int(request.headers.get("content-length", "0"))
    pieces = aiter(request.stream)
    try:
        async for piece in pieces:
            left -= len(piece)
            if is_chunked:
                if piece:  # an empty chunk would be the last one
                    yield b"%x\r\n%b\r\n" % (len(piece), piece)
            elif left >= 0:
                yield piece
            else:
                break
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()
    if is_chunked:
        yield b"0\r\n\r\n"
    elif left:
        raise httpx.LocalProtocolError(_WRONG_LENGTH, request=request)

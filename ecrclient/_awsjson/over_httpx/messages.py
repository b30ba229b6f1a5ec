"""An ``httpx.Request`` as the bytes that are sent."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator

import httpx

from ecrclient._awsjson.transport.content_encoding import supported_encodings

__all__ = [
    "AnswerTooLarge",
    "EncodingNotSupported",
    "encode_head",
    "request_body",
]

# RFC 9112: a method, a target, and fields whose names are tokens and whose values hold no line
# end. httpx checks neither names nor values, and a line end in one would begin a new request.
_HEAD = re.compile(
    rb"(?!CONNECT )[!#$%&'*+.^_`|~0-9A-Za-z-]+ [!-~]+ HTTP/1\.1\r\n"
    rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\x00\r\n]*\r\n)+\r\n"
)


_WRONG_LENGTH = "the body is longer or shorter than content-length says"


class AnswerTooLarge(httpx.RemoteProtocolError):
    """The answer is larger than the transport's ``max_response_bytes``: httpx's word for it."""


class EncodingNotSupported(httpx.DecodingError):
    """A response has an encoding that cannot be decoded within a limit: the error for httpx."""


def encode_head(request: httpx.Request) -> bytes:
    """The request line and the headers.

    Raises:
        httpx.LocalProtocolError: they would not be read as what they are.
    """
    fields = request.headers.raw
    lines = b"".join([b"%b: %b\r\n" % field for field in fields])
    # The client asks for no encoding: the usual case needs no look at each header.
    if b"accept-encoding: identity\r\n" not in lines:
        lines = b"".join([b"%b: %b\r\n" % (name, _sent(name, value)) for name, value in fields])
    head = b"%b %b HTTP/1.1\r\n%b\r\n" % (
        request.method.encode("ascii", "replace"),
        request.url.raw_path,
        lines,
    )
    # The count: a value with a line end in it may well look like two fields.
    if not _HEAD.fullmatch(head) or head.count(b"\n") != len(fields) + 2:
        raise httpx.LocalProtocolError(
            "the method, the target or a header of the request is not allowed in HTTP/1.1",
            request=request,
        )
    return head


def _sent(name: bytes, value: bytes) -> bytes:
    """Return the value of a header; only encodings that can be decoded are asked for."""
    return supported_encodings(value) if name.lower() == b"accept-encoding" else value


def request_body(request: httpx.Request, head: bytes) -> bytes | AsyncGenerator[bytes]:
    """The body: bytes where they are known, else what is sent piece by piece.

    Raises:
        httpx.LocalProtocolError: the headers announce another body than there is.
    """
    stream = request.stream
    if not isinstance(stream, httpx.ByteStream):
        return _stream_body(request)
    body = b"".join(stream)  # of the one piece that it holds: no copy
    # httpx sets the header in this spelling: the usual case needs no look at each header.
    if (b"\r\nContent-Length: %d\r\n" % len(body)) in head or not body:
        return body
    if "transfer-encoding" in request.headers:
        return _stream_body(request)
    if request.headers.get("content-length") != str(len(body)):
        raise httpx.LocalProtocolError(_WRONG_LENGTH, request=request)
    return body


async def _stream_body(request: httpx.Request) -> AsyncGenerator[bytes]:
    if not isinstance(request.stream, httpx.AsyncByteStream):
        raise httpx.LocalProtocolError("only a sync client can read the body", request=request)
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

"""What is sent and what is handed out: the bytes of a request, the ``httpx.Response``."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import httpx

from ecrclient._runtime.transport.answers import Headers, too_large

__all__ = [
    "AnswerTooLarge",
    "EncodedResponse",
    "WholeResponse",
    "decode_body",
    "encode_head",
    "request_body",
]

_DECODED_AT_ONCE = 1024
"""gzip makes at most a thousand times as much of it."""

# RFC 9112: a method, a target, and fields whose names are tokens and whose values hold no line
# end. httpx checks neither names nor values, and a line end in one would begin a new request.
_HEAD = re.compile(
    rb"(?!CONNECT )[!#$%&'*+.^_`|~0-9A-Za-z-]+ [!-~]+ HTTP/1\.1\r\n"
    rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\x00\r\n]*\r\n)+\r\n"
)


_WRONG_LENGTH = "the body is longer or shorter than content-length says"


class AnswerTooLarge(httpx.RemoteProtocolError):
    """The answer is larger than the transport's ``max_response_bytes``: httpx's word for it."""


def encode_head(request: httpx.Request) -> bytes:
    """The request line and the headers.

    Raises:
        httpx.LocalProtocolError: they would not be read as what they are.
    """
    fields = request.headers.raw
    head = b"%b %b HTTP/1.1\r\n%b\r\n" % (
        request.method.encode("ascii", "replace"),
        request.url.raw_path,
        b"".join([b"%b: %b\r\n" % field for field in fields]),
    )
    # The count: a value with a line end in it may well look like two fields.
    if not _HEAD.fullmatch(head) or head.count(b"\n") != len(fields) + 2:
        raise httpx.LocalProtocolError(
            "the method, the target or a header of the request is not allowed in HTTP/1.1",
            request=request,
        )
    return head


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


class WholeResponse(httpx.Response):
    """An answer whose body is here already, and needs no decoding.

    ``httpx.Response`` reads any body through three nested generators; for a small answer they
    cost more than receiving it.
    """

    def __init__(
        self,
        status: int,
        headers: Headers,
        body: bytes,
        extensions: dict[str, Any],
        request: httpx.Request | None,
    ) -> None:
        super().__init__(
            status,
            headers=headers,
            stream=httpx.ByteStream(body),
            extensions=extensions,
            request=request,
        )
        # What ``httpx.Response`` looks for before it reads. Should it ever look elsewhere, it
        # reads the stream, which holds the same.
        self._content = body

    async def aread(self) -> bytes:
        """The body."""
        if not self.is_closed:
            await self.aclose()
        return self._content


class EncodedResponse(httpx.Response):
    """An answer with a content-encoding: what it decodes to is bounded as well.

    httpx decodes each piece that arrives as a whole, however much it makes of it. Here the body
    is first received, and then decoded in small pieces.
    """

    limit: int
    """Bytes; set by whoever makes it."""

    async def aread(self) -> bytes:
        """The decoded body."""
        if not hasattr(self, "_content"):
            raw = b"".join([piece async for piece in self.aiter_raw()])
            self._content = decode_body(self.headers, raw, self.limit, self._request)
        return self._content

    async def aiter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """The decoded body, once it is all there."""
        await self.aread()
        async for piece in super().aiter_bytes(chunk_size):
            yield piece


def decode_body(
    headers: httpx.Headers, raw: bytes, limit: int, request: httpx.Request | None = None
) -> bytes:
    """The body without its content-encoding.

    Raises:
        AnswerTooLarge: it is longer than *limit* bytes.
        httpx.DecodingError: it is not so encoded.
    """
    slices = (raw[i : i + _DECODED_AT_ONCE] for i in range(0, len(raw), _DECODED_AT_ONCE))
    decoder = httpx.Response(200, headers=headers, content=slices, request=request)
    pieces: list[bytes] = []
    size = 0
    for piece in decoder.iter_bytes():
        size += len(piece)
        if size > limit:
            raise AnswerTooLarge(too_large(limit), request=request)
        pieces.append(piece)
    return b"".join(pieces)

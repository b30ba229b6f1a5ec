"""Content encodings: at most one for each response, decoded in bounded steps.

zlib can expand its input a thousandfold, and stacked encodings multiply that. So only what the
standard library can decode with an output limit is accepted (gzip and deflate), and only once.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from ecrclient._awsjson.transport.errors import ReadError

__all__ = [
    "ContentDecodingError",
    "Decoder",
    "UnsupportedEncodingError",
    "find_encoding",
    "is_encoded",
    "supported_encodings",
]

_OUTPUT_STEP = 256 * 1024
_INPUT_STEP = 64 * 1024
# A member can be 20 bytes long and empty, and each costs a new zlib object.
_MAX_MEMBERS = 4096
_SHOWN = 100

_GZIP = frozenset({b"gzip", b"x-gzip"})  # RFC 9110, section 8.4.1.3
_SUPPORTED = _GZIP | {b"deflate"}
_DEFLATE_METHOD = 8  # RFC 1950, section 2.2: the low four bits of a zlib header


class ContentDecodingError(ReadError):
    """The body of a response is not encoded in the way that its headers declare."""


class UnsupportedEncodingError(ContentDecodingError):
    """A response has several content encodings, or one that cannot be decoded within a limit."""

    @property
    def is_retryable(self) -> bool:
        """False: the server would encode the next response in the same way."""
        return False


def is_encoded(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether there is a ``Content-Encoding`` header."""
    return b"content-encoding" in [name.lower() for name, _ in headers]


def find_encoding(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Return ``gzip``, ``x-gzip`` or ``deflate``; None if the body is not encoded.

    Raises:
        UnsupportedEncodingError: The headers name another encoding, or several.
    """
    found: list[bytes] = []
    for name, value in headers:
        if name.lower() == b"content-encoding":
            found += [coding.strip().lower() for coding in value.split(b",")]
    codings = [coding for coding in found if coding not in {b"", b"identity"}]
    if not codings:
        return None
    if len(codings) == 1 and codings[0] in _SUPPORTED:
        return codings[0]
    shown = b", ".join(codings).decode("latin-1")[:_SHOWN]
    raise UnsupportedEncodingError(
        f"the response has the content encoding {shown!r}; supported is one of gzip and deflate"
    )


def supported_encodings(accepted: bytes) -> bytes:
    """Return the value of an ``Accept-Encoding`` header without the encodings not supported here.

    ``*`` would permit any encoding, so it is removed too. What remains is at least ``identity``.
    """
    kept = [
        item.strip()
        for item in accepted.split(b",")
        if item.partition(b";")[0].strip().lower() in _SUPPORTED | {b"identity"}
    ]
    return b", ".join(kept) or b"identity"


class Decoder:
    """Decodes one body: gzip with any number of members, or deflate with a zlib header or raw.

    Args:
        encoding: A value that `find_encoding` returned.
    """

    def __init__(self, encoding: bytes) -> None:
        self._encoding = encoding.decode("ascii")
        self._is_gzip = encoding in _GZIP
        self._members = 0
        self._zlib: zlib._Decompress | None = None  # pyright: ignore[reportPrivateUsage]

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield the decoded data, at most 256 KiB in each step; a step may yield nothing.

        Raises:
            ContentDecodingError: The data is not encoded in this way.
        """
        view = memoryview(data)
        for start in range(0, len(view), _INPUT_STEP):
            yield from self._decode_slice(view[start : start + _INPUT_STEP])

    def _decode_slice(self, rest: memoryview | bytes) -> Iterator[bytes]:
        while True:
            if self._zlib is None or self._zlib.eof:
                if not rest:
                    return
                self._zlib = self._next_member(rest[0])
            try:
                piece = self._zlib.decompress(rest, _OUTPUT_STEP)
            except zlib.error as error:
                raise ContentDecodingError(
                    f"the body of the response cannot be decoded as {self._encoding}: {error}"
                ) from error
            yield piece
            if self._zlib.eof:
                rest = self._zlib.unused_data
            else:
                rest = self._zlib.unconsumed_tail
                # After a full step there may be more output although all input is consumed.
                if not rest and len(piece) < _OUTPUT_STEP:
                    return

    def _next_member(self, first_byte: int) -> zlib._Decompress:  # pyright: ignore[reportPrivateUsage]
        self._members += 1
        if self._is_gzip:
            if self._members > _MAX_MEMBERS:
                raise ContentDecodingError(
                    f"the body of the response has more than {_MAX_MEMBERS} gzip members"
                )
            return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        if self._members > 1:
            raise ContentDecodingError(
                "the body of the response continues after the end of its deflate stream"
            )
        # RFC 9110 means zlib by deflate, and some servers send raw deflate. A raw stream cannot
        # begin with this nibble unless it has a stored block with non-zero padding.
        has_header = first_byte & 0x0F == _DEFLATE_METHOD
        return zlib.decompressobj(wbits=zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)

    def finish(self) -> None:
        """Check that the body is complete; an empty one is.

        Raises:
            ContentDecodingError: The encoded data ends too early.
        """
        if self._zlib is not None and not self._zlib.eof:
            raise ContentDecodingError(
                f"the body of the response ends before its {self._encoding} data is complete"
            )

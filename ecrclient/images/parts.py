"""The parts of an upload as encoded requests: hashed, encoded, and put into buffers to reuse.

The content of a part is never in memory as a whole: each piece is hashed and encoded as it arrives,
straight into the body of the request. A body that has been sent is the buffer of a later one, since
for new memory the operating system takes longer than the encoder.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import NamedTuple

import anyio.to_thread

from ecrclient.images.content import ContentCheck
from ecrclient.images.errors import ContentMismatchError
from ecrclient.images.manifests import Descriptor
from ecrclient.images.stores import PIECE_BYTES, UploadRecord

__all__ = ["STEP_BYTES", "Part", "Parts"]

try:  # the extra ``fast``: about 20 times as fast
    from pybase64 import b64encode as _base64
except ImportError:  # pragma: no cover
    from base64 import b64encode as _base64  # type: ignore[assignment]

_ENCODED_BYTES = 3 * 16 * 1024
"""The bytes that are hashed and encoded at a time; a multiple of 3, so that nothing is padded.

Hashing releases the GIL, and the encoder of the standard library keeps it: so the event loop gets
it every 100 microseconds or so.
"""
STEP_BYTES = 4 * PIECE_BYTES
"""The bytes for one step in a worker thread."""
_NUMBER = 20
"""The digits for which there is space in a body."""


class Part(NamedTuple):
    """An encoded part."""

    start: int
    end: int
    body: bytearray


class Parts(AsyncIterator[Part]):
    """The parts of a blob from a position on.

    Args:
        stream: The content from that position on.
        blob: The blob.
        upload: The upload, with the position and the length of a part.
        members: The other members of each request.
    """

    def __init__(
        self,
        stream: AsyncIterator[bytes],
        blob: Descriptor,
        upload: UploadRecord,
        members: Mapping[str, str],
    ) -> None:
        self._stream = stream
        self._blob = blob
        self._part_size = upload.part_size
        self._position = upload.position
        self._members = json.dumps(members).encode()[:-1]
        # ECR verifies the digest of a continued upload, whose first part is not read again.
        self._check = None if upload.position else ContentCheck(blob)
        self._rest = b""
        self._buffers: list[bytearray] = []

    def reuse(self, part: Part) -> None:
        """Use the buffer of a part that has been sent for another part."""
        self._buffers.append(part.body)

    async def __anext__(self) -> Part:
        start = self._position
        if start >= self._blob.size:
            raise StopAsyncIteration
        end = min(start + self._part_size, self._blob.size)
        body = _Body(self._members, start, end, self._buffers)
        while self._position < end:
            pieces = await self._pieces(end - self._position)
            await anyio.to_thread.run_sync(self._add, body, pieces)
            self._position += sum(map(len, pieces))
        if end == self._blob.size:
            await self._finish()
        return Part(start, end, body.finish())

    async def _pieces(self, limit: int) -> list[bytes]:
        """Return content that suits one step in a thread, at most *limit* bytes.

        Raises:
            ContentMismatchError: There is no more.
        """
        pieces: list[bytes] = []
        size, wanted = 0, min(limit, STEP_BYTES)
        while size < wanted:
            piece, self._rest = self._rest or await anext(self._stream, b""), b""
            if not piece:
                break
            if size + len(piece) > limit:
                piece, self._rest = piece[: limit - size], piece[limit - size :]
            pieces.append(piece)
            size += len(piece)
        if not pieces:
            problem = f"ends after {self._position} of {self._blob.size} bytes"
            raise ContentMismatchError(self._blob.digest, problem)
        return pieces

    def _add(self, body: _Body, pieces: Sequence[bytes]) -> None:
        for piece in pieces:
            body.add(piece, self._check)

    async def _finish(self) -> None:
        """Verify the content before its last part is sent."""
        if self._rest or await anext(self._stream, b""):
            problem = f"longer than its {self._blob.size} bytes"
            raise ContentMismatchError(self._blob.digest, problem)
        if self._check is not None:
            self._check.finish()


class _Body:
    """The body of a request while it is encoded.

    Args:
        members: The members before those of the part, without the closing brace.
        start: The position of the part.
        end: The position after it.
        buffers: Buffers to reuse; one is taken.
    """

    def __init__(self, members: bytes, start: int, end: int, buffers: list[bytearray]) -> None:
        numbers = b', "partFirstByte": %d, "partLastByte": %d,' % (start, end - 1)
        # All parts are equally long, whatever the number of digits.
        width = len(', "partFirstByte": , "partLastByte": ,') + 2 * _NUMBER
        head = b'%b%b "layerPartBlob": "' % (members, numbers.ljust(width))
        self._head = head
        self._length = len(head) + -(-(end - start) // 3) * 4 + len(b'"}')
        self._buffer = buffers.pop() if buffers else bytearray()
        self._end = 0
        # Up to two bytes whose group of three is not complete.
        self._group = b""

    def add(self, piece: bytes, check: ContentCheck | None) -> None:
        """Encode and hash more of the content; blocks for a while."""
        view = memoryview(piece)
        at = 0
        if self._group:
            at = min(3 - len(self._group), len(view))
            self._group += view[:at]
            _update(check, view[:at])
            if len(self._group) == 3:  # noqa: PLR2004 - base64 encodes groups of three
                self._write(self._group)
                self._group = b""
        for start in range(at, len(view), _ENCODED_BYTES):
            chunk = view[start : start + _ENCODED_BYTES]
            _update(check, chunk)
            whole = len(chunk) - len(chunk) % 3
            self._write(chunk[:whole])
            self._group = bytes(chunk[whole:])

    def _write(self, content: bytes | memoryview) -> None:
        if not self._end:
            self._open()
        text = _base64(content)
        end = self._end + len(text)
        self._buffer[self._end : end] = text
        self._end = end

    def _open(self) -> None:
        """Write the head; a new buffer takes long, so this is not done in the event loop."""
        if len(self._buffer) != self._length:
            self._buffer = bytearray(self._length)
        self._end = len(self._head)
        self._buffer[: self._end] = self._head

    def finish(self) -> bytearray:
        """Return the complete body."""
        self._write(self._group)
        self._buffer[self._end :] = b'"}'
        return self._buffer


def _update(check: ContentCheck | None, content: memoryview) -> None:
    if check is not None:
        check.update(content)

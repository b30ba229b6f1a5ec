"""HTTP requests and responses of the in-memory ECR, independent of what transports them."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from .layer_records import UploadRecord

__all__ = ["Body", "Delivery", "FileSlice", "HttpRequest", "HttpResponse"]

_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request, independent of its transport."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """The headers, with lower-case names."""
    body: bytes
    origin: str | None = None
    """The scheme and authority that the client connected to, such as ``http://127.0.0.1:5001``;
    None if the request was made within the process."""
    stored: UploadRecord | None = None
    """The body, if it was stored piece by piece while it arrived; `body` is then empty."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a response is delivered to the caller."""

    delay: float = 0.0
    """Seconds before the response is sent."""
    lost: bool = False
    """Whether the connection is closed instead of sending the response."""
    kept: int | None = None
    """The number of bytes of the body that arrive before the connection is closed; None means that
    the whole body arrives and the connection stays open."""


@dataclass(frozen=True, slots=True)
class FileSlice:
    """A range of bytes of a file, which are read while they are sent."""

    path: Path
    first: int
    size: int

    def __len__(self) -> int:
        return self.size

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes, at most 1 MiB at a time.

        Raises:
            OSError: the file cannot be read, or is too short.
        """
        remaining = self.size
        with self.path.open("rb") as file:
            file.seek(self.first)
            while remaining:
                piece = file.read(min(remaining, _PIECE))
                if not piece:
                    raise OSError(f"{self.path} is {remaining} bytes too short")
                remaining -= len(piece)
                yield piece


Body: TypeAlias = bytes | FileSlice


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response, and how the transport must deliver it.

    ``content-length`` is the length of the body, unless the headers contain another value, as in
    the response to a HEAD request.
    """

    status: int
    headers: Mapping[str, str]
    body: Body
    error_code: str | None = None
    """The error code, if the response is an error."""
    delivery: Delivery = Delivery()

    def pieces(self) -> Generator[bytes, None, None]:
        """Yield the bytes of the body that must arrive."""
        if isinstance(self.body, bytes):
            yield self.body[: self.delivery.kept]
            return
        kept = self.delivery.kept
        file = self.body
        yield from file.pieces() if kept is None else replace(file, size=kept).pieces()

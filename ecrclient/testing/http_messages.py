"""HTTP requests and responses of the in-memory ECR, independent of what transports them."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

__all__ = ["Body", "Delivery", "FileSlice", "HttpRequest", "HttpResponse"]

_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request, whatever brought it."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """The headers, names in lower case."""
    body: bytes
    origin: str | None = None
    """Scheme and authority by which a network was asked for the service, as in
    ``http://127.0.0.1:5001``; None: it has come within the process."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What becomes of an answer on its way to the caller."""

    delay: float = 0.0
    """Seconds before it leaves."""
    lost: bool = False
    """Whether the connection breaks instead of bringing it."""
    kept: int | None = None
    """How many bytes of the body arrive before the connection breaks; None: all, and it holds."""


@dataclass(frozen=True, slots=True)
class FileSlice:
    """Some bytes of a file, which are read while they are sent."""

    path: Path
    first: int
    size: int

    def __len__(self) -> int:
        return self.size

    def pieces(self) -> Iterator[bytes]:
        """The bytes, at most 1 MiB at a time.

        Raises:
            OSError: the file cannot be read, or is too short.
        """
        left = self.size
        with self.path.open("rb") as file:
            file.seek(self.first)
            while left:
                piece = file.read(min(left, _PIECE))
                if not piece:
                    raise OSError(f"{self.path} ends {left} bytes too early")
                left -= len(piece)
                yield piece


Body: TypeAlias = bytes | FileSlice


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer, and what becomes of it; whatever carries it has to bring that about.

    ``content-length`` is the length of the body unless the headers have another one, as those of
    the response to a HEAD request do.
    """

    status: int
    headers: Mapping[str, str]
    body: Body
    error_code: str | None = None
    """The code of the error that it is."""
    delivery: Delivery = Delivery()

    def pieces(self) -> Generator[bytes, None, None]:
        """The bytes of the body that are to arrive."""
        if isinstance(self.body, bytes):
            yield self.body[: self.delivery.kept]
            return
        kept = self.delivery.kept
        whole = self.body
        yield from whole.pieces() if kept is None else replace(whole, size=kept).pieces()

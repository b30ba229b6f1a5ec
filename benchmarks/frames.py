"""Count the frames of a call to ``describe_images``: ``python -m benchmarks.frames``.

Prints the files and functions of the package that run between the iteration of a paginator and its
first item, and the deepest stack of the package's frames at the moment the request is written to
the socket. The models are loaded before, as in every call but the first.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import ecrclient
from ecrclient import Credentials, ECRClient

__all__ = ["Passage", "count_frames"]

PACKAGE = str(Path(ecrclient.__file__).parent)
BODY = b'{"imageDetails":[{"imageDigest":"sha256:0","repositoryName":"team/app"}]}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY)


class Passage(NamedTuple):
    """The files, functions and frames of one iteration."""

    files: frozenset[str]
    functions: frozenset[tuple[str, str]]
    frames: tuple[str, ...]
    """The package's frames when the request is written, the outermost first."""


def _package_frames(frame: FrameType | None) -> tuple[str, ...]:
    frames: list[str] = []
    while frame is not None:
        if frame.f_code.co_filename.startswith(PACKAGE):
            file = Path(frame.f_code.co_filename).relative_to(PACKAGE).as_posix()
            frames.append(f"{file}:{frame.f_code.co_qualname}")
        frame = frame.f_back
    return tuple(reversed(frames))


class _Profile:
    """Records the package's functions while it is the profile function of its thread."""

    def __init__(self) -> None:
        self.functions: set[tuple[str, str]] = set()
        self.frames: tuple[str, ...] = ()

    def __call__(self, frame: FrameType, event: str, arg: object) -> None:
        file = frame.f_code.co_filename
        if event == "call" and file.startswith(PACKAGE):
            name = Path(file).relative_to(PACKAGE).as_posix()
            self.functions.add((name, frame.f_code.co_qualname))
        elif (
            event == "c_call"
            and getattr(arg, "__name__", "") == "send"
            and file.startswith(PACKAGE)
        ):
            self.frames = max(self.frames, _package_frames(frame), key=len)


class _Server(asyncio.Protocol):
    """Responds to each request, which arrives in one piece on loopback."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - each is a whole request
        self._transport.write(HEAD + BODY)


async def count_frames() -> Passage:
    """Iterate once over one page, on the default transport and a connection that is open."""
    server = await asyncio.get_running_loop().create_server(_Server, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    profile = _Profile()
    async with (
        server,
        ECRClient(
            region="eu-west-1",
            credentials=Credentials("AKIDEXAMPLE", "secret"),
            endpoint_url=f"http://{host}:{port}",
        ) as ecr,
    ):
        for profiled in (False, True):
            sys.setprofile(profile if profiled else None)
            try:
                async for _ in ecr.describe_images(repository_name="team/app"):
                    break
            finally:
                sys.setprofile(None)
    files = frozenset(file for file, _ in profile.functions)
    return Passage(files, frozenset(profile.functions), profile.frames)


def main() -> None:
    """Print the counts, and the frames from the caller's line to the socket."""
    passage = asyncio.run(count_frames())
    print(f"{len(passage.files)} files, {len(passage.functions)} functions")
    print(f"{len(passage.frames)} frames when the request is written:")
    for frame in passage.frames:
        print(f"  {frame}")


if __name__ == "__main__":
    main()

"""The servers of the transfer benchmark, in a separate process.

One responds to the operations of an upload or a download and serves layers of zeros, as cheaply as
possible. The other is the in-memory ECR, for tools that speak the registry's ``/v2/`` API.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any

__all__ = ["PART_BYTES", "TOOL_REPOSITORIES", "serve"]

PART_BYTES = 10 * 1024 * 1024
TOOL_REPOSITORIES = ("team/skopeo", "team/crane")
_PIECE = 1024 * 1024
_START = 2048
"""The first bytes of a body, which contain the repository's name."""
_UPLOAD_ID = "01234567-89ab-cdef-0123-456789abcdef"


class _Registry(asyncio.Protocol):
    """Responds to the operations of an upload or a download, and serves the layer."""

    def __init__(self, port: Callable[[], int]) -> None:
        self._port = port
        self._head = self._body = b""
        self._missing = 0
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            self._head += data
            head, found, body = self._head.partition(b"\r\n\r\n")
            if not found:
                return
            self._head, self._body = head, body[:_START]
            self._missing = _length(head) - len(body)
        if self._missing:
            return
        head, self._head = self._head, b""
        if head.startswith(b"GET"):
            asyncio.ensure_future(self._serve(head))  # noqa: RUF006 - ends with the connection
        else:
            self._respond(head)

    def _respond(self, head: bytes) -> None:
        operation = head.partition(b"_V20150921.")[2].partition(b"\r\n")[0].decode()
        # The repository's name contains the size of the layer.
        size = self._body.partition(b"size-")[2].partition(b'"')[0].decode()
        url = f"http://127.0.0.1:{self._port()}/{size}"
        documents: dict[str, Any] = {
            "InitiateLayerUpload": {"uploadId": _UPLOAD_ID, "partSize": PART_BYTES},
            "GetDownloadUrlForLayer": {"downloadUrl": url},
        }
        body = json.dumps(documents.get(operation, {})).encode()
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )

    async def _serve(self, head: bytes) -> None:
        first, _, last = (
            head.lower().partition(b"range: bytes=")[2].partition(b"\r\n")[0].partition(b"-")
        )
        size = int(head.split(maxsplit=2)[1].removeprefix(b"/"))
        start, stop = int(first or 0), int(last or size - 1) + 1
        status = b"206 Partial Content" if first else b"200 OK"
        content_range = b"Content-Range: bytes %d-%d/%d\r\n" % (start, stop - 1, size)
        self._transport.write(
            b"HTTP/1.1 %b\r\nContent-Length: %d\r\n%b\r\n"
            % (status, stop - start, content_range if first else b"")
        )
        left, zeros = stop - start, bytes(_PIECE)
        while left and not self._transport.is_closing():
            await self._writable.wait()
            self._transport.write(zeros[:left])
            left -= min(left, _PIECE)


def _length(head: bytes) -> int:
    at = head.lower().find(b"\r\ncontent-length:")
    return int(head[at + 17 :].partition(b"\r\n")[0]) if at >= 0 else 0


async def serve() -> None:
    """Serve until standard input ends; print the addresses first."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Registry(lambda: port), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with tempfile.TemporaryDirectory() as layers:
        addresses = {"ecr": f"http://127.0.0.1:{port}", **await _serve_registry(layers)}
        print(json.dumps(addresses), flush=True)
        await asyncio.to_thread(sys.stdin.read)
    os._exit(0)


async def _serve_registry(layers: str) -> dict[str, str]:
    """Serve an in-memory ECR in another thread; return its address and a login."""
    from ecrclient import ECRClient
    from ecrclient.testing import InMemoryECR

    ecr = InMemoryECR(layers_dir=layers)
    server = ecr.serve()
    await server.__aenter__()
    async with ECRClient(
        region=ecr.region, credentials=ecr.credentials, endpoint_url=server.url
    ) as client:
        for name in TOOL_REPOSITORIES:
            await client.create_repository(repository_name=name)
        login = await client.registry_credentials()
    return {"registry": login.registry, "login": login.docker_config()}

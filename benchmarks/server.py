"""The server: canned responses over HTTP/1.1, plain and TLS, immediately and after 20 ms.

It does as little as possible, so that it does not limit the clients: it reads no header but the
length, and chooses a response by the start of the body. ``serving`` starts it in a separate
process, which ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cases import response_to

__all__ = ["LATENCY", "Target", "pin", "serving"]

LATENCY = 0.020
_START = 2048
"""The first bytes of a body, which contain the repository's name."""


@dataclass(frozen=True)
class Target:
    """The addresses of the server and its certificate authority."""

    url: str
    ca: str


class _Conversation(asyncio.Protocol):
    """A connection, which handles one request after another."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._head: bytes = b""
        self._body: bytes = b""
        self._missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
            if len(self._body) < _START:
                self._body += data
        else:
            received = self._head + data
            head, found, body = received.partition(b"\r\n\r\n")
            if not found:
                self._head = received
                return
            self._head, self._body = head, body[:_START]
            self._missing = _content_length(head) - len(body)
        if not self._missing:
            response = response_to(self._head, self._body)
            self._head = b""
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, self._write, response)
            else:
                self._transport.write(response)

    def _write(self, response: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(response)


def _content_length(head: bytes) -> int:
    at = head.find(b"ontent-")
    while at >= 0:
        if head[at + 7 : at + 14].lower() == b"length:":
            return int(head[at + 14 :].partition(b"\r\n")[0])
        at = head.find(b"ontent-", at + 7)
    at = head.lower().find(b"\r\ncontent-length:")
    return int(head[at + 17 :].partition(b"\r\n")[0]) if at >= 0 else 0


async def _serve(certificate: str) -> None:
    loop = asyncio.get_running_loop()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    ports: list[int] = []
    for delay in (0.0, LATENCY):
        for tls in (None, context):
            server = await loop.create_server(
                lambda delay=delay: _Conversation(delay), "127.0.0.1", 0, ssl=tls, backlog=1024
            )
            ports.append(server.sockets[0].getsockname()[1])
    print(json.dumps(ports), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)  # without waiting for connections


def pin(*, server: bool) -> None:
    """Pin this process to a core: the server to the last one, everything else to the first."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) > 1:
            os.sched_setaffinity(0, {cores[-1] if server else cores[0]})


@contextlib.contextmanager
def serving() -> Generator[dict[str, Target]]:
    """Run a server: ``plain``, ``tls``, ``plain-slow`` and ``tls-slow``, which takes 20 ms."""
    import trustme

    authority = trustme.CA()
    with tempfile.TemporaryDirectory() as folder:
        ca, certificate = Path(folder, "ca.pem"), Path(folder, "server.pem")
        authority.cert_pem.write_to_path(ca)
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
        command = [sys.executable, "-m", "benchmarks.server", str(certificate)]
        with subprocess.Popen(  # noqa: S603 - a module of this package
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            plain, tls, plain_slow, tls_slow = json.loads(process.stdout.readline())
            try:
                yield {
                    "plain": Target(f"http://127.0.0.1:{plain}", str(ca)),
                    "tls": Target(f"https://127.0.0.1:{tls}", str(ca)),
                    "plain-slow": Target(f"http://127.0.0.1:{plain_slow}", str(ca)),
                    "tls-slow": Target(f"https://127.0.0.1:{tls_slow}", str(ca)),
                }
            finally:
                process.kill()


if __name__ == "__main__":
    pin(server=True)
    asyncio.run(_serve(sys.argv[1]))

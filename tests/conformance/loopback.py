"""A service on a loopback socket that keeps what it is sent and answers what it is told."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Answer", "Loopback", "Received", "serve"]


@dataclass(frozen=True)
class Received:
    """A request as it came over the socket; names of headers in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def to_bytes(self) -> bytes:
        """As HTTP/1.1 has it, in one piece."""
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "x-amzn-requestid": "a-request",
            **self.headers,
            "content-length": str(len(self.body)),
        }
        lines = [f"HTTP/1.1 {self.status} Whatever", *(f"{k}: {v}" for k, v in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


class Loopback(socketserver.ThreadingTCPServer):
    """One answer for all who ask, until it is changed."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.answer = Answer()
        self._received: list[Received] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def keep(self, received: Received) -> None:
        """Remember a request."""
        self._received.append(received)

    def take(self) -> Received:
        """The one request since the last time."""
        (received,) = self._received
        self._received.clear()
        return received


class _Connection(socketserver.StreamRequestHandler):
    """Request by request, until the client closes."""

    def handle(self) -> None:
        assert isinstance(self.server, Loopback)
        while first := self.rfile.readline():
            method, path, _ = first.decode("latin-1").split()
            headers: dict[str, str] = {}
            while (line := self.rfile.readline()) != b"\r\n":
                name, _, value = line.decode("latin-1").partition(":")
                assert name.lower() not in headers, f"{name} comes twice"
                headers[name.lower()] = value.strip()
            body = self.rfile.read(int(headers.get("content-length", "0")))
            self.server.keep(Received(method, path, headers, body))
            self.wfile.write(self.server.answer.to_bytes())


@contextmanager
def serve() -> Generator[Loopback]:
    """A server in a thread of its own."""
    with Loopback() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()

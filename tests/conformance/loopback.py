"""A service on a loopback socket that records requests and sends a given response."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Loopback", "Received", "Response", "serve"]


@dataclass(frozen=True)
class Received:
    """A request as received from the socket; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    """The response that the server sends."""

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def to_bytes(self) -> bytes:
        """The response as an HTTP/1.1 message."""
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "x-amzn-requestid": "a-request",
            **self.headers,
            "content-length": str(len(self.body)),
        }
        lines = [f"HTTP/1.1 {self.status} Whatever", *(f"{k}: {v}" for k, v in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


class Loopback(socketserver.ThreadingTCPServer):
    """Sends ``response`` to every request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.response = Response()
        self._received: list[Received] = []

    @property
    def url(self) -> str:
        """The address that it listens on."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def keep(self, received: Received) -> None:
        """Record a request."""
        self._received.append(received)

    def take(self) -> Received:
        """The only request since the last call of this method."""
        (received,) = self._received
        self._received.clear()
        return received


class _Connection(socketserver.StreamRequestHandler):
    """Handles requests until the client closes the connection."""

    def handle(self) -> None:
        assert isinstance(self.server, Loopback)
        while first := self.rfile.readline():
            method, path, _ = first.decode("latin-1").split()
            headers: dict[str, str] = {}
            while (line := self.rfile.readline()) != b"\r\n":
                name, _, value = line.decode("latin-1").partition(":")
                assert name.lower() not in headers, f"{name} is repeated"
                headers[name.lower()] = value.strip()
            body = self.rfile.read(int(headers.get("content-length", "0")))
            self.server.keep(Received(method, path, headers, body))
            self.wfile.write(self.server.response.to_bytes())


@contextmanager
def serve() -> Generator[Loopback]:
    """Run a server in a separate thread."""
    with Loopback() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()

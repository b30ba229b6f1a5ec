"""The server, in a separate process so that its time and memory are not counted as the client's.

``python -m tests.torture.server SEED MAX_BYTES CA_FILE`` writes its two ports, plain and TLS, to
standard output, and ends when standard input does. A request's ``repositoryName`` names its case.
"""

from __future__ import annotations

import json
import socket
import socketserver
import ssl
import struct
import sys
import threading
from pathlib import Path
from typing import Any, cast

import trustme

from tests.torture.cases import PREFIX, good_reply, reply_of
from tests.torture.reply import Reply


class Server(socketserver.ThreadingTCPServer):
    """Sends the response of the case that a request names."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, seed: int, max_bytes: int, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.seed = seed
        self.max_bytes = max_bytes
        self.context = context

    def reply(self, body: bytes) -> Reply:
        """The response to a request with this body."""
        name: str = json.loads(body)["repositoryName"]
        if not name.startswith(PREFIX):
            return good_reply()
        return reply_of(self.seed, int(name.removeprefix(PREFIX)), self.max_bytes)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that disconnects; any other error is a fault of the generator."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Connection(socketserver.BaseRequestHandler):
    """Handle requests until a case ends the connection."""

    def handle(self) -> None:
        server, connection = cast("Server", self.server), cast("socket.socket", self.request)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if server.context is not None:
            connection = server.context.wrap_socket(connection, server_side=True)
        with connection, connection.makefile("rb") as reader:
            while reader.readline():
                length = 0
                while (line := reader.readline().strip()) != b"":
                    name, _, value = line.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                reply = server.reply(reader.read(length))
                for piece in reply.pieces:
                    connection.sendall(piece)
                if reply.end != "keep":
                    _finish(connection, reset=reply.end == "reset")
                    return


def _finish(connection: socket.socket, *, reset: bool) -> None:
    if reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif isinstance(connection, ssl.SSLSocket):
        connection.unwrap()


def main() -> None:
    """Serve until standard input ends."""
    seed, max_bytes, ca_file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    ca = trustme.CA()
    ca.cert_pem.write_to_path(Path(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.tempfile() as path:
        context.load_cert_chain(path)
    servers = [Server(seed, max_bytes, None), Server(seed, max_bytes, context)]
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    print(*(server.server_address[1] for server in servers), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()

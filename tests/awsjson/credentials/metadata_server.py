"""A metadata service on loopback, of a container and of an instance, that records requests."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

__all__ = ["CONTAINER_PATH", "ROLE", "Reply", "Service", "document", "serving"]

CONTAINER_PATH = "/v2/credentials/the-task"
ROLE = "deploy-role"
_TOKEN = "/latest/api/token"
_ROLES = "/latest/meta-data/iam/security-credentials/"


class Request(NamedTuple):
    """A request that arrived."""

    method: str
    path: str
    headers: Mapping[str, str]


class Reply(NamedTuple):
    """A response; ``hang`` sends nothing until the server ends, ``cut`` closes the connection."""

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = {}
    hang: bool = False
    cut: bool = False


def document(**changes: Any) -> str:
    """Credentials as both services return them; None removes a member."""
    found: dict[str, Any] = {
        "Code": "Success",
        "AccessKeyId": "ASIAEXAMPLE",
        "SecretAccessKey": "the-secret",
        "Token": "the-session-token",
        "Expiration": "2099-01-01T00:00:00Z",
        **changes,
    }
    return json.dumps({name: value for name, value in found.items() if value is not None})


@dataclass
class Service:
    """The replies by path, which tests change, and the requests so far."""

    url: str = ""
    replies: dict[str, Reply | Callable[[Request], Reply]] = field(
        default_factory=dict[str, "Reply | Callable[[Request], Reply]"]
    )
    requests: list[Request] = field(default_factory=list[Request])
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Restore the replies of a service that works."""
        self.requests.clear()
        self.replies = {
            CONTAINER_PATH: Reply(body=document(AccountId="123456789012")),
            _TOKEN: Reply(body="an-imds-token"),
            _ROLES: Reply(body=ROLE),
            _ROLES + ROLE: Reply(body=document()),
        }

    @property
    def paths(self) -> list[str]:
        """The methods and paths of the requests."""
        return [f"{request.method} {request.path}" for request in self.requests]

    def set(self, what: str, reply: Reply | Callable[[Request], Reply]) -> None:
        """Change the reply of ``container``, ``token``, ``roles`` or ``credentials``."""
        paths = {"container": CONTAINER_PATH, "token": _TOKEN, "roles": _ROLES}
        self.replies[paths.get(what, _ROLES + ROLE)] = reply

    def reply(self, request: Request) -> Reply:
        self.requests.append(request)
        reply = self.replies.get(request.path, Reply(404))
        return reply if isinstance(reply, Reply) else reply(request)


@contextmanager
def serving() -> Generator[Service]:
    """Serve until the end of the block."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            request = Request(
                self.command, self.path, {k.lower(): v for k, v in self.headers.items()}
            )
            reply = service.reply(request)
            if reply.hang:
                service.ended.wait(30)
            if reply.hang or reply.cut:
                self.close_connection = True
                return
            content = reply.body.encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_PUT = do_GET  # noqa: N815 - the name that http.server calls

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()

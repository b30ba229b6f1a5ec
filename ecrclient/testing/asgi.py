"""The service as an ASGI application, for any server that speaks ASGI 3."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias

import anyio

from .http_messages import HttpRequest, HttpResponse

__all__ = ["CLOSE_CONNECTION", "ASGIApp", "Receive", "Scope", "Send"]

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

CLOSE_CONNECTION = "ecrclient.testing.close_connection"
"""The extension by which a server lets this application close the connection, after what it has
sent: a function without arguments. ASGI itself knows no way."""


class ASGIApp:
    """Hands each request to a function and its answer back.

    Without :data:`CLOSE_CONNECTION`, an answer that is to be lost is left unfinished after its
    head, whereupon servers close the connection.

    Args:
        handle: Answers a request.
    """

    def __init__(self, handle: Callable[[HttpRequest], HttpResponse]) -> None:
        self._handle = handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the server.

        Raises:
            NotImplementedError: it is neither; ECR speaks HTTP only.
        """
        match scope["type"]:
            case "http":
                await self._serve(scope, receive, send)
            case "lifespan":
                await _live(receive, send)
            case other:
                raise NotImplementedError(f"ECR does not speak {other}")

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        if body is None:
            return
        answer = self._handle(_request(scope, body))
        delivery = answer.delivery
        if delivery.delay and await _disconnects_within(delivery.delay, receive):
            return
        extensions: dict[str, Any] = scope.get("extensions") or {}
        close = extensions.get(CLOSE_CONNECTION)
        if not delivery.lost or close is None:
            await send(_head(answer))
        if not delivery.lost:
            await _send_body(answer, send)
        if close is not None and (delivery.lost or delivery.kept is not None):
            close()
            await _disconnected(receive)


async def _send_body(answer: HttpResponse, send: Send) -> None:
    """Send what is to arrive: a file in pieces, so that it is never in memory as a whole."""
    kept = answer.delivery.kept
    if isinstance(answer.body, bytes):
        await send(_body(answer.body[:kept], more=kept is not None))
        return
    for piece in answer.pieces():
        await send(_body(piece, more=True))
    if kept is None:
        await send(_body(b"", more=False))


async def _live(receive: Receive, send: Send) -> None:
    for phase in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{phase}.complete"})


async def _read(receive: Receive) -> bytes | None:
    """The body; None: the client has gone before its end."""
    pieces: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


async def _disconnects_within(seconds: float, receive: Receive) -> bool:
    """Wait, unless the client goes; whether it has."""
    with anyio.move_on_after(seconds):
        await _disconnected(receive)
        return True
    return False


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _request(scope: Scope, body: bytes) -> HttpRequest:
    raw_path: bytes | None = scope.get("raw_path")
    path = scope["path"] if raw_path is None else raw_path.partition(b"?")[0].decode("ascii")
    headers = _join(scope["headers"])
    return HttpRequest(
        method=scope["method"],
        path=path,
        query=scope["query_string"].decode("ascii"),
        headers=headers,
        body=body,
        origin=f"{scope.get('scheme', 'http')}://{headers.get('host', '')}",
    )


def _join(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers; those of one name as one, as RFC 9110, section 5.3, allows."""
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _head(answer: HttpResponse) -> Message:
    headers = {"content-length": str(len(answer.body)), **answer.headers}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    # An answer that is to be lost has no status of its own.
    return {"type": "http.response.start", "status": answer.status or 500, "headers": raw}


def _body(piece: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": piece, "more_body": more}

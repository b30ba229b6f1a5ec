"""The in-memory ECR as an ASGI application, for any ASGI 3 server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import anyio

from .http_messages import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from .distribution.body_spool import BodySpool

__all__ = ["CLOSE_CONNECTION", "ASGIApp", "Receive", "Scope", "Send"]

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

CLOSE_CONNECTION = "ecrclient.testing.close_connection"
"""The ASGI extension with which this application closes the connection after what it has sent.

The value is a function without arguments. ASGI itself has no such feature."""


class ASGIApp:
    """Passes each request to a function, and sends the response that it returns.

    Without `CLOSE_CONNECTION`, a response that must be lost ends after its head; servers then
    close the connection.

    Args:
        handle: Returns the response to a request.
        spool: Returns where to store the body of a request while it arrives; None if the request
            must contain the body. It takes the request without its body.
    """

    def __init__(
        self,
        handle: Callable[[HttpRequest], HttpResponse],
        spool: Callable[[HttpRequest], BodySpool | None] = lambda _: None,
    ) -> None:
        self._handle = handle
        self._spool = spool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the server's lifespan events.

        Raises:
            NotImplementedError: the scope is neither HTTP nor lifespan.
        """
        match scope["type"]:
            case "http":
                await self._serve(scope, receive, send)
            case "lifespan":
                await _handle_lifespan(receive, send)
            case other:
                raise NotImplementedError(
                    f"ASGI scope type {other!r} is not supported, only 'http' and 'lifespan'"
                )

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await self._receive(_request(scope), receive)
        if request is None:
            return
        response = self._handle(request)
        delivery = response.delivery
        if delivery.delay and await _disconnects_within(delivery.delay, receive):
            return
        extensions: dict[str, Any] = scope.get("extensions") or {}
        close = extensions.get(CLOSE_CONNECTION)
        if not delivery.lost or close is None:
            await send(_head(response))
        if not delivery.lost:
            await _send_body(response, send)
        if close is not None and (delivery.lost or delivery.kept is not None):
            close()
            await _disconnected(receive)

    async def _receive(self, request: HttpRequest, receive: Receive) -> HttpRequest | None:
        """Return the request with its body; None if the client disconnected before its end."""
        spool = self._spool(request)
        if spool is None:
            pieces: list[bytes] = []
            is_complete = await _read(receive, pieces.append)
            return replace(request, body=b"".join(pieces)) if is_complete else None
        is_complete = False
        try:
            is_complete = await _read(receive, spool.write)
            return replace(request, stored=spool.finish()) if is_complete else None
        finally:
            if not is_complete:
                spool.discard()


async def _send_body(response: HttpResponse, send: Send) -> None:
    """Send the part of the body that must arrive; a file is sent in pieces to save memory."""
    kept = response.delivery.kept
    if isinstance(response.body, bytes):
        await send(_body(response.body[:kept], more=kept is not None))
        return
    for piece in response.pieces():
        await send(_body(piece, more=True))
    if kept is None:
        await send(_body(b"", more=False))


async def _handle_lifespan(receive: Receive, send: Send) -> None:
    for phase in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{phase}.complete"})


async def _read(receive: Receive, write: Callable[[bytes], None]) -> bool:
    """Pass on the body, and return whether it is complete: the client may disconnect."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        write(message.get("body", b""))
        if not message.get("more_body", False):
            return True


async def _disconnects_within(seconds: float, receive: Receive) -> bool:
    """Wait for *seconds*, or until the client disconnects; return whether it disconnected."""
    with anyio.move_on_after(seconds):
        await _disconnected(receive)
        return True
    return False


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _request(scope: Scope) -> HttpRequest:
    """Return the request without its body."""
    raw_path: bytes | None = scope.get("raw_path")
    path = scope["path"] if raw_path is None else raw_path.partition(b"?")[0].decode("ascii")
    headers = _join(scope["headers"])
    return HttpRequest(
        method=scope["method"],
        path=path,
        query=scope["query_string"].decode("ascii"),
        headers=headers,
        body=b"",
        origin=f"{scope.get('scheme', 'http')}://{headers.get('host', '')}",
    )


def _join(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Join headers of the same name, as RFC 9110, section 5.3, allows."""
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _head(response: HttpResponse) -> Message:
    headers = {"content-length": str(len(response.body)), **response.headers}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    # A response that must be lost has the status 0.
    return {"type": "http.response.start", "status": response.status or 500, "headers": raw}


def _body(piece: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": piece, "more_body": more}

"""How an attempt leaves: as an ``httpx.Request`` through any transport, or as bytes through ours.

Middleware and the transports that users bring speak httpx. Where there is neither, nobody would
see the request and response objects, whose making takes longer than the rest of the call: then the
bytes go to our own transport as they are. Both ways send the same headers and the same signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import anyio
import httpx

from ecrclient._runtime.transport import Answer, PooledTransport
from ecrclient._runtime.version import __version__

if TYPE_CHECKING:
    from datetime import datetime

    from ecrclient._runtime.config import Settings
    from ecrclient._runtime.credentials import Credentials
    from ecrclient._runtime.operation import Operation
    from ecrclient._runtime.signing import Signer

__all__ = ["Sender"]

_Headers = list[tuple[bytes, bytes]]

_USER_AGENT = f"ecrclient/{__version__}".encode("ascii")


class Sender:
    """Signs requests and sends them to one endpoint; keeps what is the same for every call."""

    def __init__(
        self, settings: Settings, signer: Signer, transport: httpx.AsyncBaseTransport
    ) -> None:
        self._host = settings.host.encode("ascii")
        self._url = httpx.URL(f"{settings.endpoint_url}/")
        self._connect_timeout = settings.connect_timeout
        self._signer = signer
        self._transport = transport
        # A subclass may have a handle_async_request of its own.
        self._ours = transport if type(transport) is PooledTransport else None
        self._fixed: dict[str, _Fixed] = {}

    @property
    def sends_bytes(self) -> bool:
        """Whether the transport takes bytes."""
        return self._ours is not None

    # -- bytes -----------------------------------------------------------------------------------

    async def post(
        self,
        operation: Operation[Any],
        body: bytes,
        told: Mapping[str, str],
        credentials: Credentials,
        now: datetime,
    ) -> Answer:
        """Sign and send an attempt, and read the whole answer; the caller bounds the time."""
        assert self._ours is not None
        fixed = self._fixed_of(operation)
        signature = self._signer.sign(
            credentials,
            host=self._host,
            content_type=fixed.content_type,
            target=fixed.target,
            body=body,
            now=now,
        )
        lines = [fixed.head]
        lines += [f"{name}: {value}\r\n".encode("ascii") for name, value in told.items()]
        lines += [b"%b: %b\r\n" % field for field in signature]
        lines.append(b"Content-Length: %d\r\n\r\n" % len(body))
        return await self._ours.post(self._url, b"".join(lines), body, self._connect_timeout)

    # -- httpx -----------------------------------------------------------------------------------

    def request(
        self,
        operation: Operation[Any],
        body: bytes,
        told: Mapping[str, str],
        timeout: float | None,
    ) -> httpx.Request:
        """The attempt as middleware sees it: not signed yet."""
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), timeout)
        if self._connect_timeout is not None:
            connect = self._connect_timeout
            timeouts["connect"] = connect if timeout is None else min(connect, timeout)
        headers = self._fixed_of(operation).headers
        return httpx.Request(
            "POST",
            self._url,
            headers=[*headers, *((n.encode("ascii"), v.encode("ascii")) for n, v in told.items())],
            content=body,
            extensions={"timeout": timeouts},
        )

    async def send(
        self, request: httpx.Request, credentials: Credentials, now: datetime
    ) -> httpx.Response:
        """Sign what the middleware has left, send it, and read the whole answer."""
        signed = self._signed(request, credentials, now)
        # Signatures and tokens stay out of what middleware, and so a log, can reach.
        try:
            response = await self._transport.handle_async_request(signed)
        except httpx.RequestError as error:
            error.request = request
            raise
        response.request = request
        try:
            await response.aread()
        finally:
            # Whatever happens, cancellation too, the connection goes back or is closed.
            with anyio.CancelScope(shield=True):
                await response.aclose()
        return response

    def _signed(
        self, request: httpx.Request, credentials: Credentials, now: datetime
    ) -> httpx.Request:
        """A copy of *request* with the headers that authenticate it."""
        headers = request.headers
        signature = self._signer.sign(
            credentials,
            host=headers["host"].encode("ascii"),
            content_type=headers["content-type"].encode("ascii"),
            target=headers["x-amz-target"].encode("ascii"),
            body=request.content,
            now=now,
        )
        return httpx.Request(
            request.method,
            request.url,
            headers=[*headers.raw, *signature],
            # As a stream: its length is in the headers already, and only the socket reads it.
            stream=httpx.ByteStream(request.content),
            extensions=request.extensions,
        )

    def _fixed_of(self, operation: Operation[Any]) -> _Fixed:
        fixed = self._fixed.get(operation.name)
        if fixed is None:
            fixed = self._fixed[operation.name] = _Fixed(operation, self._host)
        return fixed


class _Fixed:
    """What is the same in every request of an operation."""

    __slots__ = ("content_type", "head", "headers", "target")

    def __init__(self, operation: Operation[Any], host: bytes) -> None:
        version = operation.service.json_version.encode("ascii")
        self.content_type = b"application/x-amz-json-%b" % version
        self.target = operation.target.encode("ascii")
        self.headers: _Headers = [
            (b"host", host),
            (b"content-type", self.content_type),
            (b"x-amz-target", self.target),
            (b"user-agent", _USER_AGENT),
            (b"accept-encoding", b"identity"),
        ]
        self.head = b"POST / HTTP/1.1\r\n" + b"".join(
            [b"%b: %b\r\n" % field for field in self.headers]
        )

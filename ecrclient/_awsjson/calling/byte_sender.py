"""How an attempt leaves: as bytes over our own wire, or as an ``httpx.Request``.

Middleware and the transports that users bring speak httpx. Where there is neither, nobody would
see the request and response objects, whose making takes longer than the rest of the call: then the
bytes go to the wire as they are, and httpx is not even imported. Both ways send the same headers
and the same signature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecrclient._awsjson.transport.byte_transport import Origin, Wire
from ecrclient._awsjson.transport.response import Answer
from ecrclient._awsjson.version import __version__

if TYPE_CHECKING:
    from datetime import datetime

    import httpx

    from ecrclient._awsjson.calling.signing import Signer
    from ecrclient._awsjson.credentials import Credentials
    from ecrclient._awsjson.over_httpx.sender import HttpxSender
    from ecrclient._awsjson.protocol.operation import Operation
    from ecrclient._awsjson.settings.resolution import Settings
    from ecrclient._awsjson.transport.attempt import Attempt

__all__ = ["Heads", "Sender"]

_USER_AGENT = f"ecrclient/{__version__}".encode("ascii")


class Sender:
    """Signs requests and sends them to one endpoint; keeps what is the same for every call."""

    def __init__(
        self, settings: Settings, signer: Signer, transport: Wire | httpx.AsyncBaseTransport
    ) -> None:
        self._origin = Origin.of(settings.endpoint_url)
        self._host = settings.host.encode("ascii")
        self._endpoint_url = settings.endpoint_url
        self._connect_timeout = settings.connect_timeout
        self._signer = signer
        self._transport = transport
        self._wire = _wire_of(transport)
        self._over_httpx: HttpxSender | None = None
        self._heads = Heads(self._host)

    @property
    def sends_bytes(self) -> bool:
        """Whether the transport takes bytes."""
        return self._wire is not None

    async def post(
        self,
        operation: Operation[Any],
        body: bytes,
        attempt: Attempt,
        credentials: Credentials,
        now: datetime,
    ) -> Answer:
        """Sign and send an attempt, and read the whole answer; the caller bounds the time."""
        assert self._wire is not None
        head = self._heads.of(operation)
        signature = self._signer.sign(
            credentials,
            host=self._host,
            content_type=head.content_type,
            target=head.target,
            body=body,
            now=now,
        )
        lines = [head.lines]
        lines += [f"{name}: {value}\r\n".encode("ascii") for name, value in attempt.headers.items()]
        lines += [b"%b: %b\r\n" % field for field in signature]
        lines.append(b"Content-Length: %d\r\n\r\n" % len(body))
        return await self._wire.post(
            self._origin,
            b"".join(lines),
            body,
            self._connect_timeout,
            attempt,
            resend=operation.retry_safe,
        )

    def over_httpx(self) -> HttpxSender:
        """For attempts that middleware, or a transport of the user's, wants to see."""
        if self._over_httpx is None:
            from ecrclient._awsjson.over_httpx.pooled_transport import over_wire
            from ecrclient._awsjson.over_httpx.sender import HttpxSender

            transport = self._transport
            if isinstance(transport, Wire):
                transport = over_wire(transport)
            self._over_httpx = HttpxSender(
                self._endpoint_url, self._connect_timeout, self._signer, transport, self._heads
            )
        return self._over_httpx


def _wire_of(transport: Wire | httpx.AsyncBaseTransport) -> Wire | None:
    """The wire that a transport is, or is over."""
    if isinstance(transport, Wire):
        return transport
    from ecrclient._awsjson.over_httpx.pooled_transport import wire_of

    return wire_of(transport)


class Heads:
    """The heads of requests to one host, made at the first call of each operation."""

    def __init__(self, host: bytes) -> None:
        self._host = host
        self._heads: dict[str, _Head] = {}

    def of(self, operation: Operation[Any]) -> _Head:
        """The head of an operation's requests."""
        head = self._heads.get(operation.name)
        if head is None:
            head = self._heads[operation.name] = _Head(operation, self._host)
        return head


class _Head:
    """What is the same in every request of an operation."""

    __slots__ = ("content_type", "headers", "lines", "target")

    def __init__(self, operation: Operation[Any], host: bytes) -> None:
        version = operation.service.json_version.encode("ascii")
        self.content_type = b"application/x-amz-json-%b" % version
        self.target = operation.target.encode("ascii")
        self.headers = [
            (b"host", host),
            (b"content-type", self.content_type),
            (b"x-amz-target", self.target),
            (b"user-agent", _USER_AGENT),
            (b"accept-encoding", b"identity"),
        ]
        self.lines = b"POST / HTTP/1.1\r\n" + b"".join(
            [b"%b: %b\r\n" % field for field in self.headers]
        )

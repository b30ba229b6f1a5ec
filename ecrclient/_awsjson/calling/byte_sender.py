"""Sends attempts as bytes, without httpx: the default if there is no middleware.

Creating httpx's request and response objects takes longer than the rest of a small call. Both
senders send the same headers and the same signature.
"""

from __future__ import annotations

from ecrclient._awsjson.attempts.attempt import Attempt, HTTPResponse
from ecrclient._awsjson.attempts.request_head import RequestHeads
from ecrclient._awsjson.attempts.signing import LARGE_PAYLOAD, Signer, hash_payload
from ecrclient._awsjson.settings.endpoints import Endpoint
from ecrclient._awsjson.transport.byte_transport import ByteTransport
from ecrclient._awsjson.transport.origin import Origin
from ecrclient._awsjson.transport.response import decode_headers

__all__ = ["ByteSender"]


class ByteSender:
    """Signs requests and writes them to a byte transport."""

    def __init__(
        self,
        endpoint: Endpoint,
        connect_timeout: float | None,
        signer: Signer,
        transport: ByteTransport,
    ) -> None:
        self._origin = Origin.of(endpoint.url)
        self._connect_timeout = connect_timeout
        self._signer = signer
        self._transport = transport
        self._heads = RequestHeads(endpoint.host.encode("ascii"))

    async def send(self, attempt: Attempt) -> HTTPResponse:
        """Sign an attempt, unless its operation takes no authentication, and send it.

        Returns:
            The complete response.

        Raises:
            TransportError: There was no complete response.
        """
        operation, body = attempt.operation, attempt.body
        head = self._heads.of(operation)
        added = "".join([f"{name}: {value}\r\n" for name, value in attempt.headers.items()])
        lines = [head.lines, added.encode("ascii")]
        if not operation.is_signed:
            attempt.timer.start()
        else:
            credentials = await attempt.get_credentials()
            attempt.timer.start()
            payload_hash = await hash_payload(body) if len(body) >= LARGE_PAYLOAD else None
            signature = self._signer.sign(
                credentials,
                host=head.host,
                content_type=head.content_type,
                target=head.target,
                body=body,
                now=attempt.now(),
                payload_hash=payload_hash,
            )
            lines += [b"%b: %b\r\n" % field for field in signature]
        lines.append(b"Content-Length: %d\r\n\r\n" % len(body))
        status, headers, content = await self._transport.post(
            self._origin,
            b"".join(lines),
            body,
            self._connect_timeout,
            attempt.timer,
            resend=operation.retry_safe,
        )
        return HTTPResponse(status, decode_headers(headers), content)

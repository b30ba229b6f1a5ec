"""Sends attempts as httpx objects: through middleware, or with the user's transport."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import anyio
import httpx

from ecrclient._awsjson.attempts.attempt import Attempt, HTTPResponse
from ecrclient._awsjson.attempts.request_head import RequestHeads
from ecrclient._awsjson.attempts.signing import LARGE_PAYLOAD, hash_payload
from ecrclient._awsjson.over_httpx.error_translation import translate_error
from ecrclient._awsjson.over_httpx.middleware import Middleware, compose
from ecrclient._awsjson.over_httpx.responses import read_bounded
from ecrclient._awsjson.protocol.argument_checks import check_instance
from ecrclient._awsjson.transport.response import MAX_RESPONSE_BYTES
from ecrclient._awsjson.transport.timer import EXTENSION, AttemptTimer

if TYPE_CHECKING:
    from ecrclient._awsjson.attempts.signing import Signer
    from ecrclient._awsjson.credentials import Credentials
    from ecrclient._awsjson.settings.endpoints import Endpoint

__all__ = ["HttpxSender"]


class HttpxSender:
    """Sends requests through the middleware and any ``httpx.AsyncBaseTransport``."""

    def __init__(
        self,
        endpoint: Endpoint,
        connect_timeout: float | None,
        signer: Signer,
        transport: httpx.AsyncBaseTransport,
        middleware: Sequence[Middleware],
    ) -> None:
        self._url = httpx.URL(f"{endpoint.url}/")
        self._connect_timeout = connect_timeout
        self._signer = signer
        self._transport = transport
        self._middleware = middleware
        self._heads = RequestHeads(endpoint.host.encode("ascii"))

    async def send(self, attempt: Attempt) -> HTTPResponse:
        """Send an attempt through the middleware, and receive the complete response.

        Raises:
            TransportError: There was no complete response.
        """

        async def sign_and_send(request: httpx.Request) -> httpx.Response:
            signature: list[tuple[bytes, bytes]] = []
            if attempt.operation.is_signed:
                credentials = await attempt.get_credentials()
                body = request.content
                payload_hash = await hash_payload(body) if len(body) >= LARGE_PAYLOAD else None
                signature = self._sign(request, credentials, attempt.now(), payload_hash)
            return await self._send(request, signature, attempt.timer)

        failure: httpx.RequestError
        try:
            response = await compose(self._middleware, sign_and_send)(self._request(attempt))
            check_instance("what middleware returns", response, httpx.Response, "a response")
            # Middleware may have created a response that has not been read yet.
            await read_bounded(response, MAX_RESPONSE_BYTES)
        except httpx.RequestError as error:
            failure = error
        else:
            headers = dict(response.headers.items())
            return HTTPResponse(response.status_code, headers, response.content)
        # Outside the except block, in which httpx's error would become the context of this one.
        raise translate_error(failure)

    def _request(self, attempt: Attempt) -> httpx.Request:
        """Return the attempt's request for middleware, which is not signed yet."""
        timer = attempt.timer
        timeouts: dict[str, float | None] = dict.fromkeys(
            ("connect", "read", "write"), timer.timeout
        )
        timeouts["pool"] = timer.pool_timeout
        if self._connect_timeout is not None:
            connect = self._connect_timeout
            timeouts["connect"] = connect if timer.timeout is None else min(connect, timer.timeout)
        headers = self._heads.of(attempt.operation).headers
        added = [(n.encode("ascii"), v.encode("ascii")) for n, v in attempt.headers.items()]
        return httpx.Request(
            "POST",
            self._url,
            headers=[*headers, *added],
            content=bytes(attempt.body),
            # ``PooledTransport`` reads ``idempotent``; other transports ignore it.
            extensions={"timeout": timeouts, "idempotent": attempt.operation.retry_safe},
        )

    async def _send(
        self, request: httpx.Request, signature: list[tuple[bytes, bytes]], timer: AttemptTimer
    ) -> httpx.Response:
        """Send the request that left the middleware, and read the complete response."""
        signed = httpx.Request(
            request.method,
            request.url,
            headers=[*request.headers.raw, *signature],
            # A stream, because ``content`` would add headers for the length again.
            stream=httpx.ByteStream(request.content),
            # Added here because middleware may send a different request than it received.
            extensions={**request.extensions, EXTENSION: timer},
        )
        # Errors and responses get the unsigned request, so that middleware cannot log signatures.
        try:
            response = await self._transport.handle_async_request(signed)
            check_instance("what the transport returns", response, httpx.Response, "a response")
        except httpx.RequestError as error:
            error.request = request
            raise
        response.request = request
        try:
            await read_bounded(response, MAX_RESPONSE_BYTES)
        finally:
            # The connection is released or closed in any case, also after a cancellation.
            with anyio.CancelScope(shield=True):
                await response.aclose()
        return response

    def _sign(
        self,
        request: httpx.Request,
        credentials: Credentials,
        now: datetime,
        payload_hash: bytes | None,
    ) -> list[tuple[bytes, bytes]]:
        """Return the headers that authenticate *request*."""
        headers = request.headers
        return self._signer.sign(
            credentials,
            host=headers["host"].encode("ascii"),
            content_type=headers["content-type"].encode("ascii"),
            target=headers["x-amz-target"].encode("ascii"),
            body=request.content,
            now=now,
            payload_hash=payload_hash,
        )

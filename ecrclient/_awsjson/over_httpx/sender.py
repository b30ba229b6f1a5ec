"""How an attempt leaves where somebody looks at it: as an ``httpx.Request``, through middleware."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import anyio
import httpx

from ecrclient._awsjson.over_httpx.error_translation import translate_error
from ecrclient._awsjson.over_httpx.middleware import Middleware, compose
from ecrclient._awsjson.over_httpx.responses import read_bounded
from ecrclient._awsjson.protocol.argument_checks import check_instance
from ecrclient._awsjson.transport.attempt import EXTENSION
from ecrclient._awsjson.transport.response import MAX_RESPONSE_BYTES

if TYPE_CHECKING:
    from ecrclient._awsjson.calling.byte_sender import Heads
    from ecrclient._awsjson.calling.signing import Signer
    from ecrclient._awsjson.credentials import Credentials
    from ecrclient._awsjson.protocol.operation import Operation
    from ecrclient._awsjson.transport.attempt import Attempt

__all__ = ["HttpxSender"]


class HttpxSender:
    """Sends requests through the middleware and any ``httpx.AsyncBaseTransport``."""

    def __init__(
        self,
        endpoint_url: str,
        connect_timeout: float | None,
        signer: Signer,
        transport: httpx.AsyncBaseTransport,
        heads: Heads,
    ) -> None:
        self._url = httpx.URL(f"{endpoint_url}/")
        self._connect_timeout = connect_timeout
        self._signer = signer
        self._transport = transport
        self._heads = heads

    async def attempt(
        self,
        operation: Operation[Any],
        body: bytes,
        attempt: Attempt,
        *,
        middleware: Sequence[Middleware],
        get_credentials: Callable[[], Awaitable[Credentials]],
        now: Callable[[], datetime],
    ) -> httpx.Response:
        """The answer to an attempt, read.

        Raises:
            TransportError: none came.
        """

        async def send(request: httpx.Request) -> httpx.Response:
            with attempt.paused():
                credentials = await get_credentials()
            return await self._send(request, attempt, credentials, now())

        request = self._request(operation, body, attempt)
        failure: httpx.RequestError
        try:
            response = await compose(middleware, send)(request)
            check_instance("what middleware returns", response, httpx.Response, "a response")
            # Middleware may have made an answer of its own that is not read yet.
            await read_bounded(response, MAX_RESPONSE_BYTES)
        except httpx.RequestError as error:
            failure = error
        else:
            return response
        # Outside the except block: the original error would become the context of its own effect.
        raise translate_error(failure)

    def _request(
        self,
        operation: Operation[Any],
        body: bytes,
        attempt: Attempt,
    ) -> httpx.Request:
        """The attempt as middleware sees it: not signed yet."""
        told, timeout = attempt.headers, attempt.timeout
        timeouts: dict[str, float | None] = dict.fromkeys(("connect", "read", "write"), timeout)
        timeouts["pool"] = attempt.pool_timeout
        if self._connect_timeout is not None:
            connect = self._connect_timeout
            timeouts["connect"] = connect if timeout is None else min(connect, timeout)
        headers = self._heads.of(operation).headers
        return httpx.Request(
            "POST",
            self._url,
            headers=[*headers, *((n.encode("ascii"), v.encode("ascii")) for n, v in told.items())],
            content=body,
            # Read by ``PooledTransport``; other transports ignore it.
            extensions={"timeout": timeouts, "idempotent": operation.retry_safe},
        )

    async def _send(
        self, request: httpx.Request, attempt: Attempt, credentials: Credentials, now: datetime
    ) -> httpx.Response:
        """Sign what the middleware has left, send it, and read the whole answer."""
        signed = self._signed(request, credentials, now)
        # Here, and not before the middleware, which may send another request than it was given.
        signed.extensions = {**signed.extensions, EXTENSION: attempt}
        # Signatures and tokens stay out of what middleware, and so a log, can reach.
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

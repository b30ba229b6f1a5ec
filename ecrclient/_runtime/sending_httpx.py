"""How an attempt leaves where somebody looks at it: as an ``httpx.Request``, through middleware."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import anyio
import httpx

from ecrclient._runtime.middleware import Middleware, compose
from ecrclient._runtime.transport import translate_error

if TYPE_CHECKING:
    from ecrclient._runtime.credentials import Credentials
    from ecrclient._runtime.operation import Operation
    from ecrclient._runtime.sending import Heads
    from ecrclient._runtime.signing import Signer

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
        told: Mapping[str, str],
        *,
        timeout: float | None,
        middleware: Sequence[Middleware],
        get_credentials: Callable[[], Awaitable[Credentials]],
        now: Callable[[], datetime],
    ) -> httpx.Response:
        """The answer to an attempt, read.

        Raises:
            TransportError: none came.
        """

        async def send(request: httpx.Request) -> httpx.Response:
            return await self._send(request, await get_credentials(), now())

        request = self._request(operation, body, told, timeout)
        try:
            response = await compose(middleware, send)(request)
            # Middleware may have made an answer of its own that is not read yet.
            await response.aread()
        except httpx.RequestError as error:
            raise translate_error(error) from error
        return response

    def _request(
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
        headers = self._heads.of(operation).headers
        return httpx.Request(
            "POST",
            self._url,
            headers=[*headers, *((n.encode("ascii"), v.encode("ascii")) for n, v in told.items())],
            content=body,
            extensions={"timeout": timeouts},
        )

    async def _send(
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

"""What a client shares with the clients that ``with_options`` makes of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

import anyio
import anyio.to_thread

from ecrclient._awsjson.calling.byte_sender import Sender
from ecrclient._awsjson.calling.clock import ServiceClock
from ecrclient._awsjson.calling.loop_guard import LoopGuard
from ecrclient._awsjson.calling.retry import RetryPolicy, RetryQuota
from ecrclient._awsjson.calling.signing import Signer
from ecrclient._awsjson.calling.throttle import Throttles
from ecrclient._awsjson.credentials import (
    Credentials,
    CredentialsProvider,
    default_provider,
)
from ecrclient._awsjson.over_httpx.default_transport import default_transport
from ecrclient._awsjson.protocol.errors import ClientClosedError
from ecrclient._awsjson.settings.resolution import (
    ClientArguments,
    ResolveEndpoint,
    Settings,
    resolve_settings,
)
from ecrclient._awsjson.support.per_loop import PerLoop
from ecrclient._awsjson.transport.byte_transport import Wire

if TYPE_CHECKING:
    import httpx

    from ecrclient._awsjson.protocol.operation import Service

__all__ = ["Connection", "Core"]

T = TypeVar("T")


class Connection(NamedTuple):
    """The resolved settings and what was made from them: all that a call needs to be sent."""

    credentials: CredentialsProvider
    sender: Sender
    transport: Wire | httpx.AsyncBaseTransport
    retry: RetryPolicy
    """What the settings say, for calls that say nothing themselves."""


class Core:
    """The shared state: settings and transport once they are needed, quota, limiters, clock."""

    def __init__(
        self,
        arguments: ClientArguments,
        resolve_endpoint: ResolveEndpoint,
        service: Service,
        credentials: Credentials | CredentialsProvider | None,
        transport: httpx.AsyncBaseTransport | None,
        max_connections: int,
        *,
        over_httpx: bool,
    ) -> None:
        self._arguments = arguments
        self._resolve_endpoint = resolve_endpoint
        self._service = service
        self._credentials = credentials
        self._transport = transport
        self._max_connections = max_connections
        self._over_httpx = over_httpx
        self._connection: Connection | None = None
        self._opening = PerLoop(anyio.Lock)
        self._closed = False
        self._transport_closed = False
        self._shared: dict[Callable[[], object], object] = {}
        self.loops = LoopGuard()
        self.quota = RetryQuota()
        self.throttles = Throttles()
        self.clock = ServiceClock()

    async def connection(self) -> Connection:
        """What a call needs; made at the first one, off the event loop.

        Raises:
            ClientClosedError: the client has been closed.
            ConfigurationError: a setting is missing or wrong.
        """
        self._check_open()
        if self._connection is None:
            async with self._opening.get():
                await self._open_once()
            assert self._connection is not None
        return self._connection

    async def _open_once(self) -> None:
        self._check_open()
        if self._connection is None:
            self._connection = await anyio.to_thread.run_sync(self._open, abandon_on_cancel=True)
            if self._closed:
                # Somebody closed the client while it was being opened.
                await self._close_transport()
            self._check_open()

    def _check_open(self) -> None:
        if self._closed:
            raise ClientClosedError("the client is closed")

    def _open(self) -> Connection:
        arguments = self._arguments
        settings = resolve_settings(arguments, self._resolve_endpoint, self._service.service_id)
        transport = self._transport or default_transport(
            settings.endpoint_url, self._max_connections, ca_bundle=settings.ca_bundle
        )
        signer = Signer(settings.region, self._service.signing_name)
        sender = Sender(settings, signer, transport)
        if self._over_httpx:
            sender.over_httpx()  # here, where the import of httpx holds nobody up
        return Connection(
            credentials=default_provider(
                self._credentials, arguments.profile, settings.pseudo_region or settings.region
            ),
            sender=sender,
            transport=transport,
            retry=_policy(settings),
        )

    def shared(self, make: Callable[[], T]) -> T:
        """What *make* makes; the same for all clients of this core."""
        if make not in self._shared:
            self._shared[make] = make()
        return cast("T", self._shared[make])

    async def aclose(self) -> None:
        """Close the transport, unless it is the caller's own.

        Idempotent. A second call completes a first one that was interrupted.
        """
        self._closed = True
        if not self._transport_closed:
            await self._close_transport()
            self._transport_closed = True

    async def _close_transport(self) -> None:
        if self._connection is not None and self._transport is None:
            transport = self._connection.transport
            if isinstance(transport, Wire):
                transport.close()
            else:
                await transport.aclose()


def _policy(settings: Settings) -> RetryPolicy:
    """``legacy``, which botocore still knows, has no rules of its own here: it is ``standard``."""
    policy = RetryPolicy(mode="adaptive" if settings.retry_mode == "adaptive" else "standard")
    if settings.max_attempts is None:
        return policy
    return dataclasses.replace(policy, max_attempts=settings.max_attempts)

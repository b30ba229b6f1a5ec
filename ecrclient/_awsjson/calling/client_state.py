"""The state that a client shares with the clients that ``with_options`` derives from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

import anyio
import anyio.to_thread

from ecrclient._awsjson.attempts.signing import Signer
from ecrclient._awsjson.calling.clock import ServiceClock
from ecrclient._awsjson.calling.loop_guard import LoopGuard
from ecrclient._awsjson.calling.retry import RetryQuota
from ecrclient._awsjson.calling.sending import Sender, make_sender
from ecrclient._awsjson.calling.throttle import Throttles
from ecrclient._awsjson.credentials import (
    CredentialsProvider,
    CredentialsSource,
    default_provider,
)
from ecrclient._awsjson.over_httpx.default_transport import default_transport
from ecrclient._awsjson.over_httpx.origins import Origins
from ecrclient._awsjson.protocol.errors import ClientClosedError
from ecrclient._awsjson.settings.resolution import (
    ClientArguments,
    ResolveEndpoint,
    Settings,
    host_of,
    resolve_settings,
)
from ecrclient._awsjson.settings.retry_policy import RetryPolicy
from ecrclient._awsjson.support.per_loop import PerLoop
from ecrclient._awsjson.transport.byte_transport import ByteTransport

if TYPE_CHECKING:
    import httpx

    from ecrclient._awsjson.over_httpx.middleware import Middleware
    from ecrclient._awsjson.protocol.operation import Service

__all__ = ["ClientState", "Resources"]

T = TypeVar("T")


class Resources(NamedTuple):
    """The objects that send a call, created from the resolved settings."""

    credentials: CredentialsProvider
    sender: Sender
    transport: ByteTransport | httpx.AsyncBaseTransport
    retry: RetryPolicy
    """The policy of the settings, for clients and calls without a policy."""


class ClientState:
    """Settings, transport, credentials, retry quota, limiters and clock; created when needed."""

    def __init__(
        self,
        arguments: ClientArguments,
        resolve_endpoint: ResolveEndpoint,
        service: Service,
        credentials: CredentialsSource | None,
        transport: httpx.AsyncBaseTransport | None,
        max_connections: int,
        middleware: Sequence[Middleware],
    ) -> None:
        self._arguments = arguments
        self._resolve_endpoint = resolve_endpoint
        self._service = service
        self._credentials = credentials
        self._transport = transport
        self._max_connections = max_connections
        self._middleware = middleware
        self._settings: Settings | None = None
        self._resources: Resources | None = None
        self._opening = PerLoop(anyio.Lock)
        self._closed = False
        self._transport_closed = False
        self._origins = Origins(transport, max_connections)
        self._shared: dict[Callable[[], object], object] = {}
        self.loops = LoopGuard()
        self.quota = RetryQuota()
        self.throttles = Throttles()
        self.clock = ServiceClock()

    @property
    def region(self) -> str | None:
        """The resolved region; until it is resolved, the argument."""
        return self._settings.region if self._settings else self._arguments.region

    @property
    def endpoint_url(self) -> str | None:
        """The resolved endpoint; until it is resolved, the argument."""
        return self._settings.endpoint_url if self._settings else self._arguments.endpoint_url

    @property
    def shown_endpoint(self) -> str:
        """The endpoint's host for a ``repr``; never the URL, which may contain a password."""
        url = self.endpoint_url
        if url is None:
            return "unresolved"
        host = host_of(url)
        return "invalid" if host is None else repr(host)

    @property
    def is_closed(self) -> bool:
        """Whether ``aclose`` was called."""
        return self._closed

    async def resources(self) -> Resources:
        """Return the objects that send a call; the first call creates them in a worker thread.

        Raises:
            ClientClosedError: The client is closed.
            ConfigurationError: A setting is missing or wrong.
        """
        self._check_open()
        if self._resources is None:
            async with self._opening.get():
                await self._open_once()
            assert self._resources is not None
        return self._resources

    async def _open_once(self) -> None:
        self._check_open()
        if self._resources is None:
            self._resources = await anyio.to_thread.run_sync(self._open, abandon_on_cancel=True)
            if self._closed:
                # Another task closed the client while it was being opened.
                await self._close_transport()
            self._check_open()

    def _check_open(self) -> None:
        if self._closed:
            raise ClientClosedError("the client is closed")

    def _open(self) -> Resources:
        arguments = self._arguments
        settings = resolve_settings(arguments, self._resolve_endpoint, self._service.service_id)
        self._settings = settings
        transport = self._transport or default_transport(
            settings.endpoint_url, self._max_connections, ca_bundle=settings.ca_bundle
        )
        signer = Signer(settings.region, self._service.signing_name)
        self._origins.ca_bundle = settings.ca_bundle
        return Resources(
            credentials=default_provider(
                self._credentials, arguments.profile, settings.pseudo_region or settings.region
            ),
            sender=make_sender(settings, signer, transport, self._middleware),
            transport=transport,
            retry=_policy(settings),
        )

    async def transport_to(self, url: str) -> httpx.AsyncBaseTransport:
        """Return a transport to another origin, for a URL that a response contains.

        It is closed with the client. A transport that the caller passed is used for every origin,
        unless it is a ``PooledTransport``, which is for one origin only.

        Raises:
            ClientClosedError: The client is closed.
            ConfigurationError: A setting is missing or wrong.
        """
        await self.resources()
        return await self._origins.transport_to(url)

    def shared(self, make: Callable[[], T]) -> T:
        """Return the result of *make*, which is called once for all clients with this state."""
        if make not in self._shared:
            self._shared[make] = make()
        return cast("T", self._shared[make])

    async def aclose(self) -> None:
        """Close the transport, unless the caller passed it.

        Idempotent. A second call completes a first one that was interrupted.
        """
        self._closed = True
        if not self._transport_closed:
            await self._close_transport()
            self._transport_closed = True

    async def _close_transport(self) -> None:
        if self._resources is not None and self._transport is None:
            transport = self._resources.transport
            if isinstance(transport, ByteTransport):
                transport.close()
            else:
                await transport.aclose()
        await self._origins.aclose()


def _policy(settings: Settings) -> RetryPolicy:
    """Return the policy of the settings; botocore's ``legacy`` mode is treated as ``standard``."""
    policy = RetryPolicy(mode="adaptive" if settings.retry_mode == "adaptive" else "standard")
    if settings.max_attempts is None:
        return policy
    return dataclasses.replace(policy, max_attempts=settings.max_attempts)

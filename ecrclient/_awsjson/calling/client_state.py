"""The state that a client shares with the clients that ``with_options`` derives from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

import anyio
import anyio.to_thread

from ecrclient._awsjson.calling.clock import ServiceClock
from ecrclient._awsjson.calling.loop_guard import LoopGuard
from ecrclient._awsjson.calling.retry import RetryQuota
from ecrclient._awsjson.calling.senders import Senders
from ecrclient._awsjson.calling.throttle import Throttles
from ecrclient._awsjson.credentials import (
    CredentialsProvider,
    CredentialsSource,
    default_provider,
)
from ecrclient._awsjson.over_httpx.origins import Origins
from ecrclient._awsjson.protocol.errors import ClientClosedError
from ecrclient._awsjson.settings.endpoints import ResolveEndpoint, host_of
from ecrclient._awsjson.settings.resolution import ClientArguments, Settings, resolve_settings
from ecrclient._awsjson.settings.retry_policy import RetryPolicy
from ecrclient._awsjson.support.per_loop import PerLoop
from ecrclient._awsjson.support.record import Record

if TYPE_CHECKING:
    import httpx

    from ecrclient._awsjson.over_httpx.middleware import Middleware
    from ecrclient._awsjson.protocol.operation import Service

__all__ = ["ClientState", "Resources"]

T = TypeVar("T")


class Resources(Record):
    """The objects that send a call, created from the resolved settings."""

    credentials: CredentialsProvider
    senders: Senders
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
        """The resolved endpoint; until it is resolved, and if it varies, the configured one."""
        if self._resources is not None and self._resources.senders.endpoint is not None:
            return self._resources.senders.endpoint.url
        return self._arguments.endpoint_url

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
                await self._close_transports()
            self._check_open()

    def _check_open(self) -> None:
        if self._closed:
            raise ClientClosedError("the client is closed")

    def _open(self) -> Resources:
        arguments = self._arguments
        settings = resolve_settings(arguments, self._service.service_id)
        self._settings = settings
        self._origins.ca_bundle = settings.ca_bundle
        return Resources(
            credentials=default_provider(
                self._credentials, arguments.profile, settings.pseudo_region or settings.region
            ),
            senders=Senders(
                settings,
                self._resolve_endpoint,
                self._service,
                self._transport,
                self._max_connections,
                self._middleware,
            ),
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

    async def quota_key(self) -> tuple[Hashable, ...]:
        """Return a key that is equal for clients whose calls count towards the same quotas.

        That is known without a call if they have the same endpoint and Region, and credentials of
        the same account, or with the same access key if the account is not known. A transport that
        the caller passed may lead anywhere, so clients must have the same one.

        Raises:
            AWSClientError: There are no credentials, or a setting is missing or wrong.
        """
        credentials = await (await self.resources()).credentials.get()
        caller = credentials.account_id or credentials.access_key_id
        # The client keeps the transport, so its id is not used again meanwhile.
        return self.endpoint_url, self.region, caller, id(self._transport)

    async def aclose(self) -> None:
        """Close the transports, unless the caller passed one.

        Idempotent. A second call completes a first one that was interrupted.
        """
        self._closed = True
        await self._close_transports()

    async def _close_transports(self) -> None:
        if self._resources is not None:
            await self._resources.senders.aclose()
        await self._origins.aclose()


def _policy(settings: Settings) -> RetryPolicy:
    """Return the policy of the settings; botocore's ``legacy`` mode is treated as ``standard``."""
    policy = RetryPolicy(mode="adaptive" if settings.retry_mode == "adaptive" else "standard")
    if settings.max_attempts is None:
        return policy
    return dataclasses.replace(policy, max_attempts=settings.max_attempts)

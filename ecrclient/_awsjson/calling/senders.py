"""The senders of a client, one for each endpoint that its calls need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from ecrclient._awsjson.attempts.signing import Signer
from ecrclient._awsjson.calling.sending import Sender, make_sender
from ecrclient._awsjson.over_httpx.default_transport import default_transport
from ecrclient._awsjson.protocol.errors import ClientClosedError
from ecrclient._awsjson.settings.endpoints import Endpoint, ResolveEndpoint
from ecrclient._awsjson.settings.resolution import Settings
from ecrclient._awsjson.support.per_loop import PerLoop
from ecrclient._awsjson.transport.byte_transport import ByteTransport

if TYPE_CHECKING:
    import httpx

    from ecrclient._awsjson.over_httpx.middleware import Middleware
    from ecrclient._awsjson.protocol.operation import Service
    from ecrclient._awsjson.settings.endpoint_inputs import CallInputs

__all__ = ["Senders"]


class Senders:
    """Opens senders when they are needed, each with a separate connection pool.

    Create it in a worker thread, because it reads certificates.

    Args:
        settings: The client's settings.
        rules: The service's endpoint rules.
        service: The service.
        transport: The transport that the caller passed, which all senders use.
        max_connections: The maximum number of connections to one endpoint.
        middleware: The client's middleware.

    Raises:
        ConfigurationError: The rules have no endpoint for the settings.
    """

    def __init__(
        self,
        settings: Settings,
        rules: ResolveEndpoint,
        service: Service,
        transport: httpx.AsyncBaseTransport | None,
        max_connections: int,
        middleware: Sequence[Middleware],
    ) -> None:
        self._settings = settings
        self._rules = rules
        self._service = service
        self._transport = transport
        self._max_connections = max_connections
        self._middleware = middleware
        self._senders: dict[Endpoint, Sender] = {}
        self._opening = PerLoop(anyio.Lock)
        self._closed = False
        self.transports: list[ByteTransport | httpx.AsyncBaseTransport] = []
        """The open transports of the client; not one that the caller passed."""
        self.default: Sender | None = None
        """The sender of all calls; None: the endpoint depends on the call."""
        self.endpoint: Endpoint | None = None
        """The endpoint of all calls."""
        if not service.endpoint_varies:
            self.endpoint = settings.endpoint.resolve(rules)
            self.default = self._open(self.endpoint)

    async def of(self, inputs: CallInputs, account_id: str | None) -> Sender:
        """Return the sender to the endpoint of a call.

        Args:
            inputs: What the endpoint depends on in the call.
            account_id: The account of the credentials, if it is known.

        Raises:
            ConfigurationError: The rules have no endpoint for the call.
        """
        parameters = dict(inputs.parameters)
        if self._service.uses_account_id:
            parameters["account_id"] = account_id
            parameters["account_id_endpoint_mode"] = self._settings.endpoint.account_id_mode
        endpoint = self._settings.endpoint.resolve(self._rules, parameters, inputs.host_prefix)
        if endpoint not in self._senders:
            async with self._opening.get():
                if endpoint not in self._senders:
                    await anyio.to_thread.run_sync(self._open, endpoint)
        return self._senders[endpoint]

    def _open(self, endpoint: Endpoint) -> Sender:
        if self._closed:
            raise ClientClosedError("the client is closed")
        transport: ByteTransport | httpx.AsyncBaseTransport
        if self._transport is not None:
            transport = self._transport
        else:
            transport = default_transport(
                endpoint.url, self._max_connections, ca_bundle=self._settings.ca_bundle
            )
            self.transports.append(transport)
        signer = Signer(
            endpoint.signing_region, endpoint.signing_name or self._service.signing_name
        )
        sender = make_sender(
            endpoint, self._settings.connect_timeout, signer, transport, self._middleware
        )
        self._senders[endpoint] = sender
        return sender

    async def aclose(self) -> None:
        """Close the transports. A second call completes a first one that was interrupted."""
        self._closed = True
        while self.transports:
            transport = self.transports[-1]
            if isinstance(transport, ByteTransport):
                transport.close()
            else:
                await transport.aclose()
            self.transports.pop()

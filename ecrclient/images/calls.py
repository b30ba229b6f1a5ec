"""The operations on one repository, and what else a transfer needs of a client.

The client's methods are not used, because the client imports this package.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecrclient.operations import UPLOAD_LAYER_PART

if TYPE_CHECKING:
    import httpx

    from ecrclient._awsjson.many.pagination import Paginator
    from ecrclient._awsjson.protocol.operation import Operation, ResponseT, Waiter
    from ecrclient.images.put_image_rate import PutImageRate
    from ecrclient.logins import RegistryCredentials

__all__ = ["RepositoryCalls"]


@dataclass(frozen=True, kw_only=True)
class RepositoryCalls:
    """Calls the operations of ECR on one repository."""

    repository_name: str
    registry_id: str | None
    """The account of the registry; None: the caller's own."""
    send: Callable[..., Awaitable[Any]]
    """Sends a request of an operation and some members, and returns the response."""
    send_encoded: Callable[..., Awaitable[Any]]
    """The same with an encoded body instead of the members."""
    paginate: Callable[..., Paginator[Any, Any]]
    """Returns the pages of an operation with some members."""
    wait: Callable[..., Awaitable[Any]]
    """Polls as a waiter says, with some members, and returns the last response."""
    login: Callable[[str | None], Awaitable[RegistryCredentials]]
    """Returns the login of a registry."""
    transport_to: Callable[[str], Awaitable[httpx.AsyncBaseTransport]]
    """Returns a transport for a URL that a response contains."""
    timeout: float | None
    """Seconds for each wait of a download; None: no limit."""
    put_image_rate: PutImageRate
    quota_key: Callable[[], Awaitable[Hashable]]
    """Returns what identifies the quotas of the caller at the moment."""
    region: Callable[[], str | None]
    """Returns the Region; None before the first call, if it was not passed to the client."""
    registry: object
    """Equal for two repositories only if they are of one client and in one registry."""

    @property
    def timeouts(self) -> dict[str, float | None]:
        """The timeouts of an ``httpx.Request``."""
        return dict.fromkeys(("connect", "read", "write", "pool"), self.timeout)

    async def call(self, operation: Operation[ResponseT], **members: object) -> ResponseT:
        """Call an operation on the repository."""
        response: ResponseT = await self.send(operation, self._with_names(members))
        return response

    async def call_registry(self, operation: Operation[ResponseT], **members: object) -> ResponseT:
        """Call an operation that is not on a repository."""
        response: ResponseT = await self.send(operation, members)
        return response

    def iterate(self, operation: Operation[ResponseT], **members: object) -> AsyncIterable[Any]:
        """Iterate over the items of an operation on the repository."""
        return self.paginate(operation, self._with_names(members))

    async def wait_for(self, waiter: Waiter[ResponseT], *, max_wait: float) -> ResponseT:
        """Wait until a response about the repository is what a waiter waits for."""
        response: ResponseT = await self.wait(
            waiter, self._with_names({}), max_wait=max_wait, on_poll=None
        )
        return response

    async def send_part(self, body: bytearray) -> None:
        """Call UploadLayerPart with an encoded request.

        Its content does not pass through a model or a JSON encoder.
        """
        await self.send_encoded(UPLOAD_LAYER_PART, body)

    async def wait_to_put_image(self) -> None:
        """Wait until the rate of PutImage allows another call."""
        await self.put_image_rate.wait(await self.quota_key())

    def _with_names(self, members: dict[str, object]) -> dict[str, object]:
        names = {"repository_name": self.repository_name, "registry_id": self.registry_id}
        return {**names, **members}

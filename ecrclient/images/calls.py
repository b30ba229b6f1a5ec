"""The operations on one repository, and what else a transfer needs of a client.

The client's methods are not used, because the client imports this package.
"""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio

from ecrclient.operations import UPLOAD_LAYER_PART

if TYPE_CHECKING:
    import httpx

    from ecrclient._awsjson.many.pagination import Paginator
    from ecrclient._awsjson.protocol.operation import Operation, ResponseT, Waiter
    from ecrclient.logins import RegistryCredentials

__all__ = ["PutImageLimiter", "RepositoryCalls"]

_PUT_IMAGES_PER_SECOND = 10
"""The rate of PutImage in one account and region ("Amazon ECR service quotas")."""


class PutImageLimiter:
    """Limits the PutImage calls of a client, whose rate ECR limits more than any other's.

    A token bucket: a second's calls may be sent immediately, and further ones at the allowed rate.
    """

    def __init__(self) -> None:
        self._free_at = -math.inf

    async def wait(self) -> None:
        """Wait until the next call may be sent."""
        now = time.monotonic()
        # The bucket is full if no call was sent in the last second.
        self._free_at = max(self._free_at, now - 1) + 1 / _PUT_IMAGES_PER_SECOND
        await anyio.sleep(max(0.0, self._free_at - now))


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
    put_image_limiter: PutImageLimiter
    registry: object
    """Equal for two repositories only if they are in the same registry."""

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

    async def send_part(self, body: bytes) -> None:
        """Call UploadLayerPart with an encoded request.

        Its content does not pass through a model or a JSON encoder.
        """
        await self.send_encoded(UPLOAD_LAYER_PART, body)

    def _with_names(self, members: dict[str, object]) -> dict[str, object]:
        names = {"repository_name": self.repository_name, "registry_id": self.registry_id}
        return {**names, **members}

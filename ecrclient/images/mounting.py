"""Mounts: blobs that a registry links from one of its repositories into another.

Source: "Blob mounting in Amazon ECR" in the Amazon ECR User Guide, and "Mounting a blob from
another repository" in the OCI Distribution Specification. ECR's own API has no such operation, so
this uses the registry's ``/v2/`` API.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ecrclient.errors import ECRClientError

if TYPE_CHECKING:
    from ecrclient.images.repository import RepositoryAccess

__all__ = ["BlobMounts"]

_CREATED = 201


class BlobMounts:
    """Mounts blobs into one repository; any failure means that the blob must be uploaded."""

    def __init__(self, access: RepositoryAccess) -> None:
        self._access = access
        self._is_allowed: bool | None = None

    async def mount(self, digest: str, source: RepositoryAccess) -> bool:
        """Mount a blob of another repository; return whether it is there now."""
        access = self._access
        if source.registry != access.registry or source.repository_name == access.repository_name:
            return False
        if self._is_allowed is None:
            self._is_allowed = await self._ask()
        return self._is_allowed and await self._post(digest, source.repository_name)

    async def _ask(self) -> bool:
        """Whether the account has turned mounts on."""
        try:
            setting = await self._access.client.get_account_setting(name="BLOB_MOUNTING")
        except ECRClientError:  # not permitted, for example
            return False
        return setting.value == "ENABLED"

    async def _post(self, digest: str, source: str) -> bool:
        import httpx

        access = self._access
        try:
            login = await access.client.registry_credentials(access.registry_id)
            pair = f"{login.username}:{login.password.get_secret_value()}".encode()
            url = f"{login.endpoint.rstrip('/')}/v2/{access.repository_name}/blobs/uploads/"
            request = httpx.Request(
                "POST",
                f"{url}?{urlencode({'mount': digest, 'from': source})}",
                headers={
                    "authorization": f"Basic {base64.b64encode(pair).decode('ascii')}",
                    "accept-encoding": "identity",
                    "content-length": "0",
                },
                extensions={"timeout": access.timeouts},
            )
            transport = await access.transport_to(url)
            response = await transport.handle_async_request(request)
        except (ECRClientError, httpx.TransportError):
            return False
        await response.aclose()
        return response.status_code == _CREATED

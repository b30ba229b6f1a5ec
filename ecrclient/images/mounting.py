"""Mounts: blobs that a registry links from one of its repositories into another.

Source: "Blob mounting in Amazon ECR" in the Amazon ECR User Guide, and "Mounting a blob from
another repository" in the OCI Distribution Specification. ECR's own API has no such operation, so
this uses the registry's ``/v2/`` API.
"""

from __future__ import annotations

import base64
from urllib.parse import urlencode

import anyio

from ecrclient.errors import ECRClientError
from ecrclient.images.calls import RepositoryCalls
from ecrclient.operations import GET_ACCOUNT_SETTING

__all__ = ["BlobMounts"]

_CREATED = 201
_UPLOAD = 202
"""The registry does not mount the blob, and expects an upload."""


class BlobMounts:
    """Mounts blobs into one repository; any failure means that the blob must be uploaded."""

    def __init__(self, calls: RepositoryCalls) -> None:
        self._calls = calls
        self._is_allowed: bool | None = None
        self._asking = anyio.Lock()

    async def mount(self, digest: str, source: RepositoryCalls) -> bool:
        """Mount a blob of another repository; return whether it is there now."""
        calls = self._calls
        if source.registry != calls.registry or source.repository_name == calls.repository_name:
            return False
        async with self._asking:
            if self._is_allowed is None:
                self._is_allowed = await self._ask()
        if not self._is_allowed:
            return False
        status = await self._post(digest, source.repository_name)
        if status not in {_CREATED, _UPLOAD}:  # not permitted, for example
            self._is_allowed = False
        return status == _CREATED

    async def _ask(self) -> bool:
        """Whether the account has turned mounts on."""
        try:
            setting = await self._calls.call_registry(GET_ACCOUNT_SETTING, name="BLOB_MOUNTING")
        except ECRClientError:  # not permitted, for example
            return False
        return setting.value == "ENABLED"

    async def _post(self, digest: str, source: str) -> int | None:
        """Request the mount, and return the status of the response; None: there was none."""
        import httpx

        calls = self._calls
        try:
            login = await calls.login(calls.registry_id)
            pair = f"{login.username}:{login.password.get_secret_value()}".encode()
            url = f"{login.endpoint.rstrip('/')}/v2/{calls.repository_name}/blobs/uploads/"
            request = httpx.Request(
                "POST",
                f"{url}?{urlencode({'mount': digest, 'from': source})}",
                headers={
                    "authorization": f"Basic {base64.b64encode(pair).decode('ascii')}",
                    "accept-encoding": "identity",
                    "content-length": "0",
                },
                extensions={"timeout": calls.timeouts},
            )
            transport = await calls.transport_to(url)
            response = await transport.handle_async_request(request)
        except (ECRClientError, httpx.TransportError, httpx.InvalidURL):
            return None
        with anyio.CancelScope(shield=True):
            await response.aclose()
        return response.status_code

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
    """Mounts blobs of one repository into another; after any failure, blobs must be uploaded.

    Args:
        calls: The operations on the destination.
    """

    def __init__(self, calls: RepositoryCalls) -> None:
        self._calls = calls
        self._is_possible: bool | None = None
        self._asking = anyio.Lock()

    async def mount(self, digest: str, source: RepositoryCalls) -> bool:
        """Mount a blob of another repository; return whether it is there now.

        Args:
            digest: The blob.
            source: The operations on the other repository, which is the same at each call.
        """
        async with self._asking:
            if self._is_possible is None:
                self._is_possible = await self._ask(source)
        if not self._is_possible:
            return False
        status = await self._post(digest, source.repository_name)
        if status not in {_CREATED, _UPLOAD}:  # not permitted, for example
            self._is_possible = False
        return status == _CREATED

    async def _ask(self, source: RepositoryCalls) -> bool:
        """Whether the account has turned mounts on, and the repositories are in one registry.

        The repositories may be of different clients, whose logins name their registries.
        """
        calls = self._calls
        if source.repository_name == calls.repository_name or source.region() != calls.region():
            return False
        try:
            setting = await calls.call_registry(GET_ACCOUNT_SETTING, name="BLOB_MOUNTING")
            if setting.value != "ENABLED":
                return False
            if source.registry == calls.registry:
                return True
            theirs = await source.login(source.registry_id)
            return theirs.registry == (await calls.login(calls.registry_id)).registry
        except ECRClientError:  # not permitted, for example
            return False

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

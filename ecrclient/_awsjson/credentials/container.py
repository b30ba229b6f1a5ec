"""The credentials of a container: Amazon ECS, EKS Pod Identity, and what implements their endpoint.

The behaviour is that of botocore 1.44.5 (``ContainerProvider`` and ``ContainerMetadataFetcher``).
Source: "Container credential provider" in the AWS SDKs and Tools Reference Guide.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import anyio

from ecrclient._awsjson.credentials.base import TIMEOUT, Credentials
from ecrclient._awsjson.credentials.loop_refresh import LoopRefreshingCredentials
from ecrclient._awsjson.credentials.metadata_service import (
    MetadataService,
    ServiceURL,
    is_transient,
    parse_document,
    parse_url,
    read_credentials,
)
from ecrclient._awsjson.protocol.errors import CredentialsError
from ecrclient._awsjson.transport.errors import TransportError

__all__ = ["ContainerCredentials", "endpoint", "is_in_container"]

_RELATIVE = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
_FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
_TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"  # noqa: S105 - the name of a variable
_TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105 - the name of a variable
_ECS_HOST = "169.254.170.2"
_PLAIN_HOSTS = (_ECS_HOST, "169.254.170.23", "fd00:ec2::23", "localhost")
"""Hosts that may be asked over plain HTTP, besides loopback addresses: ECS, EKS Pod Identity."""
_TIMEOUT = 2.0
_ATTEMPTS = 3
_PAUSE = 1.0
"""Seconds between two attempts."""
_OK = 200


class ContainerCredentials(LoopRefreshingCredentials):
    """A provider of the credentials that the endpoint of a container has.

    It needs neither botocore nor a thread, except to read the file of a token. Requests have a
    timeout of 2 seconds and are sent at most 3 times, a second apart. Over plain HTTP only loopback
    addresses and those of Amazon ECS and EKS are asked. Proxies are not used.

    Args:
        environ: The environment; None: that of the process.
        timeout: Seconds that getting credentials may take; None: no limit.
        clock: Returns the current time, with a time zone.

    Raises:
        ConfigurationError: An argument has the wrong type or is out of range.
    """

    def __init__(
        self,
        *,
        environ: Mapping[str, str] | None = None,
        timeout: float | None = TIMEOUT,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(self._fetch, timeout=timeout, clock=clock)
        self._environ = os.environ if environ is None else environ

    async def _fetch(self) -> Credentials:
        url = endpoint(self._environ)
        source = f"the container's credentials endpoint {url.origin}"
        headers = {"Accept": "application/json", **await self._authorization()}
        async with MetadataService(url, _TIMEOUT) as service:
            return read_credentials(await _ask(service, headers, source), source)

    async def _authorization(self) -> dict[str, str]:
        # Read each time: Kubernetes replaces the token in the file.
        environ = self._environ
        token = environ.get(_TOKEN)
        if (path := environ.get(_TOKEN_FILE)) is not None:
            try:
                token = await anyio.Path(path).read_text(encoding="utf-8")
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else "it is not text"
                raise CredentialsError(f"the file of {_TOKEN_FILE}: {reason}") from None
        return {} if token is None else {"Authorization": token}


def is_in_container(environ: Mapping[str, str]) -> bool:
    """Return whether the environment names an endpoint of a container."""
    return _RELATIVE in environ or _FULL in environ


def endpoint(environ: Mapping[str, str]) -> ServiceURL:
    """Return the URL of the container's endpoint.

    Raises:
        CredentialsError: The environment names none, or one that must not be asked.
    """
    relative = environ.get(_RELATIVE)
    if relative is not None:
        if relative and not relative.startswith("/"):
            raise CredentialsError(f"environment variable {_RELATIVE} must begin with a slash")
        return parse_url(f"http://{_ECS_HOST}{relative}", f"environment variable {_RELATIVE}")
    if _FULL not in environ:
        raise CredentialsError(
            f"no credentials of a container: neither {_RELATIVE} nor {_FULL} is set"
        )
    url = parse_url(environ[_FULL], f"environment variable {_FULL}")
    host = url.origin.host
    if url.origin.scheme != "https" and not (host in _PLAIN_HOSTS or _is_loopback(host)):
        raise CredentialsError(
            f"environment variable {_FULL} names the host {host}, which is only allowed with "
            f"https:// (http:// is for loopback addresses and {', '.join(_PLAIN_HOSTS)})"
        )
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _ask(service: MetadataService, headers: dict[str, str], source: str) -> dict[str, Any]:
    problem = ""
    for attempt in range(_ATTEMPTS):
        if attempt:
            await anyio.sleep(_PAUSE)
        try:
            response = await service.request("GET", headers=headers)
        except TransportError as error:
            problem = f"failed: {error}"
            if not is_transient(error):
                break
        else:
            # The body is not shown, because it may contain a key.
            document = parse_document(response.content)
            if response.status == _OK and document is not None:
                return document
            problem = f"returned status {response.status}"
            if response.status == _OK:
                problem = "returned something other than JSON"
    raise CredentialsError(f"{source} {problem}")

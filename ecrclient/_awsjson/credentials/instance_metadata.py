"""The credentials of an Amazon EC2 instance's role, from the instance metadata service (IMDS).

The behaviour is that of botocore 1.44.5 (``InstanceMetadataFetcher``). Source: "Use the Instance
Metadata Service to access instance metadata" in the Amazon EC2 User Guide.
"""

from __future__ import annotations

import logging
import os
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ecrclient._awsjson.credentials.base import TIMEOUT, Credentials
from ecrclient._awsjson.credentials.loop_refresh import LoopRefreshingCredentials
from ecrclient._awsjson.credentials.metadata_service import (
    MetadataService,
    is_transient,
    parse_document,
    parse_url,
    read_credentials,
)
from ecrclient._awsjson.credentials.refresh import ADVISORY_WINDOW
from ecrclient._awsjson.protocol.errors import CredentialsError
from ecrclient._awsjson.transport.errors import ReadTimeout, TransportError
from ecrclient._awsjson.transport.response import ByteResponse

__all__ = ["InstanceMetadataCredentials", "metadata_endpoint"]

_LOGGER = logging.getLogger(__name__)
_TIMEOUT = "AWS_METADATA_SERVICE_TIMEOUT"
_DISABLED = "AWS_EC2_METADATA_DISABLED"
_ENDPOINT = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
_MODE = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"
_ENDPOINTS = {"ipv4": "http://169.254.169.254/", "ipv6": "http://[fd00:ec2::254]/"}
_TOKEN_PATH = "latest/api/token"  # noqa: S105 - a path
_ROLE_PATH = "latest/meta-data/iam/security-credentials/"
_TOKEN_TTL = {"x-aws-ec2-metadata-token-ttl-seconds": "21600"}
_TOKEN_HEADER = "x-aws-ec2-metadata-token"  # noqa: S105 - the name of a header
_MEMBERS = frozenset({"AccessKeyId", "SecretAccessKey", "Token", "Expiration"})
# The only format of which botocore extends the time.
_EXTENSIBLE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_JITTER_SECONDS = (120, 600)
_OK, _BAD_REQUEST = 200, 400
_NO_TOKENS = frozenset({403, 404, 405})
"""The service has only version 1, or version 2 is not allowed."""


class _UnavailableError(Exception):
    """The service did not return what was asked for; the message is shown to the user."""


class InstanceMetadataCredentials(LoopRefreshingCredentials):
    """A provider of the credentials of the EC2 instance's role.

    It needs neither botocore nor a thread. It uses IMDSv2, and version 1 if the service has no
    tokens and ``AWS_EC2_METADATA_V1_DISABLED`` is not true. Each request is sent
    ``AWS_METADATA_SERVICE_NUM_ATTEMPTS`` times at most (1) with a timeout of
    ``AWS_METADATA_SERVICE_TIMEOUT`` seconds (1). Proxies are not used.

    If the service returns credentials that have expired or are about to, its own source has failed.
    They are used for 17 to 25 minutes more, and asked for again meanwhile, as AWS's SDKs do.

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
        environ = self._environ
        # botocore checks the settings first, also if the service is disabled.
        url = parse_url(metadata_endpoint(environ), f"environment variable {_ENDPOINT}")
        timeout = _whole_number(environ, _TIMEOUT)
        attempts = _whole_number(environ, "AWS_METADATA_SERVICE_NUM_ATTEMPTS")
        if timeout < 1:
            raise CredentialsError(f"environment variable {_TIMEOUT} must be at least 1")
        if _is_true(environ, _DISABLED):
            raise _none_found(f"{_DISABLED} is true")
        source = f"the instance metadata service {url.origin}"
        async with MetadataService(url, timeout) as service:
            allows_v1 = not _is_true(environ, "AWS_EC2_METADATA_V1_DISABLED")
            try:
                document = await _Session(service, attempts, allows_v1=allows_v1).document()
            except _UnavailableError as error:
                raise _none_found(f"{source} {error}") from None
            except TransportError as error:
                raise CredentialsError(f"{source} failed: {error}") from error
        # botocore does not read an account, which the documented response does not have.
        credentials = read_credentials({**document, "AccountId": None}, source)
        is_extensible = _EXTENSIBLE.fullmatch(document["Expiration"]) is not None
        return self._extended(credentials) if is_extensible else credentials

    def _extended(self, credentials: Credentials) -> Credentials:
        expires_at = credentials.expires_at
        assert expires_at is not None
        now = self._clock()
        # In the same range as botocore's; it spreads the requests of many instances.
        extension = ADVISORY_WINDOW + timedelta(seconds=random.randint(*_JITTER_SECONDS))  # noqa: S311
        if now < expires_at - extension:
            return credentials
        _LOGGER.info(
            "the instance metadata service returned credentials that expire at %s: using them for "
            "%.0f minutes more",
            *(expires_at, extension / timedelta(minutes=1)),
        )
        return replace(credentials, expires_at=(now + extension).replace(microsecond=0))


class _Session:
    """The requests for one set of credentials."""

    def __init__(self, service: MetadataService, attempts: int, *, allows_v1: bool) -> None:
        self._service = service
        self._attempts = attempts
        self._allows_v1 = allows_v1
        self._headers: dict[str, str] = {}

    async def document(self) -> dict[str, Any]:
        token = await self._token()
        if token:
            self._headers = {_TOKEN_HEADER: token}
        elif not self._allows_v1:
            raise CredentialsError(
                "the instance metadata service has no token for version 2, and "
                "AWS_EC2_METADATA_V1_DISABLED is true"
            )
        role = (await self._get(_ROLE_PATH)).content.decode("utf-8", "replace")
        response = await self._get(_ROLE_PATH + role, is_document=True)
        document = parse_document(response.content) or {}
        if not document.keys() >= _MEMBERS:
            # For instance, EC2 is not allowed to assume the role; there is a Code then.
            code = document.get("Code")
            shown = f" and Code {code[:64]}" if isinstance(code, str) else ""
            raise _UnavailableError(f"returned no credentials of the role{shown}")
        _LOGGER.info("found credentials of the instance's role %s", role)
        return document

    async def _token(self) -> str | None:
        for _ in range(self._attempts):
            try:
                response = await self._service.request("PUT", _TOKEN_PATH, _TOKEN_TTL)
            except ReadTimeout:
                return None  # the response may be lost because it must not pass another host
            except TransportError as error:
                if not is_transient(error):
                    raise
                continue
            if response.status == _OK:
                return response.content.decode("utf-8", "replace")
            if response.status in _NO_TOKENS:
                return None
            if response.status == _BAD_REQUEST:
                raise _UnavailableError("refused the request for a token")
        return None

    async def _get(self, path: str, *, is_document: bool = False) -> ByteResponse:
        problem = "was not asked: AWS_METADATA_SERVICE_NUM_ATTEMPTS is less than 1"
        for _ in range(self._attempts):
            try:
                response = await self._service.request("GET", path, self._headers)
            except TransportError as error:
                if not is_transient(error):
                    raise
                problem = f"failed: {error}"
                continue
            if response.status != _OK:
                problem = f"returned status {response.status}"
            elif not response.content:
                problem = "returned an empty response"
            elif is_document and parse_document(response.content) is None:
                problem = "returned something other than JSON"
            else:
                return response
        raise _UnavailableError(problem)


def metadata_endpoint(environ: Mapping[str, str]) -> str:
    """Return the URL of the instance metadata service.

    Raises:
        CredentialsError: The mode is neither ``ipv4`` nor ``ipv6``.
    """
    mode = environ.get(_MODE, "ipv6" if _is_true(environ, "AWS_IMDS_USE_IPV6") else "ipv4").lower()
    if mode not in _ENDPOINTS:
        raise CredentialsError(f"environment variable {_MODE} must be ipv4 or ipv6")
    return environ.get(_ENDPOINT) or _ENDPOINTS[mode]


def _is_true(environ: Mapping[str, str], variable: str) -> bool:
    return environ.get(variable, "").lower() == "true"


def _whole_number(environ: Mapping[str, str], variable: str) -> int:
    text = environ.get(variable, "1")
    try:
        return int(text)
    except ValueError:
        raise CredentialsError(
            f"environment variable {variable} must be a whole number, not {text[:20]!r}"
        ) from None


def _none_found(reason: str) -> CredentialsError:
    return CredentialsError(
        "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or pass "
        f"credentials= to the client; {reason}"
    )

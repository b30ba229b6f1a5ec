"""Requests to a metadata service: one origin, no proxy, no redirects, small responses."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, NamedTuple, Self, cast
from urllib.parse import quote, urlsplit

from ecrclient._awsjson.credentials.base import Credentials
from ecrclient._awsjson.protocol.errors import CredentialsError
from ecrclient._awsjson.transport.byte_transport import ByteTransport
from ecrclient._awsjson.transport.errors import ConnectError, ResponseTooLarge, TransportError
from ecrclient._awsjson.transport.origin import Origin
from ecrclient._awsjson.transport.response import ByteResponse
from ecrclient._awsjson.version import __version__

__all__ = [
    "MetadataService",
    "ServiceURL",
    "is_transient",
    "parse_document",
    "parse_url",
    "read_credentials",
]

_MAX_RESPONSE_BYTES = 64 * 1024
# RFC 3986, section 3.3, and the percent sign of what is encoded already.
_SAFE = "%/:@!$&'()*+,;=~-._"


class ServiceURL(NamedTuple):
    """The parts of a metadata service's URL."""

    origin: Origin
    target: str
    """The path and the query; at least a slash."""


def parse_url(url: str, title: str) -> ServiceURL:
    """Split the URL of a metadata service.

    Args:
        url: The URL.
        title: What the URL is, for the error. The error does not contain the URL, whose path may
            be a secret.

    Raises:
        CredentialsError: It is not an ``http`` or ``https`` URL, or has a user name.
    """
    try:
        parts = urlsplit(url)
        origin = Origin.of(url)  # fails if the port is not a number
    except ValueError:
        raise _invalid(title) from None
    # urlsplit removes line breaks and accepts backslashes, and other parsers find another host.
    is_printable = url.isascii() and url.isprintable() and not set(url) & set(' \\"<>^`{|}')
    if not is_printable or "@" in parts.netloc or not origin.host:
        raise _invalid(title)
    if origin.scheme not in {"http", "https"}:
        raise _invalid(title)
    query = f"?{parts.query}" if parts.query else ""
    return ServiceURL(origin, (parts.path or "/") + query)


def _invalid(title: str) -> CredentialsError:
    return CredentialsError(
        f"{title} must be http:// or https://, a host, and optionally a port and a path"
    )


class MetadataService:
    """A connection to a metadata service, which is closed at the end of the ``with`` block.

    Proxies of the environment are not used, and redirects are not followed: both could send
    credentials, or the token that authorizes the request, elsewhere.

    Args:
        url: The service.
        timeout: Seconds to connect, and to wait for each part of a response.
    """

    def __init__(self, url: ServiceURL, timeout: float) -> None:
        self._url = url
        self._timeouts: dict[str, float | None] = dict.fromkeys(
            ("connect", "read", "write", "pool"), timeout
        )
        self._transport = ByteTransport(max_connections=1, max_response_bytes=_MAX_RESPONSE_BYTES)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._transport.close()

    async def request(
        self, method: str, path: str = "", headers: Mapping[str, str] | None = None
    ) -> ByteResponse:
        """Send a request without a body.

        Args:
            method: The method.
            path: The path below the service's URL, not encoded.
            headers: Further headers.

        Raises:
            TransportError: There was no complete response.
            CredentialsError: A header contains characters that a header must not contain.
        """
        target = self._url.target
        if path:
            target = f"{target.rstrip('/')}/{quote(path, safe=_SAFE)}"
        origin = str(self._url.origin)
        fields = {
            "Host": origin.partition("://")[2],
            "User-Agent": f"awsjson/{__version__}",
            "Accept-Encoding": "identity",
            **({"Content-Length": "0"} if method == "PUT" else {}),
            **(headers or {}),
        }
        lines = [f"{method} {target} HTTP/1.1", *(_line(*field) for field in fields.items())]
        exchange = await self._transport.begin(
            self._url.origin,
            method,
            "\r\n".join([*lines, "", ""]).encode("ascii"),
            b"",
            self._timeouts,
            resend=False,  # the caller counts attempts
        )
        try:
            return await exchange.receive_response()
        finally:
            exchange.end()


def _line(name: str, value: str) -> str:
    if not (value.isascii() and value.isprintable()):
        raise CredentialsError(f"the value of {name} contains characters that a header must not")
    return f"{name}: {value}"


def is_transient(error: TransportError) -> bool:
    """Whether botocore would send the request again after this failure.

    It does not after an invalid certificate.
    """
    if isinstance(error, ConnectError) and isinstance(error.__cause__, ssl.SSLError):
        return False
    return not isinstance(error, ResponseTooLarge)


def parse_document(content: bytes) -> dict[str, Any] | None:
    """Return the JSON object of a response; empty if it is another value, None if it is not JSON.

    No error is raised, because that of the parser contains the whole text, keys included.
    """
    try:
        found: object = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def read_credentials(document: Mapping[str, Any], source: str) -> Credentials:
    """Return the credentials of a document of a metadata service.

    Raises:
        CredentialsError: A member is missing or has another type; values are not shown.
    """
    names = ("AccessKeyId", "SecretAccessKey", "Token", "Expiration")
    wrong = [name for name in names if not isinstance(document.get(name), str)]
    if wrong:
        raise CredentialsError(f"{source} returned no valid {', '.join(wrong)}")
    try:
        expires_at = datetime.fromisoformat(document["Expiration"].strip())
    except ValueError:
        raise CredentialsError(f"{source} returned an Expiration that is not a time") from None
    account_id = document.get("AccountId")
    return Credentials(
        document["AccessKeyId"],
        document["SecretAccessKey"],
        document["Token"] or None,
        expires_at,
        account_id if isinstance(account_id, str) and account_id else None,
    )

"""Signature Version 4.

Source: "AWS Signature Version 4 for API requests" in the AWS IAM User Guide. Every request has the
method POST, the path ``/``, no query, and a body that is hashed as a whole. The signed headers are
content-type, host with its port, x-amz-date, x-amz-security-token if there is a session token, and
x-amz-target.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import anyio.to_thread

if TYPE_CHECKING:
    from ecrclient._awsjson.credentials import Credentials

__all__ = ["LARGE_PAYLOAD", "Signer", "hash_payload"]

_ALGORITHM = b"AWS4-HMAC-SHA256"
_TERMINATOR = b"aws4_request"
_TOKEN = b"x-amz-security-token"

LARGE_PAYLOAD = 256 * 1024
"""Bytes from which on hashing a payload would block the event loop for too long."""


async def hash_payload(body: bytes | bytearray) -> bytes:
    """Return the digest of a body, computed in a worker thread."""
    return await anyio.to_thread.run_sync(_hash, body)


def _hash(body: bytes | bytearray) -> bytes:
    return hashlib.sha256(body).hexdigest().encode("ascii")


class Signer:
    """Signs requests to one service in one region; caches the last signing key.

    A signing key is valid for one day, region, service and secret, so a client derives one a day
    and another one whenever its credentials change.
    """

    def __init__(self, region: str, service: str) -> None:
        self._region = region.encode("ascii")
        self._service = service.encode("ascii")
        self._cached_timestamp: tuple[datetime | None, bytes] = (None, b"")
        self._cached_key: tuple[tuple[str, bytes], bytes] = (("", b""), b"")

    def sign(
        self,
        credentials: Credentials,
        *,
        host: bytes,
        content_type: bytes,
        target: bytes,
        body: bytes | bytearray,
        now: datetime,
        payload_hash: bytes | None = None,
    ) -> list[tuple[bytes, bytes]]:
        """Return the headers to add to the request so that the service can authenticate it.

        Args:
            credentials: The credentials to sign with.
            host: The host header's value, with the port unless it is the scheme's default.
            content_type: The content-type header's value.
            target: The x-amz-target header's value.
            body: The whole body.
            now: The time of the signature, with a time zone.
            payload_hash: The digest of *body*, if it has been computed.
        """
        timestamp = self._timestamp(now)
        date = timestamp[:8]
        token = credentials.session_token or None
        token_line = b"" if token is None else b"x-amz-security-token:%b\n" % token.encode("ascii")
        signed_headers = (
            b"content-type;host;x-amz-date;x-amz-target"
            if token is None
            else b"content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
        )
        canonical_request = (
            b"POST\n/\n\ncontent-type:%b\nhost:%b\nx-amz-date:%b\n%bx-amz-target:%b\n\n%b\n%b"
            % (
                content_type,
                host,
                timestamp,
                token_line,
                target,
                signed_headers,
                payload_hash or _hash(body),
            )
        )
        scope = b"%b/%b/%b/%b" % (date, self._region, self._service, _TERMINATOR)
        string_to_sign = b"%b\n%b\n%b\n%b" % (
            _ALGORITHM,
            timestamp,
            scope,
            hashlib.sha256(canonical_request).hexdigest().encode("ascii"),
        )
        key = self._signing_key(credentials.secret_access_key, date)
        authorization = b"%b Credential=%b/%b, SignedHeaders=%b, Signature=%b" % (
            _ALGORITHM,
            credentials.access_key_id.encode("ascii"),
            scope,
            signed_headers,
            hmac.digest(key, string_to_sign, "sha256").hex().encode("ascii"),
        )
        headers = [(b"x-amz-date", timestamp), (b"authorization", authorization)]
        return headers if token is None else [*headers, (_TOKEN, token.encode("ascii"))]

    def _timestamp(self, moment: datetime) -> bytes:
        """Return the time in the basic format of ISO 8601; cached for the same second."""
        moment = moment.replace(microsecond=0)
        cached_for, timestamp = self._cached_timestamp
        if moment != cached_for:
            timestamp = moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ").encode("ascii")
            self._cached_timestamp = (moment, timestamp)
        return timestamp

    def _signing_key(self, secret: str, date: bytes) -> bytes:
        # One assignment for both, because threads may share a client.
        cached_for, key = self._cached_key
        if cached_for != (secret, date):
            key = b"AWS4" + secret.encode("utf-8")
            for part in (date, self._region, self._service, _TERMINATOR):
                key = hmac.digest(key, part, "sha256")
            self._cached_key = ((secret, date), key)
        return key

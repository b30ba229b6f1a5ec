"""Signature Version 4.

Source: "AWS Signature Version 4 for API requests" in the AWS IAM User Guide. One request at a time:
method POST, path ``/``, no query, the whole body hashed. The headers signed are content-type, host
with its port, x-amz-date, x-amz-security-token where there is one, and x-amz-target.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecrclient._awsjson.credentials import Credentials

__all__ = ["Signer"]

_ALGORITHM = b"AWS4-HMAC-SHA256"
_TERMINATOR = b"aws4_request"


class Signer:
    """Signs for one region and service; keeps the key it derived last.

    A derived key is good for one day, one region, one service and one secret, so a client derives
    one a day and one more whenever its credentials change.
    """

    def __init__(self, region: str, service: str) -> None:
        self._region = region.encode("ascii")
        self._service = service.encode("ascii")
        self._stamp: tuple[datetime | None, bytes] = (None, b"")
        self._key: tuple[tuple[str, bytes], bytes] = (("", b""), b"")

    def sign(
        self,
        credentials: Credentials,
        *,
        host: bytes,
        content_type: bytes,
        target: bytes,
        body: bytes,
        now: datetime,
    ) -> list[tuple[bytes, bytes]]:
        """The headers that authenticate the request, to be sent beside those that are signed.

        Args:
            credentials: Whose signature it is.
            host: The host header's value, with the port where it is not the scheme's own.
            content_type: The content-type header's value.
            target: The x-amz-target header's value.
            body: The whole body.
            now: The time of signing.
        """
        timestamp = self._timestamp(now)
        date = timestamp[:8]
        token = credentials.session_token or None
        security = b"" if token is None else b"x-amz-security-token:%b\n" % token.encode("ascii")
        signed = (
            b"content-type;host;x-amz-date;x-amz-target"
            if token is None
            else b"content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
        )
        canonical = (
            b"POST\n/\n\ncontent-type:%b\nhost:%b\nx-amz-date:%b\n%bx-amz-target:%b\n\n%b\n%b"
            % (
                content_type,
                host,
                timestamp,
                security,
                target,
                signed,
                hashlib.sha256(body).hexdigest().encode("ascii"),
            )
        )
        scope = b"%b/%b/%b/%b" % (date, self._region, self._service, _TERMINATOR)
        to_sign = b"%b\n%b\n%b\n%b" % (
            _ALGORITHM,
            timestamp,
            scope,
            hashlib.sha256(canonical).hexdigest().encode("ascii"),
        )
        key = self._signing_key(credentials.secret_access_key, date)
        authorization = b"%b Credential=%b/%b, SignedHeaders=%b, Signature=%b" % (
            _ALGORITHM,
            credentials.access_key_id.encode("ascii"),
            scope,
            signed,
            hmac.digest(key, to_sign, "sha256").hex().encode("ascii"),
        )
        headers = [(b"x-amz-date", timestamp), (b"authorization", authorization)]
        if token is not None:
            headers.append((b"x-amz-security-token", token.encode("ascii")))
        return headers

    def _timestamp(self, moment: datetime) -> bytes:
        """The basic format of ISO 8601; the same for all requests of a second."""
        moment = moment.replace(microsecond=0)
        second, stamp = self._stamp
        if moment != second:
            stamp = moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ").encode("ascii")
            self._stamp = (moment, stamp)
        return stamp

    def _signing_key(self, secret: str, date: bytes) -> bytes:
        cached_for, key = self._key  # read and written as one: threads may share a client
        if cached_for != (secret, date):
            key = b"AWS4" + secret.encode("utf-8")
            for part in (date, self._region, self._service, _TERMINATOR):
                key = hmac.digest(key, part, "sha256")
            self._key = ((secret, date), key)
        return key

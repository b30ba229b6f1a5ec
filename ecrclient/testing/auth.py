"""Authentication: the service side of Signature Version 4.

Source: "AWS Signature Version 4 for API requests" in the AWS IAM User Guide. The signature is
computed from the headers that the request lists as signed, so that the signers of all SDKs pass.
The code is independent of the client's signer, and therefore also checks it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .errors import refuse_common

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecrclient._awsjson.credentials import Credentials
    from ecrclient._awsjson.protocol.service_error import ServiceError

    from .http_messages import HttpRequest
    from .store import Clock

__all__ = ["Authenticator", "Caller"]

_ALGORITHM = "AWS4-HMAC-SHA256"
_TERMINATOR = "aws4_request"
_TIMESTAMP = "%Y%m%dT%H%M%SZ"
_MOST_SKEW = timedelta(minutes=15)
_MUST_BE_SIGNED = frozenset({"host", "x-amz-date", "x-amz-target"})
_AUTHORIZATION = re.compile(
    rf"{_ALGORITHM} +Credential=(?P<key>[^/, ]+)/(?P<date>[^/, ]+)/(?P<region>[^/, ]+)"
    r"/(?P<service>[^/, ]+)/(?P<terminator>[^/, ]+), *SignedHeaders=(?P<headers>[a-z0-9;_-]+)"
    r", *Signature=(?P<signature>[0-9a-f]+)"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller that signed a request."""

    access_key_id: str
    arn: str
    """The ARN of the IAM principal that the access key belongs to."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """The parsed ``Authorization`` header."""

    access_key_id: str
    date: str
    region: str
    service: str
    terminator: str
    signed_headers: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{self.terminator}"


class Authenticator:
    """Verifies that requests are signed with an accepted access key.

    Args:
        region: The Region that signatures must be scoped to.
        service: The service that signatures must be scoped to.
        clock: The clock for checking the times of signatures and the expiry of credentials.
        expired: Returns whether credentials count as expired, whatever their ``expires_at`` is.
    """

    def __init__(
        self,
        *,
        region: str,
        service: str,
        clock: Clock,
        expired: Callable[[Credentials], bool],
    ) -> None:
        self._known: dict[tuple[str, str | None], Credentials] = {}
        self._principals: dict[str, str] = {}
        self._region = region
        self._service = service
        self._clock = clock
        self._expired = expired

    def accept(self, credentials: Credentials, principal_arn: str) -> None:
        """Accept these credentials from now on, as a principal's."""
        self._known[credentials.access_key_id, credentials.session_token] = credentials
        self._principals[credentials.access_key_id] = principal_arn

    def verify(self, request: HttpRequest) -> Caller:
        """Check the signature of a request, and return the caller.

        Raises:
            ServiceError: the signature is missing, malformed or wrong; the code is AWS's.
        """
        claim = _read_claim(request)
        credentials = self._credentials_of(claim, request)
        self._check_scope(claim)
        self._check_time(claim, request)
        expected = self._signature(claim, request, credentials.secret_access_key)
        if not hmac.compare_digest(expected, claim.signature):
            raise _invalid(
                "The request signature we calculated does not match the signature you provided. "
                "Check your AWS Secret Access Key and signing method."
            )
        return Caller(claim.access_key_id, self._principals[claim.access_key_id])

    def _credentials_of(self, claim: _Claim, request: HttpRequest) -> Credentials:
        token = request.headers.get("x-amz-security-token")
        credentials = self._known.get((claim.access_key_id, token))
        if credentials is None:
            raise refuse_common(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            )
        expires_at = credentials.expires_at
        if self._expired(credentials) or (expires_at is not None and expires_at <= self._clock()):
            raise refuse_common(
                "ExpiredTokenException", "The security token included in the request is expired"
            )
        return credentials

    def _check_scope(self, claim: _Claim) -> None:
        if claim.region != self._region:
            raise _invalid(f"Credential should be scoped to a valid region, not '{claim.region}'.")
        if claim.service != self._service:
            raise _invalid(f"Credential should be scoped to correct service: '{self._service}'.")
        if claim.terminator != _TERMINATOR:
            raise _invalid(
                f"Credential should be scoped with a valid terminator: '{_TERMINATOR}', "
                f"not '{claim.terminator}'."
            )

    def _check_time(self, claim: _Claim, request: HttpRequest) -> None:
        text = request.headers["x-amz-date"]
        try:
            signed_at = datetime.strptime(text, _TIMESTAMP).replace(tzinfo=UTC)
        except ValueError:
            raise _incomplete(f"Date must be in ISO-8601 'basic format'. Got '{text}'.") from None
        if text[:8] != claim.date:
            raise _invalid(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                f"from HTTP: '{claim.date}' != '{text[:8]}'."
            )
        now = self._clock().astimezone(UTC)
        oldest, newest = now - _MOST_SKEW, now + _MOST_SKEW
        if signed_at < oldest:
            raise _invalid(
                f"Signature expired: {text} is now earlier than {oldest:{_TIMESTAMP}} "
                f"({now:{_TIMESTAMP}} - 15 min.)"
            )
        if signed_at > newest:
            raise _invalid(
                f"Signature not yet current: {text} is still later than {newest:{_TIMESTAMP}} "
                f"({now:{_TIMESTAMP}} + 15 min.)"
            )

    def _signature(self, claim: _Claim, request: HttpRequest, secret: str) -> str:
        headers = "".join(
            f"{name}:{' '.join(request.headers.get(name, '').split())}\n"
            for name in claim.signed_headers
        )
        canonical_request = "\n".join(
            (
                request.method,
                request.path,
                request.query,
                headers,
                ";".join(claim.signed_headers),
                hashlib.sha256(request.body).hexdigest(),
            )
        )
        string_to_sign = "\n".join(
            (
                _ALGORITHM,
                request.headers["x-amz-date"],
                claim.scope,
                hashlib.sha256(canonical_request.encode()).hexdigest(),
            )
        )
        key = f"AWS4{secret}".encode()
        for part in claim.scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, string_to_sign.encode(), "sha256").hex()


def _read_claim(request: HttpRequest) -> _Claim:
    authorization = request.headers.get("authorization")
    if authorization is None:
        raise refuse_common(
            "MissingAuthenticationTokenException", "Request is missing Authentication Token"
        )
    match = _AUTHORIZATION.fullmatch(authorization.strip())
    if match is None:
        raise _incomplete(
            f"Authorization header must be '{_ALGORITHM}' with 'Credential', 'SignedHeaders' and "
            "'Signature'."
        )
    if "x-amz-date" not in request.headers:
        raise _incomplete("Authorization header requires the 'X-Amz-Date' header.")
    key, date, region, service, terminator, headers, signature = match.groups()
    signed = tuple(headers.split(";"))
    unsigned = _MUST_BE_SIGNED.difference(signed)
    if unsigned:
        raise _invalid(f"'{min(unsigned)}' must be a 'SignedHeader' in the AWS Authorization.")
    return _Claim(key, date, region, service, terminator, signed, signature)


def _invalid(message: str) -> ServiceError:
    return refuse_common("InvalidSignatureException", message)


def _incomplete(message: str) -> ServiceError:
    return refuse_common("IncompleteSignatureException", message)

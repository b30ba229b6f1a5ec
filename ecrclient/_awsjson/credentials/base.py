"""``Credentials``, and the interface of a provider of credentials."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, cast, runtime_checkable

from ecrclient._awsjson.protocol.errors import CredentialsError

__all__ = [
    "TIMEOUT",
    "Credentials",
    "CredentialsProvider",
    "described",
    "full_name",
    "harmless_cause",
]

TIMEOUT = 120.0
"""Seconds to wait for credentials. botocore allows the same for one request to AWS STS or SSO: 60
to connect and 60 to read (``connect_timeout`` and ``read_timeout`` of ``botocore.config.Config``).
"""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key. Its ``repr`` shows the key's id and no secret.

    Raises:
        CredentialsError: A value has the wrong type or contains characters that cannot be sent.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    """When the credentials expire, with a time zone; None if they do not expire."""

    def __post_init__(self) -> None:
        for name in ("access_key_id", "secret_access_key"):
            value: object = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                raise CredentialsError(f"{name} must be a string that is not empty")
        if any("\ud800" <= character <= "\udfff" for character in self.secret_access_key):
            raise CredentialsError(
                "secret_access_key contains a lone surrogate, which UTF-8 cannot encode"
            )
        for name in ("access_key_id", "session_token"):
            text: object = getattr(self, name) or ""
            # The value becomes part of a header. A line break would end the header, and an HTTP
            # library that refuses a trailing space quotes the whole header in its error.
            if (
                not isinstance(text, str)
                or not (text.isascii() and text.isprintable())
                or text != text.strip()
            ):
                raise CredentialsError(f"{name} contains characters that a header must not contain")
        _check_expiry(self.expires_at)


def _check_expiry(expires_at: object) -> None:
    if expires_at is None:
        return
    if not isinstance(expires_at, datetime):
        raise CredentialsError(f"expires_at must be a datetime, not {type(expires_at).__name__}")
    if expires_at.utcoffset() is None:
        raise CredentialsError("expires_at must have a time zone")


@runtime_checkable
class CredentialsProvider(Protocol):
    """The interface of a provider of credentials."""

    async def get(self) -> Credentials:
        """Return the credentials to sign with now.

        Raises:
            CredentialsError: There are no credentials. The client reports any other exception as
                this one.
        """
        ...

    async def invalidate(self) -> None:
        """Forget the credentials that ``get`` returned last: the service has refused them."""
        ...


def full_name(value: object) -> str:
    """Return the class of *value* with its module: several packages have a ``Credentials``."""
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def described(error: BaseException) -> str:
    """Return the description of a failure: its message, if that is known to contain no secret."""
    if isinstance(error, CredentialsError):
        return str(error)
    return f"the source of credentials failed: {type(error).__name__}"


def harmless_cause(error: BaseException | None) -> BaseException | None:
    """Return *error*, or None if it or an error in its chain may contain a secret.

    A ``ValueError`` can contain the text that it refused: the ``doc`` of a ``JSONDecodeError`` is
    the whole output of a process or a service, keys included.
    """
    seen: set[int] = set()
    chain = [error]
    while chain:
        link = chain.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        if isinstance(link, ValueError):
            return None
        chain += [link.__cause__, link.__context__]
        if isinstance(link, BaseExceptionGroup):
            chain += cast("BaseExceptionGroup[BaseException]", link).exceptions
    return error

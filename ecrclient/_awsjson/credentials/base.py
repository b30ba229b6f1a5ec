"""What credentials are, and what a provider of them is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, cast, runtime_checkable

from ecrclient._awsjson.protocol.errors import CredentialsError

__all__ = ["TIMEOUT", "Credentials", "CredentialsProvider", "described", "harmless_cause"]

TIMEOUT = 120.0
"""Seconds to wait for credentials: what botocore allows one request to AWS STS or SSO, 60 to
connect and 60 to read (``connect_timeout`` and ``read_timeout`` of ``botocore.config.Config``)."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key. Its ``repr`` shows the key's id and nothing secret."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    """When the service will refuse them, with its time zone; None for keys that last."""

    def __post_init__(self) -> None:
        for name in ("access_key_id", "secret_access_key"):
            value: object = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                raise CredentialsError(f"{name} must be a text that is not empty")
        if any("\ud800" <= character <= "\udfff" for character in self.secret_access_key):
            raise CredentialsError("secret_access_key holds text that UTF-8 cannot encode")
        for name in ("access_key_id", "session_token"):
            text: object = getattr(self, name) or ""
            # It becomes part of a header: a line break would end it, and an HTTP library that
            # refuses a blank at its end quotes the whole of it.
            if (
                not isinstance(text, str)
                or not (text.isascii() and text.isprintable())
                or text != text.strip()
            ):
                raise CredentialsError(f"{name} holds characters that no header may carry")
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
    """Anything that can be asked for credentials."""

    async def get(self) -> Credentials:
        """The credentials to sign with now.

        Raises:
            CredentialsError: there are none. A call makes one of any other exception.
        """
        ...

    async def invalidate(self) -> None:
        """Forget what was given last: the service has refused it."""
        ...


def described(error: BaseException) -> str:
    """The description of a failure: only messages of this package are known to hold no secret."""
    if isinstance(error, CredentialsError):
        return str(error)
    return f"the source of credentials failed: {type(error).__name__}"


def harmless_cause(error: BaseException | None) -> BaseException | None:
    """*error* as a cause; None if it, or what it comes from, may hold what a source has sent.

    A ``ValueError`` keeps what it could not read: the ``doc`` of a ``JSONDecodeError`` is all that
    a process or a service has written, keys included.
    """
    seen: set[int] = set()
    todo = [error]
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, ValueError):
            return None
        todo += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            todo += cast("BaseExceptionGroup[BaseException]", one).exceptions
    return error

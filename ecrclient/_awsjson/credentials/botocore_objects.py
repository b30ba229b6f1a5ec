"""Sessions and credentials of boto3 and botocore, recognized by their methods.

Neither package is imported here: an object of theirs exists only if the application imported it.
"""

from __future__ import annotations

import inspect
from datetime import datetime
from typing import Any, Protocol

from ecrclient._awsjson.credentials.base import Credentials, full_name
from ecrclient._awsjson.protocol.errors import CredentialsError

__all__ = [
    "BotocoreKey",
    "BotocoreSession",
    "BotocoreSource",
    "FrozenKey",
    "expiry_of",
    "is_async_source",
    "is_botocore_source",
    "no_credentials",
    "read_frozen",
    "read_source",
]

_SESSION = "get_credentials"
_KEY = "get_frozen_credentials"


class BotocoreSession(Protocol):
    """A ``boto3.Session``, or a session of botocore, aioboto3 or aiobotocore."""

    def get_credentials(self) -> object:
        """Return the session's credentials; None if it has none."""
        ...


class BotocoreKey(Protocol):
    """What a session returns: a ``botocore.credentials.Credentials``, refreshable or not."""

    def get_frozen_credentials(self) -> object:
        """Return a ``ReadOnlyCredentials``, refreshed if that is due."""
        ...


class FrozenKey(Protocol):
    """A ``botocore.credentials.ReadOnlyCredentials``."""

    @property
    def access_key(self) -> str | None:
        """The id of the access key."""
        ...

    @property
    def secret_key(self) -> str | None:
        """The secret."""
        ...

    @property
    def token(self) -> str | None:
        """The session token; None if there is none."""
        ...


BotocoreSource = BotocoreSession | BotocoreKey | FrozenKey
"""An object of boto3 or botocore from which credentials can be read."""


def is_botocore_source(value: object) -> bool:
    """Return whether *value* is a session or credentials of boto3 or botocore."""
    if isinstance(value, type):
        return False
    if callable(getattr(value, _SESSION, None)) or callable(getattr(value, _KEY, None)):
        return True
    # Attributes of the type, because a property can refresh the credentials, which may block.
    return hasattr(type(value), "access_key") and hasattr(type(value), "secret_key")


def is_async_source(value: object) -> bool:
    """Return whether *value* belongs to aiobotocore or aioboto3, whose methods are awaited."""
    modules = {kind.__module__.partition(".")[0] for kind in type(value).__mro__}
    # aioboto3's session inherits boto3's functions, which return the coroutines of another one.
    if not modules.isdisjoint({"aiobotocore", "aioboto3"}):
        return hasattr(value, _SESSION) or hasattr(value, _KEY)
    methods = (getattr(value, name, None) for name in (_SESSION, _KEY))
    return any(map(inspect.iscoroutinefunction, methods))


def read_source(source: Any) -> Credentials:
    """Read the credentials of a session or of its credentials object.

    Call it in a worker thread: botocore may run its chain, or refresh the credentials.

    Raises:
        CredentialsError: The session has no credentials, or they are invalid.
        Exception: Anything else that the object raises.
    """
    found = source.get_credentials() if hasattr(source, _SESSION) else source
    if found is None:
        raise no_credentials(source)
    return read_frozen(found.get_frozen_credentials() if hasattr(found, _KEY) else found, found)


def no_credentials(session: object) -> CredentialsError:
    """The error of a session whose chain finds nothing."""
    return CredentialsError(f"the {full_name(session)} passed as credentials has no credentials")


def read_frozen(frozen: Any, found: object) -> Credentials:
    """Convert a ``ReadOnlyCredentials`` that *found* returned, with the expiry of *found*."""
    return Credentials(frozen.access_key, frozen.secret_key, frozen.token or None, expiry_of(found))


def expiry_of(found: Any) -> datetime | None:
    """Return when a ``botocore.credentials.Credentials`` expires; None if it does not.

    botocore has no public name for it. If a later version removes the private one, credentials are
    renewed only after the service has refused them.
    """
    moment = getattr(found, "_expiry_time", None)
    return moment if isinstance(moment, datetime) else None

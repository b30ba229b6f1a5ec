"""Credentials of an aiobotocore or aioboto3 session, which are read in the caller's event loop."""

from __future__ import annotations

from typing import Any

import anyio

from ecrclient._awsjson.credentials.base import Credentials
from ecrclient._awsjson.credentials.botocore_objects import no_credentials, read_frozen
from ecrclient._awsjson.credentials.pending_refresh import in_trio
from ecrclient._awsjson.protocol.errors import CredentialsError
from ecrclient._awsjson.support.per_loop import PerLoop

__all__ = ["AiobotocoreCredentials"]


class AiobotocoreCredentials:
    """A provider that awaits a session or a credentials object of aiobotocore.

    The object refreshes its keys itself. It uses asyncio, and its lock belongs to an event loop, so
    it cannot be read in a separate thread, as the objects of botocore are.

    Args:
        source: The session or the credentials object.
    """

    def __init__(self, source: object) -> None:
        self._source: Any = source
        self._found: Any = None
        self._lock = PerLoop(anyio.Lock)

    async def get(self) -> Credentials:
        """Return the keys to sign with now.

        Raises:
            CredentialsError: The session has no credentials, or the event loop is trio's.
        """
        if in_trio():
            raise CredentialsError(
                "aiobotocore's sessions and credentials work on asyncio only: on trio pass a "
                "boto3 or botocore session, or Credentials"
            )
        async with self._lock.get():
            # A session would run its chain once for each of many concurrent first calls.
            found = self._found
            if found is None:
                found = self._found = await self._find()
        return read_frozen(await found.get_frozen_credentials(), found)

    async def invalidate(self) -> None:
        """Ask the session for its credentials again at the next call; they may be the same."""
        self._found = None

    async def _find(self) -> Any:
        if not hasattr(self._source, "get_credentials"):
            return self._source
        found: object = await self._source.get_credentials()
        if found is None:
            raise no_credentials(self._source)
        return found

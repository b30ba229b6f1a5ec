"""Logins to the registry's ``/v2/`` API: the authorization tokens that have been issued.

Source: "Private registry authentication in Amazon ECR". A token has the permissions of the
principal that requested it, and is valid for 12 hours. Tokens are secrets: a saved state does not
contain them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from .auth import Caller

if TYPE_CHECKING:
    from .store import Registry

__all__ = ["Logins"]

_USER = "AWS"
_LIFETIME = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class _Login:
    """What a token allows."""

    caller: Caller
    registry_id: str
    expires_at: datetime


class Logins:
    """Issues the passwords of authorization tokens, and recognizes them."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._by_hash: dict[bytes, _Login] = {}

    def issue(self, registry_id: str) -> tuple[str, datetime]:
        """Return a new password for the principal whose request is handled, and its expiry."""
        registry, now = self._registry, self._registry.clock()
        self._by_hash = {
            key: login for key, login in self._by_hash.items() if now < login.expires_at
        }
        password, expires_at = secrets.token_urlsafe(64), now + _LIFETIME
        caller = Caller(registry.caller_key or "", registry.caller or registry.caller_arn)
        self._by_hash[_hash(password)] = _Login(caller, registry_id, expires_at)
        return password, expires_at

    def caller(self, authorization: str | None) -> Caller | None:
        """Return the principal of a Basic ``Authorization`` header; None if it is not valid now."""
        scheme, _, encoded = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _, password = (
                base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
            )
        except (binascii.Error, ValueError):
            return None
        login = self._by_hash.get(_hash(password)) if user == _USER else None
        if login is None or self._registry.clock() >= login.expires_at:
            return None
        return login.caller if self._registry.owns(login.registry_id) else None


def _hash(password: str) -> bytes:
    # A dictionary's comparison is not constant in time, but a hash cannot be guessed bit by bit.
    return hashlib.sha256(password.encode()).digest()

"""The origin that a transport sends to."""

from __future__ import annotations

from typing import NamedTuple, Self
from urllib.parse import urlsplit

from ecrclient._awsjson.transport.errors import WriteError

__all__ = ["DEFAULT_PORTS", "Origin", "OtherOriginError"]

DEFAULT_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Where requests go (RFC 6454)."""

    scheme: str
    """``http`` or ``https``."""
    host: str
    """A name in ASCII, or an IP address without brackets."""
    port: int | None
    """None: the default port of the scheme."""

    @classmethod
    def of(cls, url: str) -> Self:
        """The origin of a URL."""
        parts = urlsplit(url)
        port = None if parts.port == DEFAULT_PORTS.get(parts.scheme) else parts.port
        return cls(parts.scheme, parts.hostname or "", port)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port is None else f":{self.port}")


class OtherOriginError(WriteError):
    """A transport was used for another origin than that of its first request; nothing was sent."""

    may_have_arrived = False

    @property
    def is_retryable(self) -> bool:
        """False: the transport keeps its origin."""
        return False

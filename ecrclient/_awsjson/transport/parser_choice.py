"""The choice of the response parser."""

from __future__ import annotations

from ecrclient._awsjson.protocol.errors import ConfigurationError
from ecrclient._awsjson.transport.parser import ResponseParser

__all__ = ["find_parser"]


def find_parser(name: str | None = None) -> type[ResponseParser]:
    """The parser named ``httptools`` or ``h11``; None: the fastest that is installed.

    Raises:
        ConfigurationError: The name is unknown, or the parser is not installed.
    """
    if name not in (None, "h11", "httptools"):
        raise ConfigurationError(f"parser must be h11 or httptools, not {name!r}")
    if name != "h11":
        try:
            from ecrclient._awsjson.transport.httptools_parser import HttptoolsParser
        except ImportError:
            if name is not None:
                raise ConfigurationError(
                    "parser cannot be httptools, which is not installed"
                ) from None
        else:
            return HttptoolsParser
    from ecrclient._awsjson.transport.h11_parser import H11Parser

    return H11Parser

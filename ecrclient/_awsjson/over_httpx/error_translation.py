"""httpx's exceptions and ours, each said in the other's words."""

from __future__ import annotations

import httpx

from ecrclient._awsjson.over_httpx.messages import AnswerTooLarge, EncodingNotSupported
from ecrclient._awsjson.protocol.errors import AWSClientError
from ecrclient._awsjson.transport.content_encoding import (
    ContentDecodingError,
    UnsupportedEncodingError,
)
from ecrclient._awsjson.transport.errors import (
    ConnectError,
    ConnectTimeout,
    PoolTimeout,
    ReadError,
    ReadTimeout,
    ResponseTooLarge,
    TransportError,
    WriteError,
    WriteTimeout,
)
from ecrclient._awsjson.transport.origin import OtherOriginError
from ecrclient._awsjson.transport.parser import ParseError

__all__ = ["to_httpx", "translate_error"]

# The first that fits: subclasses stand before their parents.
_THEIRS_AND_OURS: tuple[tuple[type[httpx.RequestError], type[TransportError]], ...] = (
    (httpx.ConnectTimeout, ConnectTimeout),
    (httpx.ReadTimeout, ReadTimeout),
    (httpx.WriteTimeout, WriteTimeout),
    (httpx.PoolTimeout, PoolTimeout),
    (httpx.ConnectError, ConnectError),
    (httpx.ProxyError, ConnectError),
    (AnswerTooLarge, ResponseTooLarge),
    (EncodingNotSupported, UnsupportedEncodingError),
    (httpx.DecodingError, ContentDecodingError),
    (httpx.ReadError, ReadError),
    (httpx.RemoteProtocolError, ReadError),
    (httpx.WriteError, WriteError),
    (httpx.LocalProtocolError, WriteError),
)


def translate_error(error: httpx.RequestError) -> AWSClientError:
    """The client's exception for one of httpx's.

    An exception that the client's own transport raised comes out as it went in, whatever middleware
    and transports in between made of it, as long as each raised its own ``from`` the one before.
    """
    return _original(error) or _equivalent(error)


def _original(error: httpx.RequestError) -> AWSClientError | None:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        if isinstance(cause, AWSClientError):
            return cause
        seen.add(id(cause))
        cause = cause.__cause__
    return None


def _equivalent(error: httpx.RequestError) -> TransportError:
    kind = next(
        (ours for theirs, ours in _THEIRS_AND_OURS if isinstance(error, theirs)), TransportError
    )
    translated = kind(str(error) or type(error).__name__)
    translated.__cause__ = error
    return translated


def to_httpx(error: TransportError, request: httpx.Request | None) -> httpx.RequestError:
    """The exception of httpx's that says the same; raise it ``from`` *error*."""
    if isinstance(error.__cause__, ParseError):
        return httpx.RemoteProtocolError(str(error), request=request)
    if isinstance(error, OtherOriginError):
        return httpx.LocalProtocolError(str(error), request=request)
    for theirs, ours in _THEIRS_AND_OURS:
        if isinstance(error, ours):
            return theirs(str(error), request=request)
    return httpx.TransportError(str(error), request=request)

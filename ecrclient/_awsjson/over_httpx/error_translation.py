"""Translates httpx's exceptions to the client's, and the client's to httpx's."""

from __future__ import annotations

import httpx

from ecrclient._awsjson.over_httpx.messages import EncodingNotSupported, HttpxResponseTooLarge
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

# The first match counts, so subclasses come before their base classes.
_HTTPX_AND_CLIENT_ERRORS: tuple[tuple[type[httpx.RequestError], type[TransportError]], ...] = (
    (httpx.ConnectTimeout, ConnectTimeout),
    (httpx.ReadTimeout, ReadTimeout),
    (httpx.WriteTimeout, WriteTimeout),
    (httpx.PoolTimeout, PoolTimeout),
    (httpx.ConnectError, ConnectError),
    (httpx.ProxyError, ConnectError),
    (HttpxResponseTooLarge, ResponseTooLarge),
    (EncodingNotSupported, UnsupportedEncodingError),
    (httpx.DecodingError, ContentDecodingError),
    (httpx.ReadError, ReadError),
    (httpx.RemoteProtocolError, ReadError),
    (httpx.WriteError, WriteError),
    (httpx.LocalProtocolError, WriteError),
)


def translate_error(error: httpx.RequestError) -> AWSClientError:
    """Return the client's exception for one of httpx's.

    If a transport of this package raised a client exception, that one is returned, even if
    middleware and transports have replaced it with other exceptions, provided that each of them
    was raised ``from`` the one before.
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
        (
            of_client
            for of_httpx, of_client in _HTTPX_AND_CLIENT_ERRORS
            if isinstance(error, of_httpx)
        ),
        TransportError,
    )
    translated = kind(str(error) or type(error).__name__)
    translated.__cause__ = error
    return translated


def to_httpx(error: TransportError, request: httpx.Request | None) -> httpx.RequestError:
    """Return httpx's equivalent of *error*; raise it ``from`` *error*."""
    if isinstance(error.__cause__, ParseError):
        return httpx.RemoteProtocolError(str(error), request=request)
    if isinstance(error, OtherOriginError):
        return httpx.LocalProtocolError(str(error), request=request)
    for of_httpx, of_client in _HTTPX_AND_CLIENT_ERRORS:
        if isinstance(error, of_client):
            return of_httpx(str(error), request=request)
    return httpx.TransportError(str(error), request=request)

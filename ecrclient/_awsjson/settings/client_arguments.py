"""The arguments of a client: checks, and the right names for unknown ones."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from ecrclient._awsjson.protocol.argument_checks import (
    check_count,
    check_flag,
    check_instance,
    check_text,
)
from ecrclient._awsjson.settings.options import CallOptions
from ecrclient._awsjson.settings.resolution import ClientArguments
from ecrclient._awsjson.settings.retry_policy import RetryPolicy

__all__ = ["check_arguments", "suggests_arguments"]

ConstructorT = TypeVar("ConstructorT", bound=Callable[..., None])

_KEYS = "credentials=Credentials(access_key_id, secret_access_key, session_token)"
_SESSION = "credentials=, which accepts a boto3 or botocore session"
_TIMES = "options=CallOptions(timeout=..., deadline=...)"
_ATTEMPTS = "retry=RetryPolicy(max_attempts=...)"
_TLS = "transport=PooledTransport(verify=...), or the environment variable AWS_CA_BUNDLE"
_PROXY = "the environment variable HTTPS_PROXY, or transport=httpx.AsyncHTTPTransport(proxy=...)"
_INSTEAD = {
    # boto3, botocore and aiobotocore
    "region_name": "region=",
    "profile_name": "profile=",
    "aws_profile": "profile=",
    "aws_region": "region=",
    "aws_access_key_id": _KEYS,
    "aws_secret_access_key": _KEYS,
    "aws_session_token": _KEYS,
    "aws_account_id": _KEYS,
    "session": _SESSION,
    "boto3_session": _SESSION,
    "botocore_session": _SESSION,
    "config": f"{_TIMES}, {_ATTEMPTS}, max_connections= and the other arguments",
    "client_config": f"{_TIMES}, {_ATTEMPTS}, max_connections= and the other arguments",
    "verify": _TLS,
    "ssl_context": _TLS,
    "cert": _TLS,
    "use_ssl": "endpoint_url=, whose scheme is http:// or https://",
    "use_fips_endpoint": "use_fips=",
    "use_dualstack_endpoint": "use_dualstack=",
    "retries": _ATTEMPTS,
    "max_attempts": _ATTEMPTS,
    "max_pool_connections": "max_connections=",
    "connect_timeout": _TIMES,
    "read_timeout": _TIMES,
    "proxies": _PROXY,
    # httpx and the clients that are built on it
    "auth": "credentials=",
    "base_url": "endpoint_url=",
    "endpoint": "endpoint_url=",
    "timeout": _TIMES,
    "deadline": _TIMES,
    "pool_timeout": _TIMES,
    "max_retries": _ATTEMPTS,
    "limits": "max_connections=",
    "proxy": _PROXY,
    "http_client": "transport=, which is an httpx.AsyncBaseTransport",
}


def check_arguments(
    arguments: ClientArguments,
    retry: object,
    options: object,
    max_connections: object,
    transport: object,
) -> None:
    """Check the types and the ranges of a client's arguments.

    Raises:
        ConfigurationError: An argument has the wrong type or is out of range.
    """
    for name in ("region", "profile", "endpoint_url"):
        check_text(name, getattr(arguments, name))
    for name in ("use_fips", "use_dualstack"):
        check_flag(name, getattr(arguments, name))
    check_instance("retry", retry, RetryPolicy, "a RetryPolicy", none=True)
    check_instance("options", options, CallOptions, "CallOptions", none=True)
    check_count("max_connections", max_connections)
    # Not by its type, because httpx is not imported here.
    if not (transport is None or hasattr(transport, "handle_async_request")):
        check_instance("transport", transport, (), "an httpx.AsyncBaseTransport")


def suggests_arguments(constructor: ConstructorT) -> ConstructorT:
    """Decorate a constructor: the ``TypeError`` for an unknown keyword names the right one."""
    known = frozenset(inspect.getfullargspec(constructor).kwonlyargs)

    @functools.wraps(constructor)
    def checked(self: object, *args: Any, **keywords: Any) -> None:
        for name in keywords:
            if name not in known:
                raise TypeError(
                    f"{type(self).__name__}() got an unexpected keyword argument {name!r}"
                    f"{_suggestion(name, known)}"
                )
        constructor(self, *args, **keywords)

    return cast("ConstructorT", checked)


def _suggestion(name: str, known: frozenset[str]) -> str:
    if name in _INSTEAD:
        return f"; use {_INSTEAD[name]}"
    import difflib

    close = difflib.get_close_matches(name, sorted(known), 1)
    if close:
        return f"; did you mean {close[0]}=?"
    return f"; the arguments are {', '.join(sorted(known))}"

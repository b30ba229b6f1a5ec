"""Where credentials come from.

::

    base.py        what credentials are, and what a provider is
    providers.py   fixed keys, the environment, botocore's whole chain
    refresh.py     one refresh at a time around any source, in the background where it may be
    bridge.py      the keys of an ``aws-requests-auth`` object
    question.py    one such refresh, and the tasks that wait for it
    users.py       a time limit around a provider that the user wrote
    client.py      which provider a client uses, and what it does when its credentials are refused

A provider answers :meth:`CredentialsProvider.get` as often as it is asked and keeps what it found;
:meth:`CredentialsProvider.invalidate` tells it that the service has refused what it gave.
"""

from __future__ import annotations

from ecrclient._awsjson.credentials.base import Credentials, CredentialsProvider
from ecrclient._awsjson.credentials.providers import (
    BotocoreCredentials,
    EnvironmentCredentials,
    StaticCredentials,
    environment_credentials,
)
from ecrclient._awsjson.credentials.refresh import RefreshingCredentials, Source
from ecrclient._awsjson.credentials.requests_auth import RequestsAuthCredentials
from ecrclient._awsjson.credentials.selection import (
    REFUSED_CREDENTIALS_CODES,
    default_provider,
    renew,
)

__all__ = [
    "REFUSED_CREDENTIALS_CODES",
    "BotocoreCredentials",
    "Credentials",
    "CredentialsProvider",
    "EnvironmentCredentials",
    "RefreshingCredentials",
    "RequestsAuthCredentials",
    "Source",
    "StaticCredentials",
    "default_provider",
    "environment_credentials",
    "renew",
]

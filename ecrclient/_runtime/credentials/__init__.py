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

from ecrclient._runtime.credentials.base import Credentials, CredentialsProvider
from ecrclient._runtime.credentials.bridge import RequestsAuthCredentials
from ecrclient._runtime.credentials.client import (
    REFUSED_CREDENTIALS_CODES,
    default_provider,
    renew,
)
from ecrclient._runtime.credentials.providers import (
    BotocoreCredentials,
    EnvironmentCredentials,
    StaticCredentials,
    environment_credentials,
)
from ecrclient._runtime.credentials.refresh import RefreshingCredentials, Source

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

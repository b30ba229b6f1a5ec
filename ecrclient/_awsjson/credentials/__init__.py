"""Providers of credentials.

::

    base.py               credentials, and the interface of a provider
    providers.py          fixed keys, the environment, botocore's credential chain
    native_chain.py       the end of that chain without botocore: container, then instance
    container.py          the endpoint of a container
    instance_metadata.py  the instance metadata service
    metadata_service.py   requests to either
    refresh.py            one refresh at a time for any source, in the background if possible
    loop_refresh.py       the same in the event loop of a caller, without a thread
    pending_refresh.py    one refresh, and the tasks that wait for it
    botocore_objects.py   sessions and credentials of boto3 and botocore
    aiobotocore.py        the keys of an aiobotocore session, read in the caller's event loop
    requests_auth.py      the keys of an ``aws-requests-auth`` object
    user_provider.py      a time limit for a provider that the user wrote
    selection.py          the provider of a client, and the renewal of refused credentials

A client calls `CredentialsProvider.get` for each attempt, so a provider caches its
credentials. The client calls `CredentialsProvider.invalidate` when the service has refused
them.
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
    CredentialsSource,
    default_provider,
    renew,
)

__all__ = [
    "REFUSED_CREDENTIALS_CODES",
    "BotocoreCredentials",
    "Credentials",
    "CredentialsProvider",
    "CredentialsSource",
    "EnvironmentCredentials",
    "RefreshingCredentials",
    "RequestsAuthCredentials",
    "Source",
    "StaticCredentials",
    "default_provider",
    "environment_credentials",
    "renew",
]

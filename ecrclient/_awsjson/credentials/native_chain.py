"""The part of botocore's credential chain that needs no botocore: container, then instance.

botocore's order is: the environment's key, the profile (a role, web identity, SSO, the shared
credentials file, a login, a process, the configuration file), the files of the EC2 tools and of
boto 2, the container, the instance. If the environment and the file system have nothing for the
sources before the container, only the last two remain, and the result is the same without botocore.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ecrclient._awsjson.protocol.errors import CredentialsError

if TYPE_CHECKING:
    from ecrclient._awsjson.credentials.base import CredentialsProvider

__all__ = ["native_provider"]

_EARLIER_SOURCES = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE")
_FILES = (
    ("AWS_CONFIG_FILE", ("~/.aws/config",)),
    ("AWS_SHARED_CREDENTIALS_FILE", ("~/.aws/credentials",)),
    ("BOTO_CONFIG", ("/etc/boto.cfg", "~/.boto")),
)


def native_provider(environ: Mapping[str, str]) -> CredentialsProvider | None:
    """Return the provider that botocore's chain would end at; None if botocore must find out.

    Call it in a worker thread, because it looks for files.

    Args:
        environ: The environment, which has no key.
    """
    from ecrclient._awsjson.credentials.container import ContainerCredentials, is_in_container
    from ecrclient._awsjson.credentials.instance_metadata import InstanceMetadataCredentials

    if (
        any(environ.get(variable) for variable in _EARLIER_SOURCES)
        or "AWS_CREDENTIAL_FILE" in environ
    ):
        return None
    if any(_has_file(environ, variable, defaults) for variable, defaults in _FILES):
        return None
    # An application can have every new session of botocore call a function, which may add sources.
    if getattr(sys.modules.get("botocore"), "_INITIALIZERS", None):
        return None
    if is_in_container(environ):
        return ContainerCredentials(environ=environ)
    if _has_http_proxy(environ):
        # botocore asks the instance's service through the proxy, unless NO_PROXY has its address.
        return None
    return InstanceMetadataCredentials(environ=environ)


def _has_file(environ: Mapping[str, str], variable: str, defaults: tuple[str, ...]) -> bool:
    paths = (environ[variable],) if variable in environ else defaults
    return any(os.path.isfile(os.path.expanduser(os.path.expandvars(path))) for path in paths)


def _has_http_proxy(environ: Mapping[str, str]) -> bool:
    from ecrclient._awsjson.credentials.instance_metadata import metadata_endpoint

    if sys.platform not in {"darwin", "win32"} and not any(
        name.lower() in {"http_proxy", "https_proxy"} for name in environ
    ):
        return False  # importing urllib.request is slow
    import urllib.request

    try:
        url = urlsplit(metadata_endpoint(environ))
    except (CredentialsError, ValueError):
        return False  # the provider reports it
    proxy = urllib.request.getproxies().get(url.scheme)
    return bool(proxy) and not urllib.request.proxy_bypass(url.netloc)

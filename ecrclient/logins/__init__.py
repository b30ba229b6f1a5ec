"""Registry logins: for docker and other registry clients, and in their configuration files.

::

    credentials = await ecr.registry_credentials()
    await LoginFile.docker().log_in(credentials)

``docs/guides/docker-login.md`` describes the files and the credential helper. Source:
"GetAuthorizationToken" in the Amazon ECR API Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecrclient._awsjson.support.lazy_import import lazily
from ecrclient.logins.credentials import RegistryCredentials, RegistryLogins

if TYPE_CHECKING:
    from ecrclient.logins.errors import LoginFileError, LoginShadowedError
    from ecrclient.logins.login_file import LoginFile, LoginResult, LogoutResult

__all__ = [
    "LoginFile",
    "LoginFileError",
    "LoginResult",
    "LoginShadowedError",
    "LogoutResult",
    "RegistryCredentials",
    "RegistryLogins",
]

# The client imports this package; only some programs use the files.
_MODULES = {
    "LoginFile": ".login_file",
    "LoginFileError": ".errors",
    "LoginResult": ".login_file",
    "LoginShadowedError": ".errors",
    "LogoutResult": ".login_file",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazily(__name__, _MODULES)

"""Registry logins: for docker and other registry clients, and in their configuration files.

::

    credentials = await ecr.registry_credentials()
    await LoginFile.docker().log_in(credentials)

``docs/guides/docker-login.md`` describes the files and the credential helper. Source:
"GetAuthorizationToken" in the Amazon ECR API Reference.
"""

from __future__ import annotations

from ecrclient.logins.credentials import RegistryCredentials, RegistryLogins
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

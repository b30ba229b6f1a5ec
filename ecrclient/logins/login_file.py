"""Logins in the files of docker, podman, skopeo and other tools."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import anyio.to_thread

from ecrclient._awsjson.protocol.argument_checks import (
    check_argument,
    check_flag,
    check_instance,
    wrong_argument,
)
from ecrclient.logins import helper_program
from ecrclient.logins.credentials import RegistryCredentials
from ecrclient.logins.document import HelperSetting, LoginDocument
from ecrclient.logins.errors import LoginShadowedError
from ecrclient.logins.file_replacement import replace_content

__all__ = ["LoginFile", "LoginResult", "LogoutResult"]

_REGISTRY = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::\d+)?")


@dataclass(frozen=True, slots=True)
class LoginResult:
    """What `LoginFile.log_in` or `LoginFile.use_helper` did."""

    path: Path
    """The file."""
    registry: str
    changed: bool
    """Whether the file was written; False if it had the same entry."""
    shadowed_by: str | None
    """The setting that is used instead of the entry, such as ``credsStore: desktop``, or None."""
    stored_by_helper: bool = False
    """Whether the credential helper that `shadowed_by` names has stored the password."""


@dataclass(frozen=True, slots=True)
class LogoutResult:
    """What `LoginFile.log_out` did."""

    path: Path
    """The file."""
    registry: str
    removed: tuple[str, ...]
    """The keys of the removed entries; empty if there was none."""
    shadowed_by: str | None
    """The setting that is used for the registry, such as ``credsStore: desktop``, or None."""


class LoginFile:
    """A file with logins, in the format of docker's ``config.json``.

    The file is replaced atomically, and readable by its owner only (mode 0600, or what is stricter
    in its current mode). Other registries and settings are kept. A damaged file is not changed.

    Args:
        path: The file; it need not exist. Nothing is read yet.
        credentials_store: Whether the readers of the file use its setting ``credsStore``, as docker
            does and podman and skopeo do not.

    Raises:
        ConfigurationError: An argument has the wrong type.
    """

    def __init__(self, path: Path | str, *, credentials_store: bool = True) -> None:
        check_instance("path", path, (str, Path), "a path")
        check_flag("credentials_store", credentials_store, none=False)
        self.path: Path = Path(path)
        """The file."""
        self._credentials_store = credentials_store

    def __repr__(self) -> str:
        return f"<LoginFile {str(self.path)!r}>"

    @classmethod
    def docker(cls, environ: Mapping[str, str] | None = None) -> LoginFile:
        """Return docker's file: ``config.json`` in ``DOCKER_CONFIG``, or in ``~/.docker``.

        Args:
            environ: The environment variables; None for those of the process.
        """
        variables = os.environ if environ is None else environ
        folder = variables.get("DOCKER_CONFIG")
        return cls((Path(folder) if folder else _home(variables) / ".docker") / "config.json")

    @classmethod
    def containers(cls, environ: Mapping[str, str] | None = None) -> LoginFile:
        """Return the file of podman, buildah and skopeo.

        That is ``REGISTRY_AUTH_FILE``, or ``containers/auth.json`` in ``XDG_RUNTIME_DIR``, or in
        ``/run/containers/<user id>``; on macOS and Windows ``~/.config/containers/auth.json``
        (``containers-auth.json(5)``).

        Args:
            environ: The environment variables; None for those of the process.
        """
        variables = os.environ if environ is None else environ
        given, folder = variables.get("REGISTRY_AUTH_FILE"), variables.get("XDG_RUNTIME_DIR")
        if given:
            path = Path(given)
        elif sys.platform != "linux":
            path = _home(variables) / ".config" / "containers" / "auth.json"
        elif folder:
            path = Path(folder) / "containers" / "auth.json"
        else:
            path = Path("/run/containers") / str(os.getuid()) / "auth.json"
        return cls(path, credentials_store=False)

    async def log_in(
        self,
        credentials: RegistryCredentials,
        *,
        registry: str | None = None,
        shadowed: Literal["refuse", "write", "helper"] = "refuse",
    ) -> LoginResult:
        """Write the entry of a registry, which replaces an older one.

        The file then contains the password, which is valid for 12 hours.

        Args:
            credentials: The credentials, from `ECRClient.registry_credentials`.
            registry: The host to which tools send the password, such as the dual-stack host of the
                same registry; None for the host that ECR has sent.
            shadowed: What to do if the file configures a credential helper for the registry, which
                tools use instead of the entry: raise an error, write the entry all the same, or
                store the password in the helper, as ``docker login`` does.

        Raises:
            LoginShadowedError: The file configures a credential helper for the registry.
            LoginFileError: The file is damaged, or cannot be read or written, and is unchanged; or
                the helper failed.
            RequestValidationError: An argument is invalid.
        """
        kind, what = RegistryCredentials, "a RegistryCredentials"
        check_argument("log_in", "credentials", credentials, kind, what)
        host = credentials.registry if registry is None else registry
        _check_registry("log_in", host)
        if shadowed not in {"refuse", "write", "helper"}:
            raise wrong_argument("log_in", "shadowed", 'must be "refuse", "write" or "helper"')
        helper: HelperSetting | None = None

        def change(document: LoginDocument) -> bool:
            nonlocal helper
            helper = document.helper_of(host, credentials_store=self._credentials_store)
            if helper is not None and shadowed == "refuse":
                raise LoginShadowedError(str(self.path), host, str(helper))
            if helper is not None and shadowed == "helper":
                return False
            return document.log_in(host, credentials.encoded())

        changed = await self._edit(change)
        if helper is None:
            return LoginResult(self.path, host, changed, None)
        if shadowed == "helper":
            await helper_program.store(str(self.path), helper.name, host, credentials)
        return LoginResult(self.path, host, changed, str(helper), shadowed == "helper")

    async def log_out(
        self, registry: str, *, shadowed: Literal["report", "helper"] = "report"
    ) -> LogoutResult:
        """Remove the entries of a registry, with and without ``https://`` before the host.

        The password stays valid until it expires, since ECR cannot revoke it.

        Args:
            registry: The host of the registry.
            shadowed: What to do if the file configures a credential helper for the registry: report
                it in the result, or also erase the password in the helper, as ``docker logout``
                does.

        Raises:
            LoginFileError: The file is damaged, or cannot be read or written, and is unchanged; or
                the helper failed.
            RequestValidationError: An argument is invalid.
        """
        _check_registry("log_out", registry)
        if shadowed not in {"report", "helper"}:
            raise wrong_argument("log_out", "shadowed", 'must be "report" or "helper"')
        removed: tuple[str, ...] = ()
        helper: HelperSetting | None = None

        def change(document: LoginDocument) -> bool:
            nonlocal removed, helper
            helper = document.helper_of(registry, credentials_store=self._credentials_store)
            removed = document.log_out(registry)
            return bool(removed)

        await self._edit(change)
        if helper is None:
            return LogoutResult(self.path, registry, removed, None)
        if shadowed == "helper":
            await helper_program.erase(str(self.path), helper.name, registry)
        return LogoutResult(self.path, registry, removed, str(helper))

    async def use_helper(self, registry: str, helper: str | None = "ecrclient") -> LoginResult:
        """Let tools get the password of a registry from a credential helper, or stop that.

        No password is written.

        Args:
            registry: The host of the registry.
            helper: What follows ``docker-credential-`` in the name of the program; None to remove
                the setting.

        Raises:
            LoginFileError: The file is damaged, or cannot be read or written; it is unchanged.
            RequestValidationError: An argument is invalid.
        """
        _check_registry("use_helper", registry)
        check_argument("use_helper", "helper", helper, str, "a string", none=True)
        if helper is not None and not helper_program.is_helper_name(helper):
            problem = "must be what follows docker-credential- in the name of a program"
            raise wrong_argument("use_helper", "helper", problem)
        changed = await self._edit(lambda document: document.use_helper(registry, helper))
        return LoginResult(self.path, registry, changed, None)

    async def _edit(self, change: Callable[[LoginDocument], bool]) -> bool:
        def edit(content: bytes | None) -> bytes | None:
            document = LoginDocument(self.path, content)
            return document.encode() if change(document) else None

        return await anyio.to_thread.run_sync(replace_content, self.path, edit)


def _home(variables: Mapping[str, str]) -> Path:
    home = variables.get("USERPROFILE" if sys.platform == "win32" else "HOME")
    return Path(home) if home else Path.home()


def _check_registry(function: str, registry: object) -> None:
    what = "the host of a registry, without a scheme and a path"
    check_argument(function, "registry", registry, str, what)
    if not (isinstance(registry, str) and _REGISTRY.fullmatch(registry)):
        raise wrong_argument(function, "registry", f"must be {what}")

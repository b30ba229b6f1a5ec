"""The errors of files with logins. Their messages never quote the content of a file."""

from __future__ import annotations

from typing import Any

from ecrclient.errors import ECRClientError

__all__ = ["LoginFileError", "LoginShadowedError"]


class LoginFileError(ECRClientError):
    """A file with logins could not be read or written; it is unchanged."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class LoginShadowedError(LoginFileError):
    """An entry would not be used, because a credential helper is configured for the registry."""

    def __init__(self, path: str, registry: str, helper: str) -> None:
        problem = (
            f"an entry for {registry} would not be used, because the file has {helper}; remove "
            'that, or pass shadowed="helper" to store the password there'
        )
        super().__init__(path, problem)
        self.args: tuple[Any, ...] = (path, registry, helper)
        self.registry = registry
        self.helper = helper
        """The setting, such as ``credsStore: desktop``."""

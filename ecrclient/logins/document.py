"""The document of a file with logins: docker's ``config.json``, and ``auth.json`` of containers.

Sources: "docker login" in the Docker documentation; ``containers-auth.json(5)``. What this package
does not change keeps its order, and the indentation is that of the file.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any, NamedTuple, cast

from ecrclient.logins.errors import LoginFileError

__all__ = ["HelperSetting", "LoginDocument"]

_INDENT = re.compile(rb"\{\s*?\n([ \t]+)\S")
_PATH = re.compile(r"/v[12]/?\Z|/\Z")


class HelperSetting(NamedTuple):
    """A setting of a credential helper; ``str`` returns it as in ``credsStore: desktop``."""

    member: str
    name: str

    def __str__(self) -> str:
        return f"{self.member}: {self.name}"


class LoginDocument:
    """The logins of a file.

    Args:
        path: The file, for errors.
        content: Its content; None if there is no file.

    Raises:
        LoginFileError: The content is damaged.
    """

    def __init__(self, path: Path, content: bytes | None) -> None:
        self._path = path
        text = b"" if content is None else content
        self._members = self._parse(text) if text.strip() else {}
        indent = _INDENT.match(text.lstrip())
        # docker, podman and skopeo indent with tabs.
        self._indent = indent[1].decode() if indent else "\t"
        self._end = "\n" if content is None or text.endswith(b"\n") else ""
        for name in ("auths", "credHelpers"):
            if not isinstance(self._members.get(name, {}), dict | None):
                raise self._damaged(f"{name} must be an object")

    def encode(self) -> bytes:
        """Return the content of the file."""
        text = json.dumps(self._members, indent=self._indent, ensure_ascii=False)
        return f"{text}{self._end}".encode()

    def log_in(self, registry: str, auth: str) -> bool:
        """Set the entry of a registry; return whether that is a change.

        Args:
            registry: The host of the registry, with its port, if any.
            auth: ``user:password`` in base64.
        """
        # An identity token of the old entry would be used instead of the password.
        entry = {"auth": auth}
        if self._entries("auths").get(registry) == entry:
            return False
        self._members["auths"] = {**self._entries("auths"), registry: entry}
        return True

    def log_out(self, registry: str) -> tuple[str, ...]:
        """Remove the entries of a registry; return their keys, such as ``https://<registry>``."""
        auths = self._entries("auths")
        removed = tuple(key for key in auths if _host(key) == registry)
        if removed:
            self._members["auths"] = {
                key: entry for key, entry in auths.items() if key not in removed
            }
        return removed

    def use_helper(self, registry: str, helper: str | None) -> bool:
        """Set or remove the credential helper of a registry; return whether that is a change."""
        helpers = self._entries("credHelpers")
        if helpers.get(registry) == helper:
            return False
        changed = {**helpers, registry: helper}
        if helper is None:
            del changed[registry]
        self._members["credHelpers"] = changed
        return True

    def helper_of(self, registry: str, *, credentials_store: bool) -> HelperSetting | None:
        """The setting that is used instead of the entry of a registry, or None.

        Args:
            registry: The host of the registry.
            credentials_store: Whether the readers of the file use ``credsStore``.
        """
        helper = self._entries("credHelpers").get(registry)
        if isinstance(helper, str) and helper:
            return HelperSetting("credHelpers", helper)
        store = self._members.get("credsStore")
        if credentials_store and isinstance(store, str) and store:
            return HelperSetting("credsStore", store)
        return None

    def _entries(self, name: str) -> dict[str, Any]:
        return cast("dict[str, Any]", self._members.get(name) or {})

    def _parse(self, text: bytes) -> dict[str, Any]:
        problem = ""
        try:
            members: object = json.loads(
                text.decode(),
                object_pairs_hook=_unique,
                parse_float=_finite,
                parse_constant=_finite,
            )
        except _NotKeptError as error:
            problem = str(error)
        except UnicodeDecodeError:
            problem = "not UTF-8"
        except json.JSONDecodeError as error:
            problem = f"not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        except (RecursionError, ValueError):
            problem = "not JSON that can be read"
        else:
            if isinstance(members, dict):
                return cast("dict[str, Any]", members)
            problem = "not an object"
        # Outside the block: the error of the decoder has the text of the file.
        raise self._damaged(problem)

    def _damaged(self, problem: str) -> LoginFileError:
        return LoginFileError(str(self._path), f"damaged: {problem}; it was not changed")


class _NotKeptError(ValueError):
    """The file has something that would be lost if it were written again."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _NotKeptError("an object has a member twice")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _NotKeptError("a number is not finite")
    return number


def _host(key: str) -> str:
    """The host of a key, which tools write with or without a scheme and the path of the API."""
    return _PATH.sub("", key.removeprefix("https://").removeprefix("http://"))

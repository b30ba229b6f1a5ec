"""The allow list of a gate: findings that are accepted until a date, each with a reason.

TOML::

    [[allow]]
    finding = "CVE-2024-3094"
    package = "xz-utils"         # optional
    repository = "team/*"        # optional; * matches any characters
    image_digest = "sha256:..."  # optional
    expires = 2027-01-31
    reason = "Not reachable: liblzma is not loaded by sshd here."

JSON has the same members in ``{"allow": [{...}]}``, with the date as ``"2027-01-31"``.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

import anyio.to_thread

from ecrclient._awsjson.protocol.argument_checks import check_argument
from ecrclient._wildcards import matches
from ecrclient.errors import ECRClientError
from ecrclient.findings.rows import FindingRow

__all__ = ["AllowEntry", "AllowList", "AllowListError"]

_REQUIRED = ("finding", "expires", "reason")
_OPTIONAL = ("package", "repository", "image_digest")
_MAX_BYTES = 16 * 1024 * 1024


class AllowListError(ECRClientError, ValueError):
    """An allow list cannot be read."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(place, problem)
        self.place = place
        """The file or the member, such as ``allow[3].expires``."""
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowEntry:
    """Findings that are accepted until a date.

    Args:
        finding: The name of the finding, such as ``CVE-2024-3094``; upper and lower case differ.
        expires: The last day (UTC) on which the entry applies.
        reason: Why the findings are accepted; not empty.
        package: Only findings in this package; None for all packages.
        repository: Only findings in repositories that match this pattern, in which ``*`` matches
            any characters; None for all repositories.
        image_digest: Only findings in this image; None for all images.

    Raises:
        AllowListError: A value has the wrong type or is empty.
    """

    finding: str
    expires: date
    reason: str
    package: str | None = None
    repository: str | None = None
    image_digest: str | None = None

    def __post_init__(self) -> None:
        for name in ("finding", "reason", *_OPTIONAL):
            value: object = getattr(self, name)
            if value is None and name in _OPTIONAL:
                continue
            if not isinstance(value, str) or not value.strip():
                raise AllowListError(name, "must be a string that is not empty")
        if type(self.expires) is not date:  # a datetime is a date too
            raise AllowListError("expires", "must be a date without a time, such as 2027-01-31")

    def __str__(self) -> str:
        conditions = [
            f"{name} {value}"
            for name in _OPTIONAL
            if (value := cast("str | None", getattr(self, name))) is not None
        ]
        where = f" ({', '.join(conditions)})" if conditions else ""
        return f"{self.finding}{where}, until {self.expires.isoformat()}: {self.reason}"

    def applies_to(self, row: FindingRow) -> bool:
        """Whether the entry names this finding; its expiry is not considered."""
        return (
            self.finding == row.name
            and self.package in {None, row.package}
            and (self.repository is None or matches(self.repository, row.repository_name))
            and self.image_digest in {None, row.image_digest}
        )

    def has_expired(self, today: date) -> bool:
        """Whether the last day of the entry is in the past."""
        return self.expires < today


@dataclass(frozen=True, slots=True)
class AllowList:
    """The entries of an allow list.

    Args:
        entries: The entries, in any order.
    """

    entries: tuple[AllowEntry, ...] = ()

    @classmethod
    def parse_toml(cls, text: str) -> AllowList:
        """Parse the text of a TOML file.

        Raises:
            AllowListError: It is not TOML, or an entry is incomplete or has an unknown member.
        """
        check_argument("AllowList.parse_toml", "text", text, str, "a string")
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise AllowListError("allow list", f"not TOML: {error}") from None
        return cls(tuple(_entries(document)))

    @classmethod
    def parse_json(cls, text: str) -> AllowList:
        """Parse the text of a JSON file.

        Raises:
            AllowListError: It is not JSON, or an entry is incomplete or has an unknown member.
        """
        check_argument("AllowList.parse_json", "text", text, str, "a string")
        try:
            document: object = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise AllowListError("allow list", f"not JSON: {error}") from None
        return cls(tuple(_entries(document)))

    @classmethod
    async def load(cls, path: Path | str) -> AllowList:
        """Read a file; a name that ends with ``.json`` is JSON, any other is TOML.

        Raises:
            AllowListError: The file cannot be read, or is not an allow list.
        """
        check_argument("AllowList.load", "path", path, (str, Path), "a path")
        file = Path(path)
        text = await anyio.to_thread.run_sync(_read, file)
        try:
            return cls.parse_json(text) if file.suffix == ".json" else cls.parse_toml(text)
        except AllowListError as error:
            raise AllowListError(f"{file}: {error.place}", error.problem) from None


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise AllowListError(str(file), f"longer than {_MAX_BYTES} bytes")
        return content.decode()
    except OSError as error:
        raise AllowListError(str(file), error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise AllowListError(str(file), "not UTF-8") from error


def _entries(document: object) -> Iterator[AllowEntry]:
    if not isinstance(document, dict) or set(cast("dict[str, Any]", document)) != {"allow"}:
        raise AllowListError("allow list", "must have one member, allow, with the entries")
    listed: object = cast("dict[str, Any]", document)["allow"]
    if not isinstance(listed, list):
        raise AllowListError("allow", "must be a list of entries")
    for number, entry in enumerate(cast("list[object]", listed)):
        place = f"allow[{number}]"
        if not isinstance(entry, dict):
            raise AllowListError(place, "must be an entry with the members finding, expires, ...")
        yield _entry(place, cast("dict[str, Any]", entry))


def _entry(place: str, members: dict[str, Any]) -> AllowEntry:
    # A misspelled condition that is ignored would allow more than intended.
    for name in members:
        if name not in {*_REQUIRED, *_OPTIONAL}:
            known = ", ".join((*_REQUIRED, *_OPTIONAL))
            raise AllowListError(f"{place}.{name}", f"an unknown member; known are {known}")
    for name in _REQUIRED:
        if name not in members:
            raise AllowListError(f"{place}.{name}", "is missing")
    for name in _OPTIONAL:
        if name in members and members[name] is None:
            raise AllowListError(f"{place}.{name}", "must not be null; omit it for any value")
    expires = members["expires"]
    if isinstance(expires, str):
        try:
            expires = date.fromisoformat(expires)
        except ValueError:
            problem = f"must be a date such as 2027-01-31, not {expires!r:.40}"
            raise AllowListError(f"{place}.expires", problem) from None
    try:
        return AllowEntry(**(members | {"expires": cast("Any", expires)}))
    except AllowListError as error:
        raise AllowListError(f"{place}.{error.place}", error.problem) from None

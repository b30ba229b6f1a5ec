"""The lock: the digests of the sources from which the committed files were generated."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from codegen.aws_model import AwsModel
from codegen.sources import SourceError

__all__ = ["MARK", "Lock", "lock_of", "read_lock"]

MARK = "# Made by python -m codegen build"
_OURS = ("spec", "overlay")
_DIGITS = 12
"""How much of a digest a message shows."""


@dataclass(frozen=True, slots=True)
class Lock:
    """The botocore version, and the sha256 of every source by its name."""

    botocore: str
    digests: dict[str, str]

    def to_text(self) -> str:
        """The text of the lock file."""
        names = {name: name if name.isidentifier() else f'"{name}"' for name in self.digests}
        lines = [f'{names[name]} = "{digest}"' for name, digest in self.digests.items()]
        return "\n".join(
            [
                f"{MARK} --relock; the sources of the generated files.",
                f'botocore = "{self.botocore}"',
                "",
                "[sha256]",
                *lines,
                "",
            ]
        )

    def updated(self, current: Lock) -> Lock:
        """The lock for the *current* sources; it keeps the version if the model is the same."""
        same = not any(name not in _OURS for name in self._changed(current))
        return Lock(self.botocore if same else current.botocore, current.digests)

    def differences(self, current: Lock) -> list[str]:
        """Which sources changed, as text with their digests; those of the model first."""
        changed = sorted(self._changed(current), key=lambda name: (name in _OURS, name))
        return [self._difference(name, current) for name in changed]

    def _changed(self, current: Lock) -> set[str]:
        names = self.digests.keys() | current.digests.keys()
        return {name for name in names if self.digests.get(name) != current.digests.get(name)}

    def _difference(self, name: str, current: Lock) -> str:
        old, new = (_short(lock.digests.get(name)) for lock in (self, current))
        if name in _OURS:
            return f"the {name} changed: sha256 {old} in the lock, {new} now"
        return (
            f"the model changed: {name}: sha256 {old} in the lock (botocore {self.botocore}), "
            f"{new} now (botocore {current.botocore})"
        )


def _short(digest: str | None) -> str:
    return digest[:_DIGITS] if digest else "(none)"


def lock_of(spec: str, overlay: Path | None, model: AwsModel) -> Lock:
    """The lock for these sources."""
    digests = {"spec": hashlib.sha256(spec.encode()).hexdigest()}
    if overlay is not None:
        digests["overlay"] = hashlib.sha256(overlay.read_bytes()).hexdigest()
    return Lock(model.botocore_version, digests | dict(sorted(model.files.items())))


def read_lock(path: Path) -> Lock | None:
    """Read a lock file; None if there is none.

    Raises:
        SourceError: The file cannot be read, or is not a lock.
    """
    if not path.exists():
        return None
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise SourceError(f"{path}: {error}") from error
    version, digests = raw.get("botocore"), raw.get("sha256")
    if isinstance(version, str) and isinstance(digests, dict):
        found = cast("dict[str, object]", digests)
        strings = {name: digest for name, digest in found.items() if isinstance(digest, str)}
        if len(strings) == len(found):
            return Lock(version, strings)
    raise SourceError(f"{path}: not a lock; build with --relock writes one")

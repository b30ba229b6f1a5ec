"""Reading the spec, and the lock: the digests of the sources of the committed files."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

from codegen.aws_model import AwsModel

__all__ = ["SourceError", "lock_text", "locked_differences", "read_spec"]


class SourceError(ValueError):
    """A source cannot be read."""


def read_spec(path: Path) -> str:
    """The @lap text: the content of a ``.lap`` file, or the ``raw`` member of a JSON document.

    Raises:
        SourceError: There is no such file, it is not UTF-8, or the JSON document has no ``raw``.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: {error}") from error
    if path.suffix != ".json":
        return text
    try:
        document: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise SourceError(f"{path}:{error.lineno}:{error.colno}: {error.msg}") from error
    raw = document.get("raw") if isinstance(document, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not isinstance(raw, str):
        raise SourceError(f'{path}: the document has no string in its "raw" member')
    return raw


def lock_text(spec: str, overlay: Path | None, model: AwsModel) -> str:
    """The lock: botocore's version and the sha256 of every source."""
    lines = [
        "# Made by python -m codegen build --relock; the sources of the generated files.",
        f'botocore = "{model.botocore_version}"',
        "",
        "[sha256]",
        f'spec = "{hashlib.sha256(spec.encode()).hexdigest()}"',
    ]
    if overlay is not None:
        lines.append(f'overlay = "{hashlib.sha256(overlay.read_bytes()).hexdigest()}"')
    lines += [f'"{name}" = "{digest}"' for name, digest in sorted(model.files.items())]
    return "\n".join(lines) + "\n"


def locked_differences(lock: Path, current: str) -> list[str]:
    """The differences between the lock and *current*, as text; empty if there are none."""
    if not lock.exists():
        return [f"{lock.name}: does not exist"]
    old, new = tomllib.loads(lock.read_text(encoding="utf-8")), tomllib.loads(current)
    words = [f"{name}: changed" for name in sorted(_changed(old["sha256"], new["sha256"]))]
    if old["botocore"] != new["botocore"] and words:
        words.append(f"botocore: locked {old['botocore']}, installed {new['botocore']}")
    return words


def _changed(old: dict[str, str], new: dict[str, str]) -> set[str]:
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}

"""The size of an installation: all, without botocore's data files, without botocore.

::

    python -m pip install --target build/package ecrclient
    python -m benchmarks.sizes build/package

The size of an archive is that of a zip file, as for AWS Lambda. Compiled modules do not count.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

__all__ = [
    "BOTOCORE_ONLY",
    "KEPT_DATA",
    "Size",
    "everything",
    "files_in",
    "measure",
    "without_botocore",
    "without_data",
]

MIB = 1024 * 1024

KEPT_DATA = frozenset(
    {
        "endpoints.json",
        "partitions.json",
        "sdk-default-configuration.json",
        "_retry.json",
        "signin",
        "sso",
        "sso-oidc",
        "sts",
    }
)
"""What is needed of ``botocore/data`` to sign in: the clients of STS and of IAM Identity Center."""

BOTOCORE_ONLY = frozenset(
    {"botocore", "dateutil", "jmespath", "python_dateutil", "six", "six.py", "urllib3"}
)
"""botocore, and what only botocore needs: the names of the folders, without versions."""


class Size(NamedTuple):
    """Bytes on disk, and in an archive."""

    installed: int
    archived: int


def everything(_: Path) -> bool:
    """Whether a file is kept if nothing is left out."""
    return True


def without_data(path: Path) -> bool:
    """Whether a file is kept if botocore's data files are left out."""
    parts = path.parts
    return parts[:2] != ("botocore", "data") or parts[2] in KEPT_DATA


def without_botocore(path: Path) -> bool:
    """Whether a file is kept if botocore is left out."""
    return path.parts[0].partition("-")[0] not in BOTOCORE_ONLY


def measure(folder: Path, keep: Callable[[Path], bool]) -> Size:
    """The size of the files of a folder that *keep*, which gets relative paths, accepts."""
    installed = archived = 0
    for path in files_in(folder):
        if keep(path.relative_to(folder)):
            content = path.read_bytes()
            installed += len(content)
            archived += len(zlib.compress(content))
    return Size(installed, archived)


def files_in(folder: Path) -> list[Path]:
    """The files of an installation, without compiled modules."""
    return [
        path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]


def main() -> None:
    """Print the table."""
    folder = Path(sys.argv[1])
    print(f"{'':<32}{'installed, MiB':>16}{'archive, MiB':>16}")
    for title, keep in (
        ("all", everything),
        ("without botocore's data files", without_data),
        ("without botocore", without_botocore),
    ):
        size = measure(folder, keep)
        print(f"{title:<32}{size.installed / MIB:>16.1f}{size.archived / MIB:>16.1f}")


if __name__ == "__main__":
    main()

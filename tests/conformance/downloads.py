"""Test data of other projects, from source distributions on the package index."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.conformance.effort import FULL
from tests.tools.archives import DATA_ONLY

__all__ = ["botocore_tests"]

_SOURCE = "botocore==1.44.5"
_NEEDED = (
    "LICENSE.txt",
    "tests/functional/configured_endpoint_urls/profile-tests.json",
    "tests/functional/endpoint-rules/ecr/",
    "tests/unit/auth/aws4_testsuite/",
    "tests/unit/protocols/",
)


def botocore_tests(config: pytest.Config) -> Path:
    """The folder ``tests`` of botocore's source distribution, reduced to its data.

    It is fetched once and kept in pytest's cache. A plain test run does not use the network: tests
    that need missing data are skipped. The conformance session fetches the data, and fails if it
    cannot.
    """
    cache: pytest.Cache | None = getattr(config, "cache", None)  # -p no:cacheprovider leaves it out
    if cache is None:
        (pytest.fail if FULL else pytest.skip)("needs pytest's cache, which is disabled")
    folder = cache.mkdir("sdist-" + _SOURCE.replace("==", "-"))
    done = folder / "complete"
    if not done.exists():
        if not FULL:
            pytest.skip(f"needs the source distribution of {_SOURCE}: run nox -s conformance")
        _fetch(folder)
        done.touch()
    return folder / "tests"


def _fetch(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    what = ["--no-deps", "--no-binary", ":all:", "--dest", str(folder), _SOURCE]
    fetched = subprocess.run([*pip, *what], capture_output=True, text=True, check=False)
    assert fetched.returncode == 0, f"{_SOURCE} cannot be fetched:\n{fetched.stderr}"
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        for member in packed:
            _, _, path = member.name.partition("/")
            if path.startswith(_NEEDED):
                member.name = path
                packed.extract(member, folder, **DATA_ONLY)
    archive.unlink()

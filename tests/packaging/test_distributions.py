"""The check of built distributions finds what it looks for."""

from __future__ import annotations

import io
import tarfile
import tomllib
import zipfile
from pathlib import Path

from tests.packaging.distributions import ROOT, problems_of

URLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
HEAD = "".join(f"Project-URL: {name}, {url}\n" for name, url in URLS.items())
CONTENT = ("ecrclient/__init__.py", "ecrclient/py.typed", "ecrclient/testing/__init__.py")


def wheel(folder: Path, description: str, *names: str, head: str = HEAD) -> Path:
    path = folder / "ecrclient-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("ecrclient-1.dist-info/METADATA", f"{head}\n{description}")
        for name in names:
            file.writestr(name, "")
    return path


def test_complete_wheel_has_no_problems(tmp_path: Path) -> None:
    text = "[docs](https://example.com/docs) and [below](#more)"
    assert problems_of(wheel(tmp_path, text, *CONTENT)) == []


def test_links_that_only_work_in_the_repository_are_found(tmp_path: Path) -> None:
    text = "[docs](docs/index.md)\n<!-- test: run\n-->"
    assert problems_of(wheel(tmp_path, text, *CONTENT)) == [
        "the link to docs/index.md works in the repository only",
        "the description contains comments for the tests",
    ]


def test_missing_and_unexpected_files_are_found(tmp_path: Path) -> None:
    path = wheel(tmp_path, "", "ecrclient/__init__.py", CONTENT[2], "tests/__init__.py", head="")
    assert problems_of(path) == [
        "unexpected folder tests",
        "ecrclient/py.typed is missing",
        f"the URLs are {{}}, not {URLS}",
    ]


def test_missing_files_of_an_sdist_are_found(tmp_path: Path) -> None:
    path = tmp_path / "ecrclient-1.tar.gz"
    with tarfile.open(path, "w:gz") as sdist:
        text = f"{HEAD}\n".encode()
        info = tarfile.TarInfo("ecrclient-1/PKG-INFO")
        info.size = len(text)
        sdist.addfile(info, io.BytesIO(text))
    found = problems_of(path)
    assert "README.md is missing" in found
    assert "noxfile.py is missing" in found

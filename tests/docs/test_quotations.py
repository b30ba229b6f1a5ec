"""Quotations are in the quoted files, and the commands of a page work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, blocks_of, quotations_of
from tests.scenarios.conftest import moto_url

__all__ = ["moto_url"]

ANOTHER_SERVICE = ROOT / "docs/another-service.md"
QUOTATIONS = [
    pytest.param(title, text, id=f"{page.name}: {title}")
    for page in PAGES
    if page != ANOTHER_SERVICE
    for title, text in quotations_of(page)
]


def test_there_are_quotations() -> None:
    assert len(QUOTATIONS) > 5


@pytest.mark.parametrize(("title", "text"), QUOTATIONS)
def test_a_quotation_is_in_its_file(title: str, text: str) -> None:
    if text == f'--8<-- "{title}"\n':
        text = ""  # the site's builder inserts the whole file
    whole = (ROOT / title).read_text(encoding="utf-8")
    for part in text.split("\n...\n"):
        assert part.rstrip("\n") in whole


@pytest.mark.generator
def test_the_page_on_another_service(tmp_path: Path, moto_url: str) -> None:
    """The page's specs and commands build packages that its code works with."""
    for title, text in quotations_of(ANOTHER_SERVICE):
        (tmp_path / title).write_text(text, encoding="utf-8")
    text = ANOTHER_SERVICE.read_text(encoding="utf-8").replace("\\\n", "")
    for line in text.splitlines():
        if line.startswith("python -m codegen "):
            run(tmp_path, *line.split()[1:])
    secrets, others = [b.code for b in blocks_of(ANOTHER_SERVICE) if b.kind == "package"]
    secrets += "\nassert len(secrets._operations) == 26\n"
    (tmp_path / "secrets_use.py").write_text(secrets, encoding="utf-8")
    (tmp_path / "others_use.py").write_text(others, encoding="utf-8")
    run(tmp_path, "secrets_use.py")
    keys = {"AWS_ACCESS_KEY_ID": "AKIAMOTO", "AWS_SECRET_ACCESS_KEY": "moto"}
    printed = run(tmp_path, "others_use.py", AWS_ENDPOINT_URL=moto_url, **keys)
    assert printed == "['a note'] [b'an event']\n"
    assert printed.strip() in text
    checked = ("secretsclient", "secrets_use.py", "others_use.py")
    run(tmp_path, "-m", "mypy", "--strict", "--config-file=", *checked)


def run(folder: Path, *arguments: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout

"""The site: pictures, docstrings as Markdown, and a section for each operation and model."""

from __future__ import annotations

import re
import tomllib

import pytest

import ecrclient.models
from docsite import models
from docsite.pictures import FOLDER, draw_all
from docsite.release_notes import notes_of
from docsite.roles import to_markdown
from ecrclient.operations import OPERATIONS
from tests.docs.pages import ROOT

REFERENCE = ROOT / "docs/reference"
# An operation's text, from its docstring, and an example right below it.
SECTION = re.compile(
    r"^::: ecrclient\.ECRClient\.(\w+)\n\n(?:<!-- test: \w+ -->\n)?```python\n", re.MULTILINE
)


def test_the_pictures_are_up_to_date() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert there == draw_all()


def test_every_operation_has_a_section_and_an_example() -> None:
    pages = [page.read_text(encoding="utf-8") for page in REFERENCE.glob("*.md")]
    placed = [name for page in pages for name in SECTION.findall(page)]
    assert {operation.method for operation in OPERATIONS.values()} <= set(placed)
    assert len(placed) == len(set(placed))


def test_the_arguments_of_the_constructor_are_in_the_reference() -> None:
    """mkdocstrings shows a constructor's docstring only with this option."""
    page = (REFERENCE / "client.md").read_text(encoding="utf-8")
    section = page.partition("\n::: ecrclient.ECRClient\n")[2].partition("\n::: ")[0]
    assert "      merge_init_into_class: true\n" in section


def test_the_table_of_operations_is_correct() -> None:
    table = (REFERENCE / "index.md").read_text(encoding="utf-8")
    rows = dict(
        re.findall(r"^\| \[`(\w+)`\]\[[\w.]+\] \| [^|]+ \| ([^|]*) \|$", table, re.MULTILINE)
    )
    assert rows.keys() == {operation.method for operation in OPERATIONS.values()}
    for operation in OPERATIONS.values():
        row = rows[operation.method]
        assert ("pages" in row) == (operation.pagination is not None)
        assert ("not idempotent" in row) == (not operation.retry_safe)
        assert operation.batch is None or f"{operation.batch.limit} ids to a call" in row


def test_pages_of_models_are_up_to_date() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in models.FOLDER.iterdir()}
    assert there == models.pages()


def test_every_model_is_on_one_page() -> None:
    placed = [
        name
        for page in models.FOLDER.glob("*.md")
        for name in re.findall(
            r"^::: ecrclient\.models\.(\w+)$", page.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert len(placed) == len(set(placed))
    assert set(placed) == set(ecrclient.models.__all__)


def test_every_page_is_in_the_navigation() -> None:
    text = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    nav = re.findall(r"'([\w/-]+\.md)'", str(tomllib.loads(text)["project"]["nav"]))
    docs = ROOT / "docs"
    assert sorted(nav) == sorted(str(path.relative_to(docs)) for path in docs.rglob("*.md"))


def test_roles_become_links() -> None:
    text = "See :class:`~a.b.C` and :meth:`go`.\n\n::\n\n    code()\n\nMore."
    assert to_markdown(text, lambda name: f"x.{name}") == (
        "See [`C`][x.a.b.C] and [`go`][x.go].\n\n```\ncode()\n```\n\nMore."
    )


def test_release_notes_are_the_changelogs_section() -> None:
    text = (
        "# C\n\n## Unreleased\n\n## 0.2.0 - 2030-01-01\n\n### Added\n\n- X.\n\n## 0.1.0\n\n- Y.\n"
    )
    assert notes_of("0.2.0", text) == "### Added\n\n- X."
    assert notes_of("0.1.0", text) == "- Y."
    for version in ("Unreleased", "0.3.0"):
        with pytest.raises(LookupError, match=version):
            notes_of(version, text)


def test_the_changelog_has_notes_for_the_next_release() -> None:
    assert notes_of("Unreleased", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))

"""Relative links lead to files that exist, and their fragments to headings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT

LINK = re.compile(r"\]\((?P<path>[^)\s#:]*)(?:#(?P<fragment>[^)\s]+))?\)")
SNIPPET = re.compile(r'^--8<-- "(?P<file>[\w.]+)(?::\w+)?"$', re.MULTILINE)
HEADING = re.compile(r"^#+ (?P<text>.+)$", re.MULTILINE)
LINKED = [*PAGES, ROOT / "SECURITY.md"]


def broken_links(page: Path) -> list[str]:
    """The relative links of a page that lead nowhere."""
    text = page.read_text(encoding="utf-8")
    return [link[0] for link in LINK.finditer(text) if not leads_somewhere(page, link)]


def leads_somewhere(page: Path, link: re.Match[str]) -> bool:
    target = page.parent / link["path"] if link["path"] else page
    if not target.exists():
        return False
    return link["fragment"] is None or link["fragment"] in fragments(target)


def fragments(page: Path) -> set[str]:
    """The fragments of a page's headings, those of the files that it includes among them."""
    text = SNIPPET.sub(
        lambda snippet: (ROOT / snippet["file"]).read_text(encoding="utf-8"),
        page.read_text(encoding="utf-8"),
    )
    return {
        re.sub(r"[^\w -]", "", heading["text"].lower()).replace(" ", "-")
        for heading in HEADING.finditer(text)
    }


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_broken_links_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A heading\n[a](page.md) [b](#a-heading) [c](none.md) [d](page.md#none) [e](#none)\n"
    )
    assert broken_links(page) == ["](none.md)", "](page.md#none)", "](#none)"]

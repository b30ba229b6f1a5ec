"""The table of the ways to run a call: its tests exist, and none is left out."""

from __future__ import annotations

import inspect
import re
from types import FunctionType

from tests.awsjson.many import test_coroutine_ways
from tests.docs.pages import ROOT

PAGE = ROOT / "docs/guides/concurrency.md"
ROWS = re.findall(
    r"^\| (?!Way )([^|]+) \| ([^|]+) \| `(\w+)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
)
TESTS = {
    name: test
    for name, test in vars(test_coroutine_ways).items()
    if name.startswith("test_") and isinstance(test, FunctionType)
}


def test_there_are_at_least_14_ways() -> None:
    assert len(ROWS) >= 14


def test_each_way_has_one_test_and_each_test_one_way() -> None:
    assert sorted(test for *_, test in ROWS) == sorted(TESTS)


def test_the_event_loops_are_those_of_the_tests() -> None:
    for way, loops, name in ROWS:
        runs_on_both = "backend" in inspect.signature(TESTS[name]).parameters
        only = "trio" if name.startswith("test_trio") else "asyncio"
        assert loops == ("asyncio, trio" if runs_on_both else only), way


def test_the_page_names_the_file_of_the_tests() -> None:
    file = inspect.getsourcefile(test_coroutine_ways)
    assert file is not None
    named = re.findall(r"`(tests/[\w/]+\.py)`", PAGE.read_text(encoding="utf-8"))
    assert [ROOT / name for name in named] == [type(ROOT)(file)]

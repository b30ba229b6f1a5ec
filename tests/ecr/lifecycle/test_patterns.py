"""Tag patterns: which tags they match, inclusion, and overlap."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecrclient.lifecycle.patterns import (
    TagPattern,
    can_match_tag,
    includes,
    overlaps,
    patterns_of,
)
from ecrclient.lifecycle.rules import LifecycleSelection

TEXTS = st.text("ab*", max_size=6)
ALL_TAGS = ["".join(letters) for length in range(6) for letters in product("abc", repeat=length)]


def pattern(text: str) -> TagPattern:
    return TagPattern(text, tuple(text.split("*")))


def matched(one: TagPattern) -> set[str]:
    return {tag for tag in ALL_TAGS if one.compiled().fullmatch(tag)}


@given(TEXTS, TEXTS)
def test_a_pattern_that_includes_another_one_matches_all_its_tags(outer: str, inner: str) -> None:
    if includes(pattern(outer), pattern(inner)):
        assert matched(pattern(inner)) <= matched(pattern(outer))


@given(st.text("ab*", max_size=2), st.text("ab*", max_size=2))
def test_a_pattern_that_matches_all_tags_of_another_one_includes_it(outer: str, inner: str) -> None:
    # The tags are long enough for a difference between such short patterns.
    if matched(pattern(inner)) <= matched(pattern(outer)):
        assert includes(pattern(outer), pattern(inner))


@given(TEXTS, st.lists(st.sampled_from(["a", "b", "ab", "c"]), max_size=5))
def test_a_pattern_overlaps_a_template_if_it_matches_one_of_its_texts(
    text: str, template: list[str]
) -> None:
    texts = ("".join(letters) for letters in product(*template))
    expected = any(pattern(text).compiled().fullmatch(one) for one in texts)
    assert overlaps(pattern(text), map(frozenset, template)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v*", True),
        ("*", True),
        ("_a.b-c", True),
        ("*.-", True),
        ("", False),
        (".a", False),
        ("-*", False),
        ("git hash", False),
        ("team/app", False),
        ("a:b", False),
        ("x" * 128, True),
        ("x" * 129, False),
        ("x" * 128 + "*", True),
    ],
)
def test_patterns_that_a_valid_tag_can_match(text: str, expected: bool) -> None:
    assert can_match_tag(pattern(text)) == expected


def test_a_wildcard_in_a_prefix_is_a_character() -> None:
    selection = LifecycleSelection(
        tag_status="tagged",
        tag_prefix_list=["v*"],
        count_type="imageCountMoreThan",
        count_number=1,
    )
    (prefix,) = patterns_of(selection)
    assert prefix.compiled().fullmatch("v1") is None
    assert not can_match_tag(prefix)

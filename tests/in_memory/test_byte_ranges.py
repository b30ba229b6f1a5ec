"""The ``Range`` header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecrclient.testing.byte_ranges import UnsatisfiableRangeError, read_range

CONTENT = bytes(range(10))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-3", CONTENT[:4]),
        ("bytes=4-4", CONTENT[4:5]),
        ("bytes=7-", CONTENT[7:]),
        ("bytes=7-99", CONTENT[7:]),
        ("bytes=-3", CONTENT[-3:]),
        ("bytes=-99", CONTENT),
        ("bytes=0-", CONTENT),
        ("BYTES= 2-3 ", CONTENT[2:4]),
    ],
)
def test_valid_ranges(header: str, expected: bytes) -> None:
    span = read_range(header, len(CONTENT))
    assert span is not None
    first, size = span
    assert CONTENT[first : first + size] == expected
    assert len(expected) == size


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=4-3",
        "bytes=a-b",
        "bytes=0-1,4-5",
        "bytes=--1",
        "lines=0-3",
        f"bytes={'9' * 5000}-",
    ],
)
def test_malformed_and_multiple_ranges_are_ignored(header: str | None) -> None:
    assert read_range(header, len(CONTENT)) is None


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-11", "bytes=99-100", "bytes=-0"])
def test_ranges_outside_the_content_are_unsatisfiable(header: str) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        read_range(header, len(CONTENT))


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 15))
def test_range_is_within_the_content(first: int, last: int, size: int) -> None:
    content = bytes(size)
    try:
        span = read_range(f"bytes={first}-{last}", size)
    except UnsatisfiableRangeError:
        assert size <= first <= last
        return
    if span is None:
        assert last < first
        return
    begin, length = span
    assert content[begin : begin + length] == content[first : last + 1]
    assert length >= 1

"""The generator, the server, the measurements and the report, on 100 small cases."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.torture.cases import FAMILIES, case_of, reply_of
from tests.torture.report import Bounds, Played, faults, report
from tests.torture.worker import Result

ROOT = Path(__file__).parents[2]


def test_a_hundred_small_cases_are_within_bounds() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.torture", "--cases", "100", "--max-bytes", "200000"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "0 of 100 cases are beyond a bound" in ended.stdout
    assert all(family in ended.stdout for family in FAMILIES)


def test_a_seed_and_a_number_make_the_same_case() -> None:
    for number in range(50):
        one, two = (reply_of(7, number, 10_000) for _ in range(2))
        assert case_of(7, number) == case_of(7, number)
        assert (one.name, one.end, b"".join(one.pieces)) == (
            two.name,
            two.end,
            b"".join(two.pieces),
        )


@pytest.mark.parametrize(
    ("result", "fault"),
    [
        (Result(1, "model", cpu=1.9, mib=199), None),
        (Result(1, "ServiceError"), None),
        (Result(1, "model", cpu=2.1), "2.1 s of CPU, more than 2"),
        (Result(1, "model", mib=201), "201 MiB, more than 200"),
        (Result(1, "RAW OverflowError", text="too large"), "RAW OverflowError: too large"),
        (Result(1, "model", usable=False), "a good call after the case failed"),
    ],
)
def test_a_case_beyond_a_bound_is_reported(result: Result, fault: str | None) -> None:
    text, fine = report([Played("errors", "asyncio", result)], Bounds(), lambda _: "a response")

    assert faults(result, Bounds()) == ([fault] if fault else [])
    assert fine is (fault is None)
    assert (f"case 1 (errors: a response; asyncio): {fault}" in text) is (fault is not None)

"""The page on a large inventory has the figures that ``python -m benchmarks.scale`` prints."""

from __future__ import annotations

import pytest

from benchmarks.scale import (
    ADVISED_CONCURRENCY,
    LISTING_RATES,
    QUOTAS,
    Inventory,
    plan_lines,
    simulate,
    total_lines,
)
from tests.docs.pages import ROOT

LINES = (ROOT / "docs/scale.md").read_text(encoding="utf-8").splitlines()


def row(*cells: object) -> list[str]:
    """The cells after these at the beginning of a row of the page."""
    begin = "| " + " | ".join(map(str, cells)) + " |"
    [found] = [line for line in LINES if line.startswith(begin)]
    return [cell.strip() for cell in found.removeprefix(begin).strip("| ").split("|")]


def test_the_arithmetic() -> None:
    for line in plan_lines(Inventory()):
        assert line in [*LINES, ""]
    inventory = Inventory()
    assert inventory.registries * inventory.listing_calls(inventory.page) == 10_020_000
    assert inventory.total_images == 10_000_000_000


def test_the_quotas() -> None:
    for operation, rate in QUOTAS.items():
        assert row(operation) == [f"{rate:,}"]


@pytest.mark.parametrize("rate", LISTING_RATES)
def test_the_simulated_seconds(rate: int) -> None:
    seconds, requests, throttled = row("adaptive", rate, ADVISED_CONCURRENCY)
    found = simulate(Inventory(), rate, ADVISED_CONCURRENCY)
    # Within 5 %, because details of the event loop differ between versions of Python.
    assert found.seconds == pytest.approx(float(seconds), rel=0.05)
    assert found.requests == pytest.approx(int(requests), rel=0.05)
    assert found.requests - found.throttled == 501 == int(requests) - int(throttled)


def test_standard_mode_with_many_calls_fails() -> None:
    assert row("standard", 20, 128)[0] == "fails"
    assert simulate(Inventory(), 20, 128, mode="standard").seconds is None


def test_the_manifests_are_limited_by_latency() -> None:
    small = Inventory(repositories=50)
    found = simulate(small, 100, 8, manifests=True)
    assert found.requests == 551
    assert found.seconds == pytest.approx(float(row(8)[0]) / 10, rel=0.05)


def test_the_time_of_all_registries() -> None:
    seconds = float(row("adaptive", LISTING_RATES[0], ADVISED_CONCURRENCY)[0])
    for line in total_lines(Inventory(), seconds):
        assert line in LINES


def test_the_shortest_time_is_the_quota() -> None:
    found = simulate(Inventory(repositories=100), 20, 8)
    assert found.seconds is not None
    assert found.seconds >= (100 - 20) / 20

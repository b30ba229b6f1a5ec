"""The charts of the performance page, and the results that they are drawn from."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.charts import CHARTS, draw
from benchmarks.charts import write as write_charts
from benchmarks.figures import Figure, Key, Samples
from benchmarks.machine import Machine
from benchmarks.results import CHARTS as FOLDER
from benchmarks.results import RESULTS, read

SAVED = sorted(RESULTS.glob("*.json"))
MACHINE = Machine("2030-01-01", "a processor", 2, "Linux", "3.11.2", {}, {})


@pytest.mark.parametrize("path", SAVED, ids=lambda path: path.name)
def test_saved_results_are_a_few_hundred_lines(path: Path) -> None:
    machine, figures = read(path)
    assert path.name.startswith(machine.date)
    assert figures
    assert len(path.read_text(encoding="utf-8").splitlines()) < 400


@pytest.mark.parametrize("name", CHARTS)
def test_chart_has_bars_for_this_client_and_its_peers(name: str) -> None:
    text = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    for peer in ("ecrclient", "aiobotocore"):
        assert f">{peer}</text>" in text
    assert 'class="ours' in text


@pytest.mark.parametrize("name", CHARTS)
def test_chart_follows_the_colours_of_the_page(name: str) -> None:
    text = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    light, dark = text.partition("</style>")[0].split("@media (prefers-color-scheme: dark)")
    for kind in ("ours", "others", "raw"):
        assert f".{kind} {{ fill: #" in light
        assert f".{kind} {{ fill: #" in dark
    assert "#ffffff" not in text


def test_charts_are_drawn_from_the_saved_results(tmp_path: Path) -> None:
    drawn: dict[str, set[str]] = {name: set() for name in CHARTS}
    for path in SAVED:
        machine, figures = read(path)
        for chart in write_charts(figures, machine, tmp_path):
            drawn[chart.stem].add(chart.read_text(encoding="utf-8"))
    for name, texts in drawn.items():
        assert (FOLDER / f"{name}.svg").read_text(encoding="utf-8") in texts


def test_figures_survive_saving() -> None:
    samples = Samples()
    for value in (1.0, 2.0, 4.0):
        samples.add("tiny", 32, "ecrclient", {"cpu": value, "calls": 7.0})
    figures = samples.figures()
    assert list(figures) == [Key("tiny", 32, "ecrclient", "cpu")]
    assert type(figures).of_rows(figures.as_rows()) == figures


def test_unsteady_figure_is_drawn_with_its_range() -> None:
    bars = {
        "ecrclient": Figure(0.010, 0.5, 4, 0.008, 0.012),
        "aiobotocore": Figure(0.07, 0.1, 4, 0.06, 0.08),
    }
    text = draw(CHARTS["page-1000"], MACHINE, bars)
    assert ">8.0 to 12 ms</text>" in text
    assert ">70 ms</text>" in text
    assert text.count("unsteady") == 2  # the style, and one bar

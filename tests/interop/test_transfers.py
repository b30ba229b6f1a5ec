"""Tools and this client with the same registry: tools by ``/v2/``, this client by the ECR API."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecrclient.images import DockerArchive, Layout, OCIArchive
from tests.interop.combinations import DOCKER_ARCHIVE, LAYOUT, OCI_ARCHIVE, Combination
from tests.interop.conftest import Start
from tests.interop.files import STORES, assert_same_files, assert_same_image, unpack, write
from tests.interop.registry import Registry
from tests.interop.tools import TOOLS

BY_NAME = {tool.name: tool for tool in TOOLS}
FORMS = (
    (LAYOUT, "image"),
    (LAYOUT, "index"),
    (OCI_ARCHIVE, "image"),
    (OCI_ARCHIVE, "index"),
    (DOCKER_ARCHIVE, "image"),
)


def combinations(direction: str) -> list[object]:
    """All tools with all forms; with one form, each tool is in the mark ``smoke``."""
    return [
        pytest.param(
            combination,
            id=str(combination),
            marks=[pytest.mark.smoke] if form == (OCI_ARCHIVE, "index") else [],
        )
        for tool in TOOLS
        for form in FORMS
        for combination in [Combination(tool.name, direction, *form)]
    ]


@pytest.mark.parametrize("combination", combinations("the tool pushes, ecrclient pulls"))
def test_pull(registry: Registry, start: Start, tmp_path: Path, combination: Combination) -> None:
    tool = start(BY_NAME[combination.tool])
    written = write(tmp_path / "written", LAYOUT, combination.image)
    tool.push(written.file, registry.address("team/app:v1"))
    assert registry.digest("team/app") == written.digest

    file = tmp_path / "pulled"
    store = STORES[combination.file](file)
    report = registry.pull("team/app", store)
    assert report.digest == written.digest
    layout = file if combination.file == LAYOUT else unpack(file, tmp_path / "unpacked")
    assert_same_image(layout, written.layout)


@pytest.mark.parametrize("combination", combinations("ecrclient pushes, the tool pulls"))
def test_push(registry: Registry, start: Start, tmp_path: Path, combination: Combination) -> None:
    tool = start(BY_NAME[combination.tool])
    written = write(tmp_path / "written", combination.file, combination.image)
    store = STORES[combination.file](written.file)
    if isinstance(store, DockerArchive):
        report = registry.push(store, "team/app", "team/app:v1")
    else:
        report = registry.push(store, "team/app")
        assert report.digest == written.digest

    tool.pull(registry.address("team/app:v1"), tmp_path / "pulled")
    if isinstance(store, Layout | OCIArchive):
        assert_same_image(tmp_path / "pulled", written.layout)
    else:
        assert_same_files(tmp_path / "pulled", written.layout)

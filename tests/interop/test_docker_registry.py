"""What this client exports is accepted by Docker's own registry, through every tool."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecrclient.images import Layout
from tests.interop.combinations import DOCKER_ARCHIVE, LAYOUT, OCI_ARCHIVE, Combination
from tests.interop.conftest import Start
from tests.interop.files import STORES, assert_same_files, assert_same_image, write
from tests.interop.registry import Registry
from tests.interop.tools import TOOLS

BY_NAME = {tool.name: tool for tool in TOOLS}
IMAGES = {
    LAYOUT: ("image", "index", "zstd image", "attestation"),
    OCI_ARCHIVE: ("image", "index"),
    DOCKER_ARCHIVE: ("image",),
}


@pytest.mark.parametrize(
    "combination",
    [
        Combination(tool.name, "ecrclient writes, docker-registry receives", form, image)
        for tool in TOOLS
        for form in tool.reads
        for image in IMAGES[form]
    ],
    ids=str,
)
def test_docker_registry(
    registry: Registry,
    start: Start,
    docker_registry: str,
    tmp_path: Path,
    combination: Combination,
) -> None:
    tool = start(BY_NAME[combination.tool])
    written = write(tmp_path / "written", LAYOUT, combination.image)
    registry.push(Layout(written.layout), "team/app")
    file, back = tmp_path / "file", tmp_path / "back"
    registry.pull("team/app", STORES[combination.file](file))
    tool.push(file, f"{docker_registry}/team/app:v1", combination.file)
    tool.pull(f"{docker_registry}/team/app:v1", back)
    if combination.file == DOCKER_ARCHIVE:
        assert_same_files(back, written.layout)
    else:
        assert_same_image(back, written.layout)

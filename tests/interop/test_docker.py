"""Archives that ``docker load`` reads and ``docker save`` writes; needs a running daemon."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecrclient.images import DockerArchive, Layout
from tests.interop.combinations import DOCKER_ARCHIVE, LAYOUT, Combination
from tests.interop.conftest import Start
from tests.interop.files import assert_same_files, write
from tests.interop.registry import Registry
from tests.interop.tools import Docker

NAME = "ecrclient-interop:v1"


@pytest.mark.parametrize(
    "combination",
    [
        Combination("docker", "ecrclient writes, docker loads and saves", DOCKER_ARCHIVE, image)
        for image in (
            "image",
            "uncompressed image",
            "zstd image",
            "docker image",
            "repeated layer",
        )
    ],
    ids=str,
)
def test_load_and_save(
    registry: Registry, start: Start, tmp_path: Path, combination: Combination
) -> None:
    docker = start(Docker)
    written = write(tmp_path / "written", LAYOUT, combination.image)
    registry.push(Layout(written.layout), "team/app")
    file, saved = tmp_path / "file", tmp_path / "saved"
    registry.pull("team/app", DockerArchive(file, repository="ecrclient-interop"))
    assert docker.load(file) == NAME
    try:
        docker.save(NAME, saved)
    finally:
        docker.remove(NAME)
    registry.push(DockerArchive(saved), "team/copy", NAME)
    registry.pull("team/copy", Layout(tmp_path / "copied"))
    assert_same_files(tmp_path / "copied", written.layout)

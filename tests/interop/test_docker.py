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


@pytest.mark.parametrize(
    "combination",
    [Combination("docker", "the tool pushes, ecrclient pulls", "-", "image")],
    ids=str,
)
def test_push(registry: Registry, start: Start, tmp_path: Path, combination: Combination) -> None:
    docker = start(Docker)
    written = write(tmp_path / "written", LAYOUT, combination.image)
    registry.push(Layout(written.layout), "team/copy")
    file, name = tmp_path / "file", registry.address("team/app")
    registry.pull("team/copy", DockerArchive(file, repository=name))
    docker.log_in()
    image = docker.load(file)
    try:
        assert image == f"{name}:v1"
        docker.run("push", image)
    finally:
        docker.remove(image)
        docker.log_out(registry.server.registry)
    registry.pull("team/app", Layout(tmp_path / "pulled"))
    assert_same_files(tmp_path / "pulled", written.layout)


@pytest.mark.parametrize(
    "combination",
    [
        Combination("docker", "ecrclient pushes, the tool pulls", "-", image)
        for image in ("image", "attestation", "docker list")
    ],
    ids=str,
)
def test_pull(registry: Registry, start: Start, tmp_path: Path, combination: Combination) -> None:
    docker = start(Docker)
    written = write(tmp_path / "written", LAYOUT, combination.image)
    registry.push(Layout(written.layout), "team/app")
    name, saved = registry.address("team/app:v1"), tmp_path / "saved"
    docker.log_in()
    try:
        docker.run("pull", "--platform=linux/amd64", name)
        docker.save(name, saved)
    finally:
        docker.remove(name)
        docker.log_out(registry.server.registry)
    # A Docker that keeps its images in containerd's store saves the index, with one platform.
    registry.push(DockerArchive(saved), "team/copy", name, platforms=["linux/amd64"])
    registry.pull("team/copy", Layout(tmp_path / "copied"))
    registry.pull("team/app", Layout(tmp_path / "one"), platforms=["linux/amd64"])
    assert_same_files(tmp_path / "copied", tmp_path / "one")

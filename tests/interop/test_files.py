"""Files that one program writes and the other reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecrclient.images import Layout
from tests.interop.combinations import DOCKER_ARCHIVE, LAYOUT, OCI_ARCHIVE, Combination
from tests.interop.conftest import Start
from tests.interop.files import STORES, assert_same_files, assert_same_image, write
from tests.interop.layouts import LARGE, root_of
from tests.interop.registry import Registry
from tests.interop.tools import TOOLS, Crane, Skopeo, Umoci

BY_NAME = {tool.name: tool for tool in TOOLS}
READ = "ecrclient writes, the tool reads"
WRITTEN = "the tool writes, ecrclient reads"
IMAGES = {LAYOUT: ("image", "index"), OCI_ARCHIVE: ("image", "index"), DOCKER_ARCHIVE: ("image",)}


def put(registry: Registry, folder: Path, image: str) -> Path:
    """Push an image of a kind by this client; return its layout."""
    written = write(folder, LAYOUT, image)
    registry.push(Layout(written.layout), "team/app")
    return written.layout


def compare(registry: Registry, tmp_path: Path, layout: Path, combination: Combination) -> None:
    """Compare an image with its copy, which went through a file."""
    copied = tmp_path / "copied"
    registry.pull("team/copy", Layout(copied))
    if combination.file.startswith(DOCKER_ARCHIVE):
        assert_same_files(copied, layout)
    else:
        assert_same_image(copied, layout)


@pytest.mark.parametrize(
    "combination",
    [
        Combination(tool.name, READ, form, image)
        for tool in TOOLS
        for form in tool.reads
        for image in IMAGES[form]
    ],
    ids=str,
)
def test_a_tool_reads(
    registry: Registry, start: Start, tmp_path: Path, combination: Combination
) -> None:
    tool = start(BY_NAME[combination.tool])
    layout = put(registry, tmp_path / "written", combination.image)
    file = tmp_path / "file"
    registry.pull("team/app", STORES[combination.file](file))
    tool.push(file, registry.address("team/copy:v1"), combination.file)
    compare(registry, tmp_path, layout, combination)


@pytest.mark.parametrize(
    "combination",
    [
        Combination(tool.name, WRITTEN, form, image)
        for tool in TOOLS
        for form in tool.writes
        for image in IMAGES[form]
    ],
    ids=str,
)
def test_a_tool_writes(
    registry: Registry, start: Start, tmp_path: Path, combination: Combination
) -> None:
    tool = start(BY_NAME[combination.tool])
    layout = put(registry, tmp_path / "written", combination.image)
    file = tmp_path / "file"
    tool.pull(registry.address("team/app:v1"), file, combination.file)
    registry.push(STORES[combination.file](file), "team/copy", None)
    compare(registry, tmp_path, layout, combination)


@pytest.mark.parametrize(
    "combination", [Combination("crane", WRITTEN, "legacy docker archive", "image")], ids=str
)
def test_crane_writes_the_oldest_docker_archive(
    registry: Registry, start: Start, tmp_path: Path, combination: Combination
) -> None:
    crane = start(Crane)
    layout = put(registry, tmp_path / "written", "image")
    file = tmp_path / "file"
    image = registry.address("team/app:v1")
    crane.run("pull", "--insecure", "--format=legacy", image, str(file))
    registry.push(STORES[DOCKER_ARCHIVE](file), "team/copy", None)
    copied = tmp_path / "copied"
    registry.pull("team/copy", Layout(copied))
    assert_same_files(copied, layout, config=False)


@pytest.mark.parametrize(
    "combination",
    [
        Combination(tool, READ, DOCKER_ARCHIVE, image)
        for tool in ("skopeo", "crane")
        for image in (
            "docker image",
            "zstd image",
            "uncompressed image",
            "repeated layer",
            "no layers",
        )
    ],
    ids=str,
)
def test_a_tool_reads_other_docker_archives(
    registry: Registry, start: Start, tmp_path: Path, combination: Combination
) -> None:
    tool = start(BY_NAME[combination.tool])
    layout = put(registry, tmp_path / "written", combination.image)
    file = tmp_path / "file"
    registry.pull("team/app", STORES[DOCKER_ARCHIVE](file))
    tool.push(file, registry.address("team/copy:v1"), DOCKER_ARCHIVE)
    compare(registry, tmp_path, layout, combination)


@pytest.mark.parametrize(
    "combination",
    [
        Combination("skopeo", WRITTEN, f"{form}, whole name", "image")
        for form in (LAYOUT, OCI_ARCHIVE, DOCKER_ARCHIVE)
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["v2", "app:v2", "example.com/team/app:v2"])
def test_skopeo_writes_a_whole_name(
    registry: Registry, start: Start, tmp_path: Path, combination: Combination, name: str
) -> None:
    skopeo = start(Skopeo)
    layout = put(registry, tmp_path / "written", combination.image)
    file, form = tmp_path / "file", combination.file.partition(",")[0]
    skopeo.pull(registry.address("team/app:v1"), file, form, "example.com/team/app:v2")
    registry.push(STORES[form](file), "team/copy", name)
    compare(registry, tmp_path, layout, combination)


@pytest.mark.parametrize(
    "combination",
    [
        Combination("crane", WRITTEN, f"{form}, two images", image)
        for form in (LAYOUT, DOCKER_ARCHIVE)
        for image in IMAGES[form]
    ],
    ids=str,
)
def test_crane_writes_two_images(
    registry: Registry, start: Start, tmp_path: Path, combination: Combination
) -> None:
    crane = start(Crane)
    layout = put(registry, tmp_path / "written", combination.image)
    registry.copy("team/app", "team/copy")
    names = [registry.address(name) for name in ("team/app:v1", "team/copy:v1")]
    file, form = tmp_path / "file", combination.file.partition(",")[0]
    crane.pull(names[0], file, form, names[1])
    registry.push(STORES[form](file), "team/copy", names[0])
    compare(registry, tmp_path, layout, combination)


@pytest.mark.parametrize(
    "combination",
    [
        Combination("umoci", READ, LAYOUT, image)
        for image in ("image", "uncompressed image", "index")
    ],
    ids=str,
)
def test_umoci_unpacks(
    registry: Registry, start: Start, tmp_path: Path, combination: Combination
) -> None:
    umoci = start(Umoci)
    put(registry, tmp_path / "written", combination.image)
    file = tmp_path / "file"
    platforms = ["linux/amd64"] if combination.image == "index" else None
    registry.pull("team/app", Layout(file), platforms=platforms)
    umoci.unpack(file, tmp_path / "bundle")
    assert (tmp_path / "bundle/rootfs/amd64.bin").read_bytes() == b"amd64" * (LARGE // 5)
    assert (tmp_path / "bundle/rootfs/shared").read_bytes() == b"the same in all images"
    process = json.loads((tmp_path / "bundle/config.json").read_text())["process"]
    assert "ARCH=amd64" in process["env"]


@pytest.mark.parametrize("combination", [Combination("umoci", WRITTEN, LAYOUT, "image")], ids=str)
def test_umoci_adds_a_layer(
    registry: Registry, start: Start, tmp_path: Path, combination: Combination
) -> None:
    umoci = start(Umoci)
    put(registry, tmp_path / "written", combination.image)
    file = tmp_path / "file"
    registry.pull("team/app", Layout(file))
    (tmp_path / "inserted").write_text("new")
    umoci.add_layer(file, tmp_path / "inserted")
    report = registry.push(Layout(file), "team/copy")
    assert report.digest == root_of(file)
    assert report.blobs_copied == 4

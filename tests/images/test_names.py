"""The names by which images are found in layouts and archives."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from ecrclient.images import DockerArchive, ImageNotFoundError, Layout, OCIArchive
from tests.images.graphs import Graph
from tests.images.stores import layout_contents
from tests.images.transfers import transfer

pytestmark = pytest.mark.anyio

LAYERS = (b"first layer" * 300, b"second layer" * 300)


async def test_parts_of_an_image_are_not_other_images(tmp_path: Path) -> None:
    graph = Graph()
    image = graph.add_image(LAYERS)
    index = graph.add_index([image], tag="v1")
    graph.add_artifact(index, b"sbom")
    graph.add_cosign_signature(index, b"signature")
    graph.roots.append(image["digest"])  # as oras does
    graph.write_layout(tmp_path / "layout")
    report = await transfer(Layout(tmp_path / "layout"), OCIArchive(tmp_path / "a.tar"), None)
    assert report.digest == index["digest"]


@pytest.mark.parametrize("name", ["v1", "app:v1", "team/app:v1", "example.com:5000/team/app:v1"])
async def test_an_image_is_found_by_the_end_of_its_whole_name(name: str, tmp_path: Path) -> None:
    graph = Graph()
    image = graph.add_image(LAYERS, tag="example.com:5000/team/app:v1")
    graph.add_image([b"other"], tag="v10")
    graph.write_layout(tmp_path / "layout")
    report = await transfer(Layout(tmp_path / "layout"), OCIArchive(tmp_path / "a.tar"), name)
    assert (report.digest, report.tags) == (image["digest"], ("v1",))


@pytest.mark.parametrize("name", ["1", "p:v1", "eam/app:v1"])
async def test_a_part_of_a_name_is_not_a_name(name: str, tmp_path: Path) -> None:
    graph = Graph()
    graph.add_image(LAYERS, tag="example.com/team/app:v1")
    graph.write_layout(tmp_path / "layout")
    with pytest.raises(ImageNotFoundError, match=f"has no image {name}$"):
        await transfer(Layout(tmp_path / "layout"), OCIArchive(tmp_path / "a.tar"), name)


async def test_a_name_of_several_images_is_refused(tmp_path: Path) -> None:
    graph = Graph()
    graph.add_image(LAYERS, tag="example.com/one:v1")
    graph.add_image([b"other"], tag="example.com/two:v1")
    graph.write_layout(tmp_path / "layout")
    with pytest.raises(ImageNotFoundError, match=r"\(example.com/one:v1, example.com/two:v1\)"):
        await transfer(Layout(tmp_path / "layout"), OCIArchive(tmp_path / "a.tar"), "v1")


async def test_referrers_by_the_tag_of_a_digest(tmp_path: Path) -> None:
    graph = Graph()
    image = graph.add_image(LAYERS, tag="v1")
    artifact = graph.add_artifact(image, b"sbom")
    graph.roots.remove(artifact["digest"])  # as regctl does: in an index only
    graph.add_index([artifact], tag=image["digest"].replace(":", "-"))
    graph.write_layout(tmp_path / "layout")
    target = tmp_path / "copy"
    await transfer(Layout(tmp_path / "layout"), Layout(target), "v1", referrers=True)
    assert artifact["digest"] in layout_contents(target).blobs


@pytest.mark.parametrize(
    ("repository", "name"),
    [
        ("team/app", "docker.io/team/app:v1"),
        ("app", "docker.io/library/app:v1"),
        ("example.com/app", "example.com/app:v1"),
        ("localhost/app", "localhost/app:v1"),
        ("host:5000/app", "host:5000/app:v1"),
    ],
)
async def test_docker_load_finds_the_name_of_an_image(
    repository: str, name: str, tmp_path: Path
) -> None:
    graph = Graph()
    graph.add_image(LAYERS, tag="v1")
    graph.write_layout(tmp_path / "layout")
    path = tmp_path / "app.tar"
    await transfer(Layout(tmp_path / "layout"), DockerArchive(path, repository=repository), "v1")
    with tarfile.open(path) as archive:
        files = {one: archive.extractfile(one) for one in ("index.json", "manifest.json")}
        index, saved = (json.load(file) for file in files.values() if file is not None)
    assert saved[0]["RepoTags"] == [f"{repository}:v1"]
    (entry,) = index["manifests"]
    assert entry["annotations"] == {
        "io.containerd.image.name": name,
        "org.opencontainers.image.ref.name": "v1",
    }
    report = await transfer(DockerArchive(path), Layout(tmp_path / "copy"), name)
    assert report.tags == ("v1",)

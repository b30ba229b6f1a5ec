"""The files of images in each format, written and read without the code under test."""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ecrclient.images import DockerArchive, ImageStore, Layout, OCIArchive
from tests.interop.combinations import DOCKER_ARCHIVE, LAYOUT, OCI_ARCHIVE
from tests.interop.layouts import WRITERS, ZSTD_MAGIC, blobs_of, root_of, unpack_zstd
from tests.tools.archives import DATA_ONLY

STORES: dict[str, Callable[[Path], ImageStore]] = {
    LAYOUT: Layout,
    OCI_ARCHIVE: OCIArchive,
    DOCKER_ARCHIVE: DockerArchive,
}


class Written(NamedTuple):
    """A file that was written, and the image in it."""

    file: Path
    digest: str
    """The digest of its manifest or index."""
    layout: Path
    """The same image as a layout."""


def write(folder: Path, form: str, image: str) -> Written:
    """Write an image in a format into a new folder."""
    folder.mkdir()
    layout = folder / "layout"
    digest = WRITERS[image](layout)
    if form == LAYOUT:
        return Written(layout, digest, layout)
    file = folder / "image.tar"
    if form == OCI_ARCHIVE:
        with tarfile.open(file, "w") as archive:
            for name in ("oci-layout", "index.json", "blobs"):
                archive.add(layout / name, name)
    else:
        _write_docker_archive(file, layout, digest)
    return Written(file, digest, layout)


def _write_docker_archive(file: Path, layout: Path, digest: str) -> None:
    """Write what ``docker save`` of Docker 24 and older writes: uncompressed layers."""
    manifest = json.loads(_blob(layout, digest))
    config = manifest["config"]["digest"].removeprefix("sha256:")
    staged = file.with_name("docker")
    staged.mkdir()
    shutil.copy(layout / "blobs/sha256" / config, staged / f"{config}.json")
    layers: list[str] = []
    for number, layer in enumerate(manifest["layers"]):
        (staged / f"{number}").mkdir()
        layers.append(f"{number}/layer.tar")
        (staged / layers[-1]).write_bytes(zlib.decompress(_blob(layout, layer["digest"]), wbits=31))
    entry = {"Config": f"{config}.json", "RepoTags": ["team/app:v1"], "Layers": layers}
    (staged / "manifest.json").write_text(json.dumps([entry]))
    with tarfile.open(file, "w") as archive:
        for path in sorted(staged.iterdir()):
            archive.add(path, path.name)


def unpack(file: Path, folder: Path) -> Path:
    """Unpack an archive that is a layout; return the layout."""
    with tarfile.open(file) as archive:
        archive.extractall(folder, **DATA_ONLY)
    return folder


def assert_same_image(layout: Path, other: Path) -> None:
    """Assert that two layouts have the same image: equal digests of the root and of all blobs."""
    assert root_of(layout) == root_of(other)
    assert blobs_of(layout) == blobs_of(other)


def assert_same_files(layout: Path, other: Path, *, config: bool = True) -> None:
    """Assert that the images of two layouts have the same configuration and content.

    Their manifests may differ, in the compression of the layers and in media types.

    Args:
        layout: One layout.
        other: The other one.
        config: Whether to compare the configurations as well as the layers.
    """
    (one_config, one), (other_config, others) = _content(layout), _content(other)
    assert one == others
    assert not config or one_config == other_config


def _content(layout: Path) -> tuple[str, list[str]]:
    """The digest of an image's configuration, and those of its uncompressed layers."""
    manifest = json.loads(_blob(layout, root_of(layout)))
    config = manifest["config"]["digest"]
    contents = [_uncompressed(_blob(layout, layer["digest"])) for layer in manifest["layers"]]
    found = [f"sha256:{hashlib.sha256(content).hexdigest()}" for content in contents]
    document: dict[str, Any] = json.loads(_blob(layout, config))
    assert found == document["rootfs"]["diff_ids"]
    return config, found


def _uncompressed(layer: bytes) -> bytes:
    if layer.startswith(b"\x1f\x8b"):
        return zlib.decompress(layer, wbits=31)
    return unpack_zstd(layer) if layer.startswith(ZSTD_MAGIC) else layer


def _blob(layout: Path, digest: str) -> bytes:
    return (layout / "blobs" / digest.replace(":", "/")).read_bytes()

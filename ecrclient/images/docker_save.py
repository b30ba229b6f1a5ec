"""The format of ``docker save``.

Source: "Combined Image JSON + Filesystem Changeset Format" of the Moby image specification 1.2, and
the archives that Docker 24 and 27 write.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ecrclient.images.digests import is_digest, sha256
from ecrclient.images.errors import ArchiveError, ManifestError
from ecrclient.images.files import FileTree, Region, Tar, blob_name
from ecrclient.images.layout import LAYOUT_FILE, LayoutReader, index_json
from ecrclient.images.manifests import (
    OCI_MANIFEST,
    Descriptor,
    ImageManifest,
    parse_config,
)

__all__ = ["docker_manifest_json", "open_docker_archive"]

_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
_COMPRESSIONS = {b"\x1f\x8b": "+gzip", b"\x28\xb5\x2f\xfd": "+zstd"}
_READ_BYTES = 1024 * 1024


def docker_manifest_json(images: Sequence[tuple[ImageManifest, Sequence[str]]]) -> bytes:
    """Return the ``manifest.json`` of images with their names, such as ``team/app:v1``."""
    entries = [
        {
            "Config": blob_name(manifest.config.digest),
            "RepoTags": list(names) or None,
            "Layers": [blob_name(layer.digest) for layer in manifest.layers],
        }
        for manifest, names in images
    ]
    return json.dumps(entries, separators=(",", ":")).encode()


def open_docker_archive(name: str, path: Path) -> LayoutReader:
    """Open an archive of ``docker save``; blocks on the disk.

    The archives of Docker 25 and newer are layouts, whose manifests are used as they are. For older
    ones a manifest is made, since they have none.

    Raises:
        ArchiveError: It is not such an archive, or is damaged.
    """
    tar = Tar(path)
    document = tar.read("manifest.json")
    if document is None:
        raise ArchiveError(str(path), "not an archive of docker save: it has no manifest.json")
    if tar.read("index.json") is not None and tar.read("oci-layout") is not None:
        return LayoutReader(name, tar)
    files = _Files(tar)
    index: bytes | None = None
    for image in _images(path, document):
        index = index_json(index, files.add_image(image), image.names, {})
    if index is None:
        raise ArchiveError(str(path), "manifest.json lists no image")
    files.documents |= {"oci-layout": LAYOUT_FILE, "index.json": index}
    return LayoutReader(name, files)


class _SavedImage(NamedTuple):
    """An entry of ``manifest.json``."""

    config: str
    layers: list[str]
    names: list[str]


def _images(path: Path, document: bytes) -> list[_SavedImage]:
    try:
        return [
            _SavedImage(
                _text(entry["Config"]),
                [_text(layer) for layer in entry["Layers"] or ()],
                [_text(name) for name in entry.get("RepoTags") or ()],
            )
            for entry in json.loads(document)
        ]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        problem = f"manifest.json: {type(error).__name__}: {error}"
        raise ArchiveError(str(path), problem) from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value


class _Files(FileTree):
    """The files of an old archive under the names that they have in a layout."""

    def __init__(self, tar: Tar) -> None:
        self.path = tar.path
        self.documents: dict[str, bytes] = {}
        """Files that the archive does not have."""
        self._tar = tar
        self._regions: dict[str, Region] = {}

    def find(self, name: str) -> Region | None:
        """Return where a file is; None: there is none."""
        return self._regions.get(name)

    def read(self, name: str) -> bytes | None:
        """Read a small file; None: there is none."""
        return self.documents.get(name) or super().read(name)

    def add_image(self, image: _SavedImage) -> Descriptor:
        """Add the blobs of an image, and a manifest for it."""
        raw = self._tar.read(image.config)
        if raw is None:
            raise ArchiveError(str(self.path), f"has no member {image.config!r}")
        try:
            diff_ids = parse_config(raw).diff_ids
        except ManifestError as error:
            raise ArchiveError(str(self.path), str(error)) from None
        if len(diff_ids) != len(image.layers):
            problem = f"{image.config!r} lists {len(diff_ids)} layers, not {len(image.layers)}"
            raise ArchiveError(str(self.path), problem)
        config = {"mediaType": _CONFIG_TYPE, "digest": sha256(raw), "size": len(raw)}
        region = self._tar.find(image.config)
        assert region is not None
        self._regions[blob_name(sha256(raw))] = region
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": config,
            "layers": list(map(self._add_layer, image.layers, diff_ids)),
        }
        content = json.dumps(manifest, separators=(",", ":")).encode()
        digest = sha256(content)
        self.documents[blob_name(digest)] = content
        return Descriptor(media_type=OCI_MANIFEST, digest=digest, size=len(content))

    def _add_layer(self, name: str, diff_id: str) -> dict[str, object]:
        region = self._tar.find(name)
        if region is None:
            raise ArchiveError(str(self.path), f"has no member {name!r}")
        with region.path.open("rb") as file:
            file.seek(region.start)
            magic = file.read(min(4, region.size))
            compression = next((c for m, c in _COMPRESSIONS.items() if magic.startswith(m)), "")
            # The digest of an uncompressed layer is the one in the configuration.
            digest = _hash(file, region) if compression else diff_id
        if not is_digest(digest):
            raise ArchiveError(str(self.path), f"{diff_id[:80]!r} is not a digest")
        self._regions[blob_name(digest)] = region
        return {"mediaType": _LAYER_TYPE + compression, "digest": digest, "size": region.size}


def _hash(file: BinaryIO, region: Region) -> str:
    file.seek(region.start)
    digest, left = hashlib.sha256(), region.size
    while left and (piece := file.read(min(left, _READ_BYTES))):
        digest.update(piece)
        left -= len(piece)
    return f"sha256:{digest.hexdigest()}"

"""The format of ``docker save``.

Source: "Combined Image JSON + Filesystem Changeset Format" of the Moby image specification 1.2, and
the archives that Docker 24 and 27 write.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ecrclient.images.digests import sha256
from ecrclient.images.errors import ArchiveError, ManifestError
from ecrclient.images.files import Region, Tar, blob_name, read_region
from ecrclient.images.layout import LAYOUT_FILE, LayoutReader, index_json
from ecrclient.images.manifests import (
    OCI_MANIFEST,
    Descriptor,
    ImageManifest,
    parse_config,
    parse_manifest,
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

    Raises:
        ArchiveError: It is not such an archive, or is damaged.
    """
    tar = Tar(path)
    region = tar.find("manifest.json")
    if region is None:
        raise ArchiveError(str(path), "not an archive of docker save: it has no manifest.json")
    files = _Files(tar)
    index: bytes | None = None
    for entry in _entries(path, read_region(region)):
        manifest = files.add_image(entry)
        descriptor = Descriptor(
            media_type=OCI_MANIFEST, digest=sha256(manifest), size=len(manifest)
        )
        tags = [_tag(name) for name in entry["RepoTags"] or ()]
        index = index_json(index, descriptor, tags, {})
    files.documents["oci-layout"] = LAYOUT_FILE
    files.documents["index.json"] = index or b""
    return LayoutReader(name, files)

"""OCI image layouts: small images that tools push, and a comparison of what they pull."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_NAME = "org.opencontainers.image.ref.name"
LARGE = 3_000_000
"""The size of a layer that tools send in several pieces."""


class LayoutWriter:
    """Writes an OCI image layout.

    Args:
        folder: The folder, which is created.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "blobs/sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

    def blob(self, content: bytes, media_type: str) -> dict[str, Any]:
        """Write a blob, and return its descriptor."""
        name = hashlib.sha256(content).hexdigest()
        (self._folder / "blobs/sha256" / name).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{name}", "size": len(content)}

    def document(self, media_type: str, **members: Any) -> dict[str, Any]:
        """Write a manifest or an index, and return its descriptor."""
        document = {"schemaVersion": 2, "mediaType": media_type, **members}
        return self.blob(json.dumps(document).encode(), media_type)

    def image(self, architecture: str) -> dict[str, Any]:
        """Write an image of two layers, and return its descriptor."""
        archives = [
            _archive(f"{architecture}.bin", architecture.encode() * (LARGE // 5)),
            _archive("shared", b"the same in all images"),
        ]
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {"Env": [f"ARCH={architecture}"]},
            "rootfs": {
                "type": "layers",
                "diff_ids": [f"sha256:{hashlib.sha256(one).hexdigest()}" for one in archives],
            },
        }
        described = self.document(
            MANIFEST,
            config=self.blob(json.dumps(config).encode(), CONFIG),
            layers=[self.blob(gzip.compress(one, 0, mtime=0), LAYER) for one in archives],
        )
        return {**described, "platform": {"architecture": architecture, "os": "linux"}}

    def finish(self, root: dict[str, Any], tag: str = "v1") -> str:
        """Write the index of the layout with one tagged entry; return the entry's digest."""
        entry = {
            **{name: root[name] for name in ("mediaType", "digest", "size")},
            "annotations": {_NAME: tag},
        }
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}
        (self._folder / "index.json").write_text(json.dumps(index))
        digest: str = root["digest"]
        return digest


def write_image(folder: Path) -> str:
    """Write a layout of an image for one platform; return the manifest's digest."""
    layout = LayoutWriter(folder)
    return layout.finish(layout.image("amd64"))


def write_index(folder: Path) -> str:
    """Write a layout of an image for two platforms; return the index's digest."""
    layout = LayoutWriter(folder)
    images = [layout.image(architecture) for architecture in ("amd64", "arm64")]
    return layout.finish(layout.document(INDEX, manifests=images))


def blobs_of(folder: Path) -> set[str]:
    """Return the verified digests of all blobs of a layout."""
    digests: set[str] = set()
    for file in (folder / "blobs/sha256").iterdir():
        actual = hashlib.sha256(file.read_bytes()).hexdigest()
        assert actual == file.name
        digests.add(actual)
    return digests


def root_of(folder: Path) -> str:
    """Return the digest of the tagged entry of a layout, or of the only one."""
    entries = json.loads((folder / "index.json").read_text())["manifests"]
    # oras lists the images of an index as well, without a name.
    tagged = [one for one in entries if _NAME in one.get("annotations", {})]
    (entry,) = tagged or entries
    digest: str = entry["digest"]
    return digest


def _archive(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()

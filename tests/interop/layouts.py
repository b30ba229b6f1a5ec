"""OCI image layouts: small images that tools push, and a comparison of what they pull."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER = "application/vnd.docker."
_NAME = "org.opencontainers.image.ref.name"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
LARGE = 3_000_000
"""The size of a layer that tools send in several pieces."""


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, 0, mtime=0)


def _zstd(content: bytes) -> bytes:
    """Return a Zstandard frame with uncompressed blocks (RFC 8878, section 3.1.1)."""
    frame = ZSTD_MAGIC + b"\xa0" + len(content).to_bytes(4, "little")
    for start in range(0, len(content), 128 * 1024):
        block = content[start : start + 128 * 1024]
        is_last = start + len(block) == len(content)
        frame += (len(block) << 3 | is_last).to_bytes(3, "little") + block
    return frame


def unpack_zstd(frame: bytes) -> bytes:
    """Return the content of a frame that :func:`_zstd` has made."""
    content, position = b"", 9
    while position < len(frame):
        size = int.from_bytes(frame[position : position + 3], "little") >> 3
        content += frame[position + 3 : position + 3 + size]
        position += 3 + size
    return content


@dataclass(frozen=True)
class Form:
    """The media types of an image, and the compression of its layers."""

    manifest: str = MANIFEST
    index: str = INDEX
    config: str = CONFIG
    layer: str = f"{LAYER}+gzip"
    compress: Callable[[bytes], bytes] = _gzip


OCI = Form()
UNCOMPRESSED = Form(layer=LAYER, compress=bytes)
ZSTD = Form(layer=f"{LAYER}+zstd", compress=_zstd)
DOCKER_SCHEMA_2 = Form(
    f"{DOCKER}distribution.manifest.v2+json",
    f"{DOCKER}distribution.manifest.list.v2+json",
    f"{DOCKER}container.image.v1+json",
    f"{DOCKER}image.rootfs.diff.tar.gzip",
)


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

    def image(
        self,
        architecture: str,
        form: Form = OCI,
        more_layers: Sequence[dict[str, Any]] = (),
        order: Sequence[int] = (0, 1),
    ) -> dict[str, Any]:
        """Write an image of two layers, and return its descriptor.

        Args:
            architecture: The architecture, which is also the content.
            form: The media types.
            more_layers: Descriptors of further layers, whose blobs need not exist.
            order: The numbers of the layers, which may be repeated or left out.
        """
        both = (
            _archive(f"{architecture}.bin", architecture.encode() * (LARGE // 5)),
            _archive("shared", b"the same in all images"),
        )
        archives = [both[number] for number in order]
        diff_ids = [f"sha256:{hashlib.sha256(one).hexdigest()}" for one in archives]
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {"Env": [f"ARCH={architecture}"]},
            "history": [{"created_by": "a test"}] * (len(archives) + len(more_layers)),
            "rootfs": {
                "type": "layers",
                "diff_ids": [*diff_ids, *[one["digest"] for one in more_layers]],
            },
        }
        described = self.document(
            form.manifest,
            config=self.blob(json.dumps(config).encode(), form.config),
            layers=[*[self.blob(form.compress(one), form.layer) for one in archives], *more_layers],
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


def write_image(folder: Path, form: Form = OCI) -> str:
    """Write a layout of an image for one platform; return the manifest's digest."""
    layout = LayoutWriter(folder)
    return layout.finish(layout.image("amd64", form))


def write_index(folder: Path, form: Form = OCI) -> str:
    """Write a layout of an image for two platforms; return the index's digest."""
    layout = LayoutWriter(folder)
    images = [layout.image(architecture, form) for architecture in ("amd64", "arm64")]
    if form is ZSTD:  # skopeo adds this where it is missing
        for image in images:
            image["annotations"] = {"io.github.containers.compression.zstd": "true"}
    return layout.finish(layout.document(form.index, manifests=images))


def write_attestation(folder: Path) -> str:
    """Write an index with an attestation, as ``docker buildx`` does."""
    layout = LayoutWriter(folder)
    image = layout.image("amd64")
    statement: dict[str, Any] = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "subject": [],
        "predicate": {},
    }
    config: dict[str, Any] = {"architecture": "unknown", "os": "unknown", "config": {}}
    attestation = layout.document(
        MANIFEST,
        config=layout.blob(json.dumps(config).encode(), CONFIG),
        layers=[layout.blob(json.dumps(statement).encode(), "application/vnd.in-toto+json")],
    )
    attestation["platform"] = {"architecture": "unknown", "os": "unknown"}
    attestation["annotations"] = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": image["digest"],
    }
    return layout.finish(layout.document(INDEX, manifests=[image, attestation]))


def write_nested_index(folder: Path) -> str:
    """Write an index that contains an index."""
    layout = LayoutWriter(folder)
    inner = layout.document(INDEX, manifests=[layout.image("amd64")])
    return layout.finish(layout.document(INDEX, manifests=[inner, layout.image("arm64")]))


def write_artifact(folder: Path) -> str:
    """Write an artifact with the empty configuration ("Guidelines for Artifact Usage" of OCI)."""
    layout = LayoutWriter(folder)
    empty = layout.blob(b"{}", "application/vnd.oci.empty.v1+json")
    chart = layout.blob(b"a chart", "application/vnd.test.chart")
    members = {"artifactType": "application/vnd.test", "annotations": {"n": "v"}}
    return layout.finish(layout.document(MANIFEST, config=empty, layers=[chart], **members))


def write_repeated_layer(folder: Path) -> str:
    """Write an image that has the same layer twice."""
    layout = LayoutWriter(folder)
    return layout.finish(layout.image("amd64", order=(0, 1, 0)))


def write_without_layers(folder: Path) -> str:
    """Write an image that consists of a configuration only."""
    layout = LayoutWriter(folder)
    return layout.finish(layout.image("amd64", order=()))


def write_foreign_layer(folder: Path) -> str:
    """Write an image with a layer that must not be redistributed, and is not there."""
    layout = LayoutWriter(folder)
    foreign = {
        "mediaType": f"{DOCKER}image.rootfs.foreign.diff.tar.gzip",
        "digest": f"sha256:{'5' * 64}",
        "size": 1234,
        "urls": ["https://layers.example.com/5"],
    }
    return layout.finish(layout.image("amd64", DOCKER_SCHEMA_2, [foreign]))


WRITERS: dict[str, Callable[[Path], str]] = {
    "image": write_image,
    "index": write_index,
    "uncompressed image": lambda folder: write_image(folder, UNCOMPRESSED),
    "zstd image": lambda folder: write_image(folder, ZSTD),
    "zstd index": lambda folder: write_index(folder, ZSTD),
    "docker image": lambda folder: write_image(folder, DOCKER_SCHEMA_2),
    "docker list": lambda folder: write_index(folder, DOCKER_SCHEMA_2),
    "attestation": write_attestation,
    "nested index": write_nested_index,
    "artifact": write_artifact,
    "foreign layer": write_foreign_layer,
    "repeated layer": write_repeated_layer,
    "no layers": write_without_layers,
}
"""Functions that write the layout of an image; they return its digest."""


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

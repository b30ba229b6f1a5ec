"""Code that the examples share: their options, and an in-memory registry with sample images.

Each example uses that registry unless ``--region`` or ``--profile`` selects AWS.
"""

from __future__ import annotations

import argparse
import io
import json
import tarfile
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from ecrclient import ECRClient
from ecrclient.images import Layout
from ecrclient.testing import InMemoryECR

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def parser(doc: str | None) -> argparse.ArgumentParser:
    """An argument parser with the common options; *doc* is the docstring of the program."""
    made = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--region", help="run against AWS in this Region")
    made.add_argument("--profile", help="run against AWS with the credentials of this profile")
    return made


class Clock:
    """The clock of the in-memory registry; setting it back makes images old."""

    ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


async def sample_registry(
    region: str = "eu-west-1", account_id: str = "123456789012"
) -> InMemoryECR:
    """A registry with two repositories and images pushed during the last 60 days."""
    clock = Clock()
    memory = InMemoryECR(region=region, account_id=account_id, clock=clock)
    async with memory.client() as ecr:
        for name in ("team/api", "team/web"):
            await ecr.create_repository(repository_name=name)
        for days, tags in ((60, ["v1"]), (40, []), (30, []), (20, ["v2"]), (1, [])):
            clock.ahead = -timedelta(days=days)
            memory.add_image("team/api", [f"{days} days".encode()], tags=tags)
        clock.ahead = -timedelta(days=50)
        await push_multi_arch(ecr, memory, "team/web", "v1")
    clock.ahead = timedelta(0)
    return memory


async def push_multi_arch(
    ecr: ECRClient, memory: InMemoryECR, repository_name: str, tag: str
) -> None:
    """Push a tagged index of two untagged images."""
    listed: list[dict[str, object]] = []
    for architecture in ("amd64", "arm64"):
        digest = memory.add_image(repository_name, [architecture.encode()])
        [image] = await ecr.get_images(
            repository_name=repository_name, image_ids=[{"image_digest": digest}]
        )
        size = len(image.image_manifest)
        platform = {"os": "linux", "architecture": architecture}
        listed.append({"mediaType": MANIFEST, "digest": digest, "size": size, "platform": platform})
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed})
    await ecr.put_image(repository_name=repository_name, image_manifest=index, image_tag=tag)


def build_image(folder: Path, files: dict[str, bytes], tag: str) -> Layout:
    """Build an image with one layer of some files, without Docker.

    Args:
        folder: Where the layout is created.
        files: The contents of the files by name.
        tag: The tag of the image in the layout.
    """
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def add(content: bytes, media_type: str) -> dict[str, object]:
        digest = sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    layer = packed.getvalue()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": ["/bin/true"], "Labels": {"org.opencontainers.image.version": tag}},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha256(layer).hexdigest()}"]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": add(json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"),
        "layers": [add(layer, "application/vnd.oci.image.layer.v1.tar")],
    }
    listed = add(json.dumps(manifest).encode(), MANIFEST)
    entry = {**listed, "annotations": {"org.opencontainers.image.ref.name": tag}}
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}
    (folder / "index.json").write_text(json.dumps(index))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return Layout(folder)

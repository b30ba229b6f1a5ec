"""Images for the tests: built in memory, random but reproducible, with everything that occurs."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ecrclient import ECRClient
from ecrclient.images.digests import sha256
from ecrclient.images.layout import LAYOUT_FILE

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
EMPTY = "application/vnd.oci.empty.v1+json"
PLATFORMS = (("linux", "amd64", None), ("linux", "arm64", "v8"), ("linux", "arm", "v7"))


def describe(content: bytes, media_type: str, **members: object) -> dict[str, Any]:
    """Return a descriptor of some content."""
    return {"mediaType": media_type, "digest": sha256(content), "size": len(content), **members}


@dataclass
class Graph:
    """Blobs and manifests by digest, in an order in which they can be written, and tags."""

    blobs: dict[str, bytes] = field(default_factory=dict[str, bytes])
    manifests: dict[str, bytes] = field(default_factory=dict[str, bytes])
    media_types: dict[str, str] = field(default_factory=dict[str, str])
    tags: dict[str, str] = field(default_factory=dict[str, str])
    """The digest of each tag."""
    roots: list[str] = field(default_factory=list[str])
    """The manifests that a layout lists: those with tags, and referrers."""

    def add_blob(self, content: bytes, media_type: str, **members: object) -> dict[str, Any]:
        """Add a blob, and return its descriptor."""
        self.blobs[sha256(content)] = content
        return describe(content, media_type, **members)

    def add_manifest(
        self, document: Mapping[str, Any], *, tag: str | None = None, root: bool = False
    ) -> dict[str, Any]:
        """Add a manifest, and return its descriptor."""
        raw = json.dumps(document).encode()
        digest = sha256(raw)
        self.manifests[digest] = raw
        self.media_types[digest] = document["mediaType"]
        if tag is not None:
            self.tags[tag] = digest
        if tag is not None or root:
            self.roots.append(digest)
        return describe(raw, document["mediaType"])

    def add_image(
        self,
        layers: Sequence[bytes],
        *,
        platform: tuple[str, str, str | None] = PLATFORMS[0],
        tag: str | None = None,
        media_type: str = MANIFEST,
        **members: object,
    ) -> dict[str, Any]:
        """Add an image for one platform, and return its descriptor with the platform."""
        os, architecture, variant = platform
        config = {
            "os": os,
            "architecture": architecture,
            "created": "2026-01-02T03:04:05Z",
            "config": {"Env": ["PATH=/bin", "MODE=a=b"], "Cmd": ["run"], "Labels": {"k": "v"}},
            "rootfs": {"type": "layers", "diff_ids": [sha256(layer) for layer in layers]},
        }
        if variant:
            config["variant"] = variant
        document = {
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": self.add_blob(json.dumps(config).encode(), CONFIG),
            "layers": [self.add_blob(layer, LAYER) for layer in layers],
            **members,
        }
        descriptor = self.add_manifest(document, tag=tag)
        named = {"os": os, "architecture": architecture}
        return {**descriptor, "platform": {**named, "variant": variant} if variant else named}

    def add_index(
        self, manifests: Sequence[Mapping[str, Any]], *, tag: str | None = None
    ) -> dict[str, Any]:
        """Add an index, and return its descriptor."""
        document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(manifests)}
        return self.add_manifest(document, tag=tag)

    def add_artifact(self, subject: Mapping[str, Any], content: bytes) -> dict[str, Any]:
        """Add an artifact that refers to an image, such as a signature."""
        members = ("mediaType", "digest", "size")
        return self.add_manifest(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "artifactType": "application/example.signature",
                "config": self.add_blob(b"{}", EMPTY),
                "layers": [self.add_blob(content, "application/example.signature")],
                "subject": {name: subject[name] for name in members},
            },
            root=True,
        )

    def add_cosign_signature(self, subject: Mapping[str, Any], content: bytes) -> dict[str, Any]:
        """Add an image under the tag by which cosign finds the signature of another one."""
        return self.add_image([content], tag=f"{subject['digest'].replace(':', '-')}.sig")

    async def push(self, client: ECRClient, repository: str) -> None:
        """Push everything with the operations of ECR."""
        for content in self.blobs.values():
            await self.push_blob(client, repository, content)
        for digest, raw in self.manifests.items():
            tags: list[str | None] = [tag for tag, one in self.tags.items() if one == digest]
            for tag in tags or [None]:
                await client.put_image(
                    repository_name=repository,
                    image_manifest=raw.decode(),
                    image_manifest_media_type=self.media_types[digest],
                    image_tag=tag,
                )

    @staticmethod
    async def push_blob(client: ECRClient, repository: str, content: bytes) -> None:
        """Upload one blob."""
        upload = await client.initiate_layer_upload(repository_name=repository)
        await client.upload_layer_part(
            repository_name=repository,
            upload_id=upload.upload_id,
            part_first_byte=0,
            part_last_byte=len(content) - 1,
            layer_part_blob=content,
        )
        await client.complete_layer_upload(
            repository_name=repository,
            upload_id=upload.upload_id,
            layer_digests=[sha256(content)],
        )

    def write_layout(self, path: Path) -> None:
        """Write everything as a layout, without the code under test."""
        (path / "blobs" / "sha256").mkdir(parents=True)
        (path / "oci-layout").write_bytes(LAYOUT_FILE)
        for digest, content in {**self.blobs, **self.manifests}.items():
            (path / "blobs" / digest.replace(":", "/")).write_bytes(content)
        entries: list[dict[str, Any]] = []
        for digest in self.roots:
            entry = describe(self.manifests[digest], self.media_types[digest])
            tags = [tag for tag, tagged in self.tags.items() if tagged == digest]
            name = "org.opencontainers.image.ref.name"
            entries += [{**entry, "annotations": {name: tag}} for tag in tags] or [entry]
        document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        (path / "index.json").write_text(json.dumps(document))


def random_graph(seed: int) -> tuple[Graph, str]:
    """Return a graph and the tag of its image.

    The image may be an index, also a nested one; blobs are shared; there may be attestations,
    referrers (of the image, of a child, of a referrer) and a signature of cosign.
    """
    rng = random.Random(seed)
    graph = Graph()
    shared = [rng.randbytes(rng.choice((1, 100, 5_000))) for _ in range(3)]

    def image(platform: tuple[str, str, str | None], tag: str | None = None) -> dict[str, Any]:
        layers = [*rng.sample(shared, rng.randint(0, 2)), rng.randbytes(rng.randint(1, 3_000))]
        members: dict[str, Any] = {"annotations": {"n": str(rng.random())}, "unknown": [1, None]}
        media_type = rng.choice((MANIFEST, DOCKER_MANIFEST))
        return graph.add_image(layers, platform=platform, tag=tag, media_type=media_type, **members)

    if rng.random() < 0.3:
        root = image(PLATFORMS[0], tag="v1")
    else:
        children = [image(platform) for platform in PLATFORMS[: rng.randint(1, 3)]]
        if rng.random() < 0.3:
            children.append(graph.add_index([image(PLATFORMS[0])]))
        if rng.random() < 0.5:
            attestation = graph.add_image([rng.randbytes(50)])
            annotations = {"vnd.docker.reference.digest": children[0]["digest"]}
            unknown = {"os": "unknown", "architecture": "unknown"}
            children.append({**attestation, "platform": unknown, "annotations": annotations})
        root = graph.add_index(children, tag="v1")
    if rng.random() < 0.5:
        referrer = graph.add_artifact(root, rng.randbytes(40))
        if rng.random() < 0.5:
            graph.add_artifact(referrer, rng.randbytes(40))
    if rng.random() < 0.5:
        graph.add_cosign_signature(root, rng.randbytes(60))
    return graph, "v1"


def two_platforms() -> Graph:
    """Return an index of two images with a common layer; its tag is ``v1``."""
    graph = Graph()
    images = [
        graph.add_image([b"common", platform[1].encode()], platform=platform)
        for platform in PLATFORMS[:2]
    ]
    graph.add_index(images, tag="v1")
    return graph

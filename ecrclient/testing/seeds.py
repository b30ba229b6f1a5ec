"""Test data that is stored directly, without calls and uploads."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, cast

from ecrclient._awsjson.protocol.codec import build_request
from ecrclient.models import PutImageRequest
from ecrclient.operations import CREATE_REPOSITORY

from .clock import check_moment
from .layer_stores import layer_digest
from .resources.pages import Pages
from .resources.pushes import Pushes
from .resources.repositories import Repositories
from .resources.unused_layers import mark_unused

if TYPE_CHECKING:
    from ecrclient.models import CreateRepositoryRequest

    from .store import Registry, RepositoryRecord

__all__ = ["add_image", "add_layer"]

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_NO_CONFIG = "application/vnd.oci.empty.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"


def add_layer(registry: Registry, repository_name: str, content: bytes) -> str:
    """Store a layer, see `InMemoryECR.add_layer`."""
    if not content:
        raise ValueError("a layer must have at least one byte: ECR refuses empty uploads")
    digest = layer_digest(content)
    repository = _repository(registry, repository_name)
    if digest not in repository.layers:
        repository.layers[digest] = registry.layer_store.add(digest, content)
        mark_unused(registry, repository, [digest])
    return digest


def add_image(
    registry: Registry,
    repository_name: str,
    layers: Sequence[bytes],
    *,
    tags: Sequence[str],
    artifact_type: str | None,
    subject: str | None,
    annotations: Mapping[str, str] | None,
    pushed_at: datetime | None,
    last_pulled_at: datetime | None,
) -> str:
    """Store an image by the rules of PutImage, see `InMemoryECR.add_image`."""
    for one, name in ((layers, "layers"), (tags, "tags")):
        # str and bytes are sequences, too, but of characters and integers.
        if isinstance(one, str | bytes):
            raise TypeError(f"{name} must be a sequence, such as [{one!r}]")
    _check_times(pushed_at or registry.clock(), last_pulled_at)
    with _at(registry, pushed_at):
        digest = _push(
            registry,
            repository_name,
            layers,
            tags=tags,
            artifact_type=artifact_type,
            subject=subject,
            annotations=annotations,
        )
    image = registry.repositories[repository_name].images[digest]
    image.pushed_at = pushed_at or image.pushed_at
    image.last_pull = last_pulled_at or image.last_pull
    return digest


def _check_times(pushed_at: datetime, last_pulled_at: datetime | None) -> None:
    check_moment(pushed_at, "pushed_at")
    if last_pulled_at is None:
        return
    if check_moment(last_pulled_at, "last_pulled_at") < pushed_at:
        raise ValueError(f"last_pulled_at ({last_pulled_at}) is before the push ({pushed_at})")


@contextmanager
def _at(registry: Registry, moment: datetime | None) -> Generator[None, None, None]:
    """Set the registry's clock to *moment* within the block; None changes nothing."""
    clock = registry.clock
    if moment is not None:
        registry.clock = lambda: moment
    try:
        yield
    finally:
        registry.clock = clock


def _push(
    registry: Registry,
    repository_name: str,
    layers: Sequence[bytes],
    *,
    tags: Sequence[str],
    artifact_type: str | None,
    subject: str | None,
    annotations: Mapping[str, str] | None,
) -> str:
    repository = _repository(registry, repository_name)

    def descriptor(media_type: str, content: bytes) -> dict[str, object]:
        digest = add_layer(registry, repository_name, content)
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    config_type, config = (_NO_CONFIG, b"{}") if artifact_type else (_CONFIG, _config(layers))
    document: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": descriptor(config_type, config),
        "layers": [descriptor(_LAYER, layer) for layer in layers],
    }
    if artifact_type:
        document["artifactType"] = artifact_type
    if subject:
        document["subject"] = _subject(repository, subject)
    if annotations:
        document["annotations"] = dict(annotations)
    return _put(registry, repository_name, json.dumps(document), tags)


def _repository(registry: Registry, name: str) -> RepositoryRecord:
    """Return the repository of this name; create it if necessary."""
    if name not in registry.repositories:
        request = build_request(CREATE_REPOSITORY, {"repository_name": name})
        Repositories(registry, Pages()).create(cast("CreateRepositoryRequest", request))
    return registry.repositories[name]


def _config(layers: Sequence[bytes]) -> bytes:
    rootfs = {"type": "layers", "diff_ids": list(map(layer_digest, layers))}
    return json.dumps({"architecture": "amd64", "os": "linux", "rootfs": rootfs}).encode()


def _subject(repository: RepositoryRecord, digest: str) -> dict[str, object]:
    image = repository.images.get(digest)
    if image is None:
        raise ValueError(f"there is no image {digest!r} in the repository {repository.name!r}")
    return {
        "mediaType": image.media_type,
        "digest": digest,
        "size": len(image.manifest.encode()),
    }


def _put(registry: Registry, repository_name: str, manifest: str, tags: Sequence[str]) -> str:
    pushes = Pushes(registry)
    *_, put = [
        pushes.put(
            PutImageRequest(repository_name=repository_name, image_manifest=manifest, image_tag=tag)
        )
        for tag in tags or (None,)
    ]
    assert put.image.image_id.image_digest is not None, "the response to a push contains the digest"
    return put.image.image_id.image_digest

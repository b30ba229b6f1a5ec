"""Removal of layers that no image has referenced for 24 hours.

Source: according to LayerInaccessibleException in the Amazon ECR API Reference, unassociated image
layers may be cleaned up at any time. ECR does not document how long it keeps them: the 24 hours are
invented, and are enough for every push that succeeds.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..store import Registry, RepositoryRecord

__all__ = ["collect_layers", "mark_unused", "mark_used", "remove_image", "remove_repository"]

_LIFETIME = timedelta(hours=24)


def mark_unused(registry: Registry, repository: RepositoryRecord, digests: Iterable[str]) -> None:
    """Record that no image references these layers from now on."""
    now = registry.clock()
    for digest in digests:
        registry.unused_layers[_key(repository.name, digest)] = now


def mark_used(registry: Registry, repository: RepositoryRecord, digests: Iterable[str]) -> None:
    """Record that an image references these layers."""
    for digest in digests:
        registry.unused_layers.pop(_key(repository.name, digest), None)


def remove_image(registry: Registry, repository: RepositoryRecord, digest: str) -> None:
    """Remove an image with its tags; its layers stay for 24 hours."""
    mark_unused(registry, repository, repository.images[digest].layers)
    repository.remove_image(digest)


def remove_repository(registry: Registry, repository: RepositoryRecord) -> None:
    """Remove a repository with everything in it."""
    del registry.repositories[repository.name]
    for digest in repository.layers:
        registry.unused_layers.pop(_key(repository.name, digest), None)
        _forget(registry, digest)
    for upload in repository.uploads.values():
        registry.layer_store.discard(upload)


def collect_layers(registry: Registry) -> None:
    """Remove the layers that no image has referenced for 24 hours."""
    now = registry.clock()
    due = [key for key, since in registry.unused_layers.items() if now - since >= _LIFETIME]
    for key in due:
        del registry.unused_layers[key]
        name, _, digest = key.partition("@")
        repository = registry.repositories.get(name)
        if repository is None or any(digest in one.layers for one in repository.images.values()):
            continue
        if repository.layers.pop(digest, None) is not None:
            _forget(registry, digest)


def _forget(registry: Registry, digest: str) -> None:
    """Remove the bytes, unless another repository has the layer."""
    if not any(digest in one.layers for one in registry.repositories.values()):
        registry.layer_store.remove(digest)


def _key(repository_name: str, digest: str) -> str:
    return f"{repository_name}@{digest}"

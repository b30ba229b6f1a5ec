"""PutImage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecrclient.errors import (
    ImageAlreadyExistsException,
    ImageDigestDoesNotMatchException,
    ImageTagAlreadyExistsException,
    LayersNotFoundException,
    ReferencedImagesNotFoundException,
)
from ecrclient.models import Image, PutImageRequest, PutImageResponse
from ecrclient.operations import PUT_IMAGE

from ..errors import refuse
from ..store import ImageRecord
from .create_on_push import repository_for_push
from .image_ids import check_digest, check_tag, identify
from .manifests import read_manifest, unreadable
from .mutability import is_immutable
from .replication_rules import replicate_pushed
from .scan_states import scan_pushed
from .signing import signing_profiles
from .storage_classes import restore_now
from .unused_layers import mark_used

if TYPE_CHECKING:
    from ..dispatch import Handlers
    from ..store import Registry, RepositoryRecord
    from .manifests import Manifest

__all__ = ["Pushes"]


class Pushes:
    """PutImage: a new manifest, or a new tag for an existing one.

    A push of an archived image restores it immediately.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(PUT_IMAGE, self.put)

    def put(self, request: PutImageRequest) -> PutImageResponse:
        """Store a manifest, and point the tag at it if one is given."""
        repository = repository_for_push(
            self._registry, request.repository_name, request.registry_id
        )
        tag = request.image_tag
        check_tag(tag)
        check_digest(request.image_digest)
        manifest = read_manifest(request.image_manifest, request.image_manifest_media_type)
        if self._registry.behavior.refuse_semicolons:
            _check_media_types(manifest)
        _check_digest(manifest, request.image_digest)
        self._check_layers(repository, manifest)
        self._check_references(repository, manifest)
        self._check_new(repository, manifest.digest, tag)
        _check_tag_may_move(repository, manifest.digest, tag)

        image = repository.images.get(manifest.digest)
        is_new = image is None
        if image is None:
            image = self._record(repository, manifest, request.image_manifest)
            repository.images[manifest.digest] = image
        restore_now(image, self._registry.clock())
        if tag is not None:
            repository.point(tag, image)
        if is_new:
            scan_pushed(self._registry, repository, image)
        replicate_pushed(self._registry, repository, image, tag)
        return PutImageResponse(
            image=Image(
                registry_id=self._registry.account_id,
                repository_name=repository.name,
                image_id=identify(image.digest, tag),
                image_manifest=image.manifest,
                image_manifest_media_type=image.media_type,
            )
        )

    def _check_layers(self, repository: RepositoryRecord, manifest: Manifest) -> None:
        missing = sorted(manifest.blobs.keys() - repository.layers.keys())
        if missing:
            raise refuse(
                LayersNotFoundException,
                f"Layers with digests '[{', '.join(missing)}]' required for pushing image into "
                f"repository with name '{repository.name}' in the registry with id "
                f"'{self._registry.account_id}' do not exist",
            )

    def _check_references(self, repository: RepositoryRecord, manifest: Manifest) -> None:
        missing = sorted(manifest.references.difference(repository.images))
        if missing:
            raise refuse(
                ReferencedImagesNotFoundException,
                f"Images with digests '[{', '.join(missing)}]' required for pushing image into "
                f"repository with name '{repository.name}' in the registry with id "
                f"'{self._registry.account_id}' do not exist",
            )

    def _check_new(self, repository: RepositoryRecord, digest: str, tag: str | None) -> None:
        image = repository.images.get(digest)
        if image is None or image.status(self._registry.clock()) != "ACTIVE":
            return
        if tag is None or tag in image.tags:
            tagged = f" and tag '{tag}'" if tag is not None else ""
            raise refuse(
                ImageAlreadyExistsException,
                f"Image with digest '{digest}'{tagged} already exists in the repository with name "
                f"'{repository.name}' in registry with id '{self._registry.account_id}'",
            )

    def _record(self, repository: RepositoryRecord, manifest: Manifest, text: str) -> ImageRecord:
        # The size of an index is that of the largest image that it lists.
        listed = [repository.images[digest].size for digest in manifest.references]
        for digest, media_type in manifest.blobs.items():
            layer = repository.layers[digest]
            layer.media_type = layer.media_type or media_type
        mark_used(self._registry, repository, manifest.blobs)
        return ImageRecord(
            digest=manifest.digest,
            manifest=text,
            media_type=manifest.media_type,
            pushed_at=self._registry.clock(),
            size=max(listed, default=0) if manifest.is_index else manifest.blob_size,
            artifact_media_type=manifest.artifact_media_type,
            subject=manifest.subject,
            references=manifest.references,
            layers=frozenset(manifest.blobs),
            signing_profiles=signing_profiles(self._registry, repository.name),
        )


def _check_digest(manifest: Manifest, expected: str | None) -> None:
    if expected is not None and expected != manifest.digest:
        raise refuse(
            ImageDigestDoesNotMatchException,
            f"The digest of the manifest is '{manifest.digest}', not '{expected}'",
        )


def _check_media_types(manifest: Manifest) -> None:
    """Refuse media types with parameters, see `RegistryBehavior`."""
    if any(";" in (one or "") for one in (manifest.artifact_media_type, *manifest.blobs.values())):
        raise unreadable("a media type contains a semicolon")


def _check_tag_may_move(repository: RepositoryRecord, digest: str, tag: str | None) -> None:
    if tag is None or repository.tags.get(tag, digest) == digest:
        return
    if is_immutable(repository, tag):
        raise refuse(
            ImageTagAlreadyExistsException,
            f"The image tag '{tag}' already exists in the '{repository.name}' repository and "
            "cannot be overwritten because the tag is immutable.",
        )

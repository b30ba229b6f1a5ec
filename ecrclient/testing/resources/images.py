"""List, describe, get and delete images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from ecrclient.models import (
    BatchDeleteImageRequest,
    BatchDeleteImageResponse,
    BatchGetImageRequest,
    BatchGetImageResponse,
    DescribeImagesRequest,
    DescribeImagesResponse,
    Image,
    ImageDetail,
    ImageFailure,
    ImageIdentifier,
    ListImagesRequest,
    ListImagesResponse,
)
from ecrclient.operations import BATCH_DELETE_IMAGE, BATCH_GET_IMAGE, DESCRIBE_IMAGES, LIST_IMAGES

from ..iam import identities_of
from .conversion import convert, negotiate
from .image_ids import find_image, identify, named_image
from .pages import refuse_paging
from .scan_states import finished_scan, scan_status, scan_summary
from .unused_layers import remove_image

if TYPE_CHECKING:
    from ecrclient.models import DescribeImagesFilter, ListImagesFilter

    from ..dispatch import Handlers
    from ..store import ImageRecord, Registry, RepositoryRecord
    from .pages import Pages

__all__ = ["Images", "read_image"]

T = TypeVar("T")

# ECR records a pull at least once a day, not every time.
_PULL_RECORDED_EVERY = timedelta(hours=24)


class Images:
    """ListImages, DescribeImages, BatchGetImage, BatchDeleteImage."""

    def __init__(self, registry: Registry, pages: Pages) -> None:
        self._registry = registry
        self._pages = pages

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(LIST_IMAGES, self.list_images)
        handlers.on(DESCRIBE_IMAGES, self.describe)
        handlers.on(BATCH_GET_IMAGE, self.get)
        handlers.on(BATCH_DELETE_IMAGE, self.delete)

    def list_images(self, request: ListImagesRequest) -> ListImagesResponse:
        """Return one identifier for each tag and one for each untagged image."""
        repository = self._registry.repository(request.repository_name, request.registry_id)
        image_ids = [
            identify(image.digest, tag)
            for image in self._filtered(repository, request.filter)
            for tag in image.tags or (None,)
        ]
        page, next_token = self._pages.cut(request, image_ids, key=_sort_key)
        return ListImagesResponse(image_ids=page, next_token=next_token)

    def describe(self, request: DescribeImagesRequest) -> DescribeImagesResponse:
        """Return the named images, or all images in pages."""
        repository = self._registry.repository(request.repository_name, request.registry_id)
        images = list(self._filtered(repository, request.filter))
        if request.image_ids:
            refuse_paging(request, "imageIds")
            named = {
                named_image(self._registry, repository, image_id).digest
                for image_id in request.image_ids
            }
            page = [image for image in images if image.digest in named]
            next_token = None
        else:
            page, next_token = self._pages.cut(request, images, key=lambda image: image.digest)
        return DescribeImagesResponse(
            image_details=[self._detail(repository, image) for image in page],
            next_token=next_token,
        )

    def get(self, request: BatchGetImageRequest) -> BatchGetImageResponse:
        """Return the manifests of the named images, and a failure for each that is not found."""
        repository = self._registry.repository(request.repository_name, request.registry_id)
        images, failures = _separate(
            self._image(repository, image_id, request.accepted_media_types)
            for image_id in _unique(request.image_ids)
        )
        return BatchGetImageResponse(images=images, failures=failures)

    def delete(self, request: BatchDeleteImageRequest) -> BatchDeleteImageResponse:
        """Remove tags and images, in the order in which the request names them."""
        repository = self._registry.repository(request.repository_name, request.registry_id)
        deleted, failures = _separate(
            _delete(self._registry, repository, image_id) for image_id in _unique(request.image_ids)
        )
        return BatchDeleteImageResponse(
            image_ids=[gone for ids in deleted for gone in ids], failures=failures
        )

    def _image(
        self,
        repository: RepositoryRecord,
        image_id: ImageIdentifier,
        accepted: Sequence[str] | None,
    ) -> Image | ImageFailure:
        """Pull one image."""
        image = read_image(self._registry, repository, image_id, accepted)
        if isinstance(image, Image):
            assert image.image_id.image_digest is not None, "set by read_image"
            self._record_pull(repository.images[image.image_id.image_digest])
        return image

    def _detail(self, repository: RepositoryRecord, image: ImageRecord) -> ImageDetail:
        status = image.status(self._registry.clock())
        scan = finished_scan(self._registry, image)
        detail = ImageDetail(
            registry_id=self._registry.account_id,
            repository_name=repository.name,
            image_digest=image.digest,
            image_size_in_bytes=image.size,
            image_pushed_at=image.pushed_at,
            image_scan_status=scan_status(self._registry, image),
            image_scan_findings_summary=scan_summary(scan) if scan else None,
            image_manifest_media_type=image.media_type,
            artifact_media_type=image.artifact_media_type,
            last_recorded_pull_time=image.last_pull,
            subject_manifest_digest=image.subject,
            image_status=status,
            last_archived_at=image.archived_at,
            last_activated_at=None if status == "ACTIVATING" else image.activated_at,
        )
        # ECR omits the member if there is no tag.
        return detail.model_copy(update={"image_tags": [*image.tags]}) if image.tags else detail

    def _filtered(
        self,
        repository: RepositoryRecord,
        wanted: ListImagesFilter | DescribeImagesFilter | None,
    ) -> Iterator[ImageRecord]:
        """Return the images with the requested tag status and image status (default ACTIVE)."""
        tag_status = (wanted and wanted.tag_status) or "ANY"
        image_status = (wanted and wanted.image_status) or "ACTIVE"
        now = self._registry.clock()
        for image in repository.images.values():
            if tag_status in ("ANY", "TAGGED" if image.tags else "UNTAGGED") and image_status in (
                "ANY",
                image.status(now),
            ):
                yield image

    def _record_pull(self, image: ImageRecord) -> None:
        caller = self._registry.caller or self._registry.caller_arn
        if not identities_of(caller).isdisjoint(self._registry.pull_time_exclusions):
            return
        now = self._registry.clock()
        if image.last_pull is None or now - image.last_pull >= _PULL_RECORDED_EVERY:
            image.last_pull = now


def read_image(
    registry: Registry,
    repository: RepositoryRecord,
    image_id: ImageIdentifier,
    accepted: Sequence[str] | None,
) -> Image | ImageFailure:
    """Return an image of an accepted media type, without recording a pull."""
    found = find_image(repository, image_id)
    if isinstance(found, ImageFailure):
        return found
    if found.status(registry.clock()) != "ACTIVE":
        return ImageFailure(
            image_id=image_id,
            failure_code="ImageInaccessible",
            failure_reason="Requested image is archived; restore it before pulling",
        )
    # A digest identifies the exact bytes, so only a pull by tag is converted.
    convertible = image_id.image_digest is None
    media_type = negotiate(found.media_type, accepted, convertible=convertible)
    if media_type is None:
        return ImageFailure(
            image_id=image_id,
            failure_code="ImageNotFound",
            failure_reason="Requested image is of no accepted media type: it is "
            f"{found.media_type}",
        )
    return Image(
        registry_id=registry.account_id,
        repository_name=repository.name,
        image_id=identify(found.digest, image_id.image_tag),
        image_manifest=convert(found.manifest, found.media_type, media_type),
        image_manifest_media_type=media_type,
    )


def _delete(
    registry: Registry, repository: RepositoryRecord, image_id: ImageIdentifier
) -> list[ImageIdentifier] | ImageFailure:
    """Remove one tag, or one image with all its tags; the last tag removes its image too."""
    image = find_image(repository, image_id)
    if isinstance(image, ImageFailure):
        return image
    tag = image_id.image_tag
    if tag is not None and image.tags != [tag]:
        repository.remove_tag(tag)
        return [identify(image.digest, tag)]
    indexes = repository.indexes_with(image.digest)
    if indexes:
        return ImageFailure(
            image_id=image_id,
            failure_code="ImageReferencedByManifestList",
            failure_reason=f"Requested image referenced by manifest list: [{', '.join(indexes)}]",
        )
    remove_image(registry, repository, image.digest)
    return [identify(image.digest, gone) for gone in image.tags or (None,)]


def _separate(outcomes: Iterable[T | ImageFailure]) -> tuple[list[T], list[ImageFailure]]:
    """Separate the successes of a batch call from its failures."""
    done: list[T] = []
    failures: list[ImageFailure] = []
    for outcome in outcomes:
        if isinstance(outcome, ImageFailure):
            failures.append(outcome)
        else:
            done.append(outcome)
    return done, failures


def _unique(image_ids: list[ImageIdentifier]) -> list[ImageIdentifier]:
    """Return each identifier once: naming an image twice has the effect of naming it once."""
    return list({(one.image_digest, one.image_tag): one for one in image_ids}.values())


def _sort_key(image_id: ImageIdentifier) -> str:
    return f"{image_id.image_digest} {image_id.image_tag or ''}"

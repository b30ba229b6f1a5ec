"""A repository in ECR as a store of images: the source and the destination of transfers."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio

from ecrclient._wildcards import matches
from ecrclient.errors import (
    ImageAlreadyExistsException,
    ImageNotFoundException,
    ImageTagAlreadyExistsException,
    LayerInaccessibleException,
    LayersNotFoundException,
    RepositoryAlreadyExistsException,
    RepositoryNotFoundException,
)
from ecrclient.images.calls import RepositoryCalls
from ecrclient.images.concurrency import run_all
from ecrclient.images.content import check_content
from ecrclient.images.digests import is_digest
from ecrclient.images.downloads import DownloadBlob, Downloads
from ecrclient.images.errors import (
    BlobNotFoundError,
    ContentMismatchError,
    ImageError,
    ImageNotFoundError,
    TagConflictError,
)
from ecrclient.images.manifests import (
    ACCEPTED_MEDIA_TYPES,
    Descriptor,
    Manifest,
    parse_manifest,
)
from ecrclient.images.mounting import BlobMounts
from ecrclient.images.referrer_lists import oci_referrers
from ecrclient.images.stores import BlobMeter, BlobSource, ImageReader, OnRetry, TransferContext
from ecrclient.images.uploads import LayerUploads, check_uploadable
from ecrclient.operations import (
    BATCH_CHECK_LAYER_AVAILABILITY,
    BATCH_GET_IMAGE,
    CREATE_REPOSITORY,
    DESCRIBE_IMAGES,
    DESCRIBE_REPOSITORIES,
    GET_DOWNLOAD_URL_FOR_LAYER,
    INITIATE_LAYER_UPLOAD,
    LIST_IMAGES,
    PUT_IMAGE,
)

if TYPE_CHECKING:
    from ecrclient.models import Image, ImageDetail, ImageIdentifier, Repository
    from ecrclient.params import ImageIdentifierParam

__all__ = ["RepositoryStore", "is_immutable"]

_IDS_PER_CALL = 100
_LAYERS_PER_CALL = 100
_CONCURRENT_CHECKS = 8
_MANIFEST_BYTES_PER_CALL = 16 * 1024 * 1024
_MAX_KEPT_MANIFESTS = 200
_NOT_FOUND = frozenset({"ImageNotFound", "InvalidImageTag", "InvalidImageDigest"})


class RepositoryStore:
    """Reads and writes the images of one repository."""

    keeps_incomplete = True

    def __init__(self, calls: RepositoryCalls, context: TransferContext) -> None:
        self._calls = calls
        self._context = context
        self._downloads = Downloads(calls.transport_to, calls.timeouts)
        self._mounts = BlobMounts(calls)
        # The repository does not exist, as far as a destination knows.
        self._is_absent = False
        self._known_arn: str | None = None
        self._reading_arn = anyio.Lock()
        # Manifests that were read to resolve tags, and are read again soon.
        self._manifests: dict[str, Manifest] = {}

    @property
    def name(self) -> str:
        """The store in messages."""
        return f"repository {self._calls.repository_name}"

    # -- reading ---------------------------------------------------------------------------------

    async def resolve(self, reference: str | None) -> Descriptor:
        """Return the descriptor of the manifest that a tag or a digest names."""
        if reference is None:
            raise ImageNotFoundError(self.name, "without a tag", "name an image")
        found = await self._fetch([reference])
        if reference not in found:
            raise ImageNotFoundError(self.name, reference)
        return found[reference].descriptor

    async def manifest(self, descriptor: Descriptor) -> Manifest:
        """Read and verify a manifest."""
        return (await self.manifests([descriptor]))[0]

    async def manifests(self, descriptors: Sequence[Descriptor]) -> Sequence[Manifest]:
        """Read and verify several manifests, with few calls."""
        known = self._manifests
        found = {item.digest: known[item.digest] for item in descriptors if item.digest in known}
        for batch in _batches([item for item in descriptors if item.digest not in found]):
            found |= await self._fetch([item.digest for item in batch])
            for item in batch:
                if item.digest not in found:
                    raise ImageNotFoundError(self.name, item.digest)
        return [found[item.digest] for item in descriptors]

    async def _fetch(self, references: Sequence[str]) -> dict[str, Manifest]:
        response = await self._calls.call(
            BATCH_GET_IMAGE,
            image_ids=list(map(_image_id, references)),
            accepted_media_types=list(ACCEPTED_MEDIA_TYPES),
        )
        for failure in response.failures:
            if failure.failure_code not in _NOT_FOUND:
                raise ImageError(
                    f"{self.name}: image {_reference(failure.image_id)}: {failure.failure_code}: "
                    f"{failure.failure_reason}"
                )
        found: dict[str, Manifest] = {}
        for image in response.images:
            manifest = _verified(image)
            self._manifests[manifest.digest] = manifest
            if len(self._manifests) > _MAX_KEPT_MANIFESTS:
                del self._manifests[next(iter(self._manifests))]
            found[manifest.digest] = manifest
            if image.image_id.image_tag is not None:
                found[image.image_id.image_tag] = manifest
        return {reference: found[reference] for reference in references if reference in found}

    def blob(self, descriptor: Descriptor, on_retry: OnRetry = lambda: None) -> BlobSource:
        """Return a blob, which is downloaded when it is opened."""

        async def new_url() -> str:
            try:
                response = await self._calls.call(
                    GET_DOWNLOAD_URL_FOR_LAYER, layer_digest=descriptor.digest
                )
            except (LayersNotFoundException, LayerInaccessibleException) as error:
                raise BlobNotFoundError(self.name, descriptor.digest) from error
            return response.download_url

        return DownloadBlob(descriptor, self._downloads, new_url, on_retry)

    async def find(self, references: Iterable[str]) -> Mapping[str, Descriptor]:
        """Return the manifests that some tags or digests name; absent ones are left out."""
        wanted = list(dict.fromkeys(references))
        found: dict[str, Descriptor] = {}
        for start in range(0, len(wanted), _IDS_PER_CALL):
            batch = await self._fetch(wanted[start : start + _IDS_PER_CALL])
            found |= {reference: manifest.descriptor for reference, manifest in batch.items()}
        return found

    async def tags(self) -> AsyncIterator[tuple[str, str]]:
        """Yield the tags of the repository and the digests of their manifests."""
        images: AsyncIterable[ImageIdentifier] = self._calls.iterate(
            LIST_IMAGES, filter={"tag_status": "TAGGED"}
        )
        async for image in images:
            if image.image_tag is not None and image.image_digest is not None:
                yield image.image_tag, image.image_digest

    async def referrers(self, digest: str) -> Sequence[Descriptor]:
        """Return the manifests whose subject is a manifest, such as signatures."""
        return await oci_referrers(self._calls, digest)

    # -- writing ---------------------------------------------------------------------------------

    def check(self, manifests: Sequence[Manifest], blobs: Sequence[Descriptor]) -> None:  # noqa: ARG002
        """Verify that ECR accepts some blobs; manifests that it does not accept are never read.

        Raises:
            LimitError: A blob is empty or too long.
        """
        for blob in blobs:
            check_uploadable(blob)

    async def prepare(self) -> None:
        """Create the repository if it does not exist and the caller has asked for it.

        The first upload comes first, because it creates the repository with the settings of the
        registry's creation template, if one is for repositories that are created on push.
        """
        if not self._is_absent:
            return
        try:
            await self._calls.call(INITIATE_LAYER_UPLOAD)
        except RepositoryNotFoundException:
            if not self._context.create_repository:
                raise
            with suppress(RepositoryAlreadyExistsException):
                await self._calls.call(CREATE_REPOSITORY)
        self._is_absent = False

    async def settled_tags(self, digest: str, tags: Sequence[str]) -> set[str]:
        """Return those tags that point at a manifest already.

        Raises:
            TagConflictError: A tag is immutable and belongs to another manifest.
        """
        settled: set[str] = set()
        for tag in tags:
            existing = await self._existing(tag)
            if existing == digest:
                settled.add(tag)
            elif existing is not None and is_immutable(await self._repository(), tag):
                raise TagConflictError(self.name, tag, existing, digest)
        return settled

    async def _existing(self, reference: str) -> str | None:
        """The digest of a tag or a digest that exists.

        This does not count as a pull, as fetching the image would.
        """
        if self._is_absent:
            return None
        images: AsyncIterable[ImageDetail] = self._calls.iterate(
            DESCRIBE_IMAGES, image_ids=[_image_id(reference)]
        )
        try:
            async for image in images:
                return image.image_digest
        except ImageNotFoundException:
            pass
        except RepositoryNotFoundException:
            self._is_absent = True
        return None

    async def _repository(self) -> Repository:
        response = await self._calls.call_registry(
            DESCRIBE_REPOSITORIES,
            registry_id=self._calls.registry_id,
            repository_names=[self._calls.repository_name],
        )
        return response.repositories[0]

    async def missing_manifests(self, digests: Sequence[str]) -> set[str]:
        """Return those digests that the repository does not have.

        ECR verifies that the content of a manifest is there when it accepts the manifest.
        """
        missing: set[str] = set()

        async def check(digest: str) -> None:
            if await self._existing(digest) is None:
                missing.add(digest)

        await run_all(check, digests, _CONCURRENT_CHECKS)
        return missing

    async def missing_blobs(self, blobs: Sequence[Descriptor]) -> set[str]:
        """Return the digests of those blobs that the repository does not have.

        Raises:
            ContentMismatchError: The repository has one with another size.
        """
        sizes = {blob.digest: blob.size for blob in blobs}
        digests = list(sizes)
        missing = set(digests)
        if self._is_absent:
            return missing
        for start in range(0, len(digests), _LAYERS_PER_CALL):
            response = await self._calls.call(
                BATCH_CHECK_LAYER_AVAILABILITY,
                layer_digests=digests[start : start + _LAYERS_PER_CALL],
            )
            for layer in response.layers:
                digest = str(layer.layer_digest)
                if layer.layer_availability != "AVAILABLE" or digest not in missing:
                    continue
                if layer.layer_size is not None and layer.layer_size != sizes[digest]:
                    problem = f"{self.name} has {layer.layer_size} bytes, not {sizes[digest]}"
                    raise ContentMismatchError(digest, problem)
                missing.discard(digest)
        return missing

    async def mount_blob(self, blob: Descriptor, reader: ImageReader) -> bool:
        """Link a blob from another repository; False: it must be uploaded."""
        if not isinstance(reader, RepositoryStore):
            return False
        return await self._mounts.mount(blob.digest, reader._calls)  # noqa: SLF001

    async def write_blob(self, source: BlobSource, meter: BlobMeter) -> None:
        """Upload a blob and verify it."""
        log = self._context.upload_log
        repository = "" if log is None else await self._arn()
        await LayerUploads(self._calls, log, repository).upload(source, meter)

    async def _arn(self) -> str:
        """The ARN of the repository, which names it in a state file."""
        async with self._reading_arn:
            if self._known_arn is None:
                self._known_arn = (await self._repository()).repository_arn
        return self._known_arn

    async def write_manifest(self, manifest: Manifest, tags: Sequence[str], *, root: bool) -> None:  # noqa: ARG002
        """Put a manifest, and point tags at it."""
        for tag in tags:
            await self._put_image(manifest, tag)
        if not tags:
            await self._put_image(manifest, None)

    async def _put_image(self, manifest: Manifest, tag: str | None) -> None:
        await self._calls.wait_to_put_image()
        try:
            await self._calls.call(
                PUT_IMAGE,
                image_manifest=manifest.raw.decode(),
                image_manifest_media_type=manifest.media_type,
                image_digest=manifest.digest,
                image_tag=tag,
            )
        except ImageAlreadyExistsException:
            pass  # the same manifest, with the same tag
        except ImageTagAlreadyExistsException as error:
            assert tag is not None
            existing = await self._existing(tag)
            if existing != manifest.digest:
                raise TagConflictError(self.name, tag, str(existing), manifest.digest) from error


def _verified(image: Image) -> Manifest:
    """Parse a manifest after its digest has been verified."""
    raw = image.image_manifest.encode()
    digest = image.image_id.image_digest
    if digest is not None:
        check_content(Descriptor(media_type="", digest=digest, size=len(raw)), raw)
    return parse_manifest(raw, image.image_manifest_media_type)


def _reference(image_id: ImageIdentifier | None) -> str:
    return str(image_id and (image_id.image_tag or image_id.image_digest))


def _image_id(reference: str) -> ImageIdentifierParam:
    return {"image_digest": reference} if is_digest(reference) else {"image_tag": reference}


def _batches(descriptors: Sequence[Descriptor]) -> list[list[Descriptor]]:
    """Divide manifests so that each response stays small."""
    batches: list[list[Descriptor]] = []
    size = 0
    for descriptor in descriptors:
        size += descriptor.size
        if not batches or len(batches[-1]) == _IDS_PER_CALL or size > _MANIFEST_BYTES_PER_CALL:
            batches.append([])
            size = descriptor.size
        batches[-1].append(descriptor)
    return batches


def is_immutable(repository: Repository, tag: str) -> bool:
    """Whether a tag of the repository cannot be moved.

    Source: "Preventing image tags from being overwritten" in the Amazon ECR User Guide.
    """
    mutability = repository.image_tag_mutability or "MUTABLE"
    filters = repository.image_tag_mutability_exclusion_filters or []
    excluded = any(matches(item.filter, tag) for item in filters)
    if mutability.endswith("_WITH_EXCLUSION"):
        return mutability.startswith("IMMUTABLE") != excluded
    return mutability == "IMMUTABLE"

"""Referrers of an image: list, attach, read and delete signatures, SBOMs and attestations."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ecrclient._awsjson.protocol.argument_checks import check_argument, wrong_argument
from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient.images.arguments import check_transfer
from ecrclient.images.attachments import (
    EMPTY_TYPE,
    TITLE,
    ArtifactStore,
    Attachment,
    is_media_type,
)
from ecrclient.images.concurrency import run_all
from ecrclient.images.deletion import DeletionFailure, DeletionReport, delete_images
from ecrclient.images.digests import is_digest
from ecrclient.images.errors import DeletionError, ImageNotFoundError, ManifestError, OtherTagsError
from ecrclient.images.image_states import find_image, is_denied
from ecrclient.images.manifests import Descriptor, ImageManifest, Manifest
from ecrclient.images.planning import Selection
from ecrclient.images.reading import RepositoryImages
from ecrclient.images.referrer_lists import (
    Referrer,
    cosign_images,
    cosign_referrers,
    oci_referrers,
)

if TYPE_CHECKING:
    from ecrclient.images.content import BlobStream
    from ecrclient.images.progress import OnProgress

__all__ = ["ReferrerMethods"]

_CONCURRENT_CALLS = 8
_FILE = "bytes, a Path or an Attachment"


class ReferrerMethods(RepositoryImages):
    """Methods for what refers to an image."""

    def referrers(
        self, reference: str, *, artifact_type: str | None = None
    ) -> AsyncIterator[Referrer]:
        """Iterate over what refers to an image: OCI referrers, and images with tags of cosign.

        ::

            async for sbom in images.referrers("v1", artifact_type=ArtifactTypes.SPDX_JSON):
                async with images.open_referrer(sbom) as content: ...

        Archived referrers are left out. The image is not fetched, since that counts as a pull. If
        the caller may only pull images, and not describe them, it is fetched.

        Args:
            reference: The image, by tag or digest.
            artifact_type: Only those of this type, such as ``application/spdx+json``; None: all.

        Raises:
            ImageNotFoundError: The repository has no such image.
        """
        check_argument("referrers", "reference", reference, str, "a tag or a digest")
        check_argument("referrers", "artifact_type", artifact_type, str, "a type", none=True)
        return _Referrers(partial(self._list_referrers, reference, artifact_type))

    async def _list_referrers(self, reference: str, artifact_type: str | None) -> list[Referrer]:
        try:
            digest = await self._digest(reference)
        except ServiceError as error:
            if not is_denied(error):
                raise
            digest = (await self.resolve(reference)).digest
        found = [
            *await oci_referrers(self._calls, digest, artifact_type=artifact_type),
            *await cosign_referrers(
                self._calls, self._store(), digest, artifact_type=artifact_type
            ),
        ]
        # An image may have several tags of cosign, and name its subject too.
        return list({referrer.digest: referrer for referrer in reversed(found)}.values())[::-1]

    async def attach(
        self,
        reference: str,
        *contents: bytes | Path | Attachment,
        artifact_type: str,
        media_type: str | None = None,
        title: str | None = None,
        annotations: Mapping[str, str] | None = None,
        max_concurrency: int = 4,
        on_progress: OnProgress | None = None,
    ) -> Referrer:
        """Attach files to an image, such as an SBOM, an attestation or a signature.

        They become one OCI artifact whose subject is the image. Its manifest contains no time, so
        attaching the same files with the same annotations again writes nothing. Files are read
        twice, to compute their digests and to upload them, and are never held in memory.

        Args:
            reference: The image, by tag or digest.
            contents: The files: bytes, paths, or `images.Attachment` for those with another media
                type or name. None at all: the artifact consists of its annotations.
            artifact_type: What the artifact is, such as ``application/spdx+json``; see
                `images.ArtifactTypes`. At most 255 characters, without parameters.
            media_type: The media type of the files; None: *artifact_type*.
            title: The name of the file, if there is one; None: the name of its path.
            annotations: Annotations of the artifact, which ECR lists with it.
            max_concurrency: Files that are uploaded at the same time, at least 1.
            on_progress: Receives an event for each step; it must not block.

        Returns:
            The artifact, as `referrers` yields it.

        Raises:
            ImageNotFoundError: The repository has no such image.
            ArchiveError: A file cannot be read.
            LimitError: A file is empty or too long for ECR; nothing was sent.
            ContentMismatchError: A file changed while it was read.
            ECRClientError: A call failed.
        """
        check_argument("attach", "reference", reference, str, "a tag or a digest")
        _check_type("attach", "artifact_type", artifact_type)
        _check_type("attach", "media_type", media_type, none=True)
        files = _check_files(contents, title)
        notes = _check_annotations("annotations", annotations or {})
        source = ArtifactStore(artifact_type, media_type or artifact_type, notes)
        transfer = check_transfer("attach", source, self, max_concurrency, on_progress)
        store = self._store()
        manifest = await source.build(await store.resolve(reference), files)
        name = f"{self.name}, attachment of {reference}"
        # Layers of every type are uploaded, since they come from here.
        await transfer.run(Selection(name, None, (), None, referrers=False, foreign_layers=True))
        return Referrer(
            media_type=manifest.media_type,
            digest=manifest.digest,
            size=len(manifest.raw),
            artifact_type=artifact_type,
            annotations=notes,
        )

    @asynccontextmanager
    async def open_referrer(
        self, referrer: str | Descriptor, *, title: str | None = None
    ) -> AsyncGenerator[BlobStream]:
        """Stream a file of an artifact, such as an SBOM.

        Args:
            referrer: The artifact: what `referrers` yields, a digest, or a tag.
            title: The name of the file; None: the only one.

        Raises:
            ImageNotFoundError: The repository has no such artifact.
            ManifestError: The artifact has no such file, or not exactly one.
            ContentMismatchError: The content does not have its digest or its size.
        """
        check_argument(
            "open_referrer", "referrer", referrer, (str, Descriptor), "a Descriptor, digest or tag"
        )
        check_argument("open_referrer", "title", title, str, "the name of a file", none=True)
        blob = _file(await self.manifest(referrer), title)
        async with self.open_blob(blob) as stream:
            yield stream

    async def delete_referrers(
        self, reference: str, *, artifact_type: str | None = None
    ) -> DeletionReport:
        """Delete what refers to an image, and what refers to that, and keep the image.

        Args:
            reference: The image, by tag, or by digest also if it does not exist anymore.
            artifact_type: Only referrers of this type, with what refers to them; None: all.

        Raises:
            ImageNotFoundError: No image has the tag.
            ECRClientError: A call failed; some referrers may have been deleted.
        """
        check_argument("delete_referrers", "reference", reference, str, "a tag or a digest")
        check_argument("delete_referrers", "artifact_type", artifact_type, str, "a type", none=True)
        digest = reference if is_digest(reference) else await self._digest(reference)
        levels = await self._referrer_levels(digest, artifact_type)
        return await self._delete_levels(levels)

    async def delete(self, reference: str, *, referrers: bool = True) -> DeletionReport:
        """Delete an image, and then what refers to it.

        A digest deletes the image with all its tags; a tag deletes it only if it has no other tag.
        The image goes first, so that an image that ECR does not delete keeps its signatures. To
        delete the referrers of an image that has gone, repeat the call with the digest. The
        children of an index are kept, since other indexes may list them.

        Args:
            reference: The image, by tag or digest.
            referrers: Whether to delete what refers to it, and what refers to that.

        Raises:
            ImageNotFoundError: The repository has neither the image nor referrers of it.
            OtherTagsError: *reference* is a tag, and the image has other tags; nothing was deleted.
            DeletionError: ECR refuses, for example since an index lists the image; nothing was
                deleted.
            ECRClientError: A call failed; the image and some referrers may have been deleted.
        """
        check_argument("delete", "reference", reference, str, "a tag or a digest")
        check_argument("delete", "referrers", referrers, bool, "True or False")
        image = await find_image(self._calls, reference)
        if image is None and not is_digest(reference):
            raise ImageNotFoundError(self.name, reference)
        digest = reference if image is None else image.image_digest
        others = [] if image is None else [tag for tag in image.image_tags if tag != reference]
        if others and not is_digest(reference):
            raise OtherTagsError(self.name, reference, digest, others)
        levels = await self._referrer_levels(digest, None) if referrers else []
        if image is None:
            if not levels:
                raise ImageNotFoundError(self.name, reference)
            return await self._delete_levels(levels)
        _, failed = await delete_images(self._calls, [digest])
        for failure in failed:
            raise DeletionError(self.name, digest, failure.code, failure.reason)
        return await self._delete_levels(levels, deleted=[digest])

    async def _digest(self, reference: str) -> str:
        """Return the digest of an image, without fetching it."""
        image = await find_image(self._calls, reference)
        if image is None:
            raise ImageNotFoundError(self.name, reference)
        return image.image_digest

    async def _referrer_levels(self, digest: str, artifact_type: str | None) -> list[list[str]]:
        """Return the referrers of an image, then those of its referrers, and so on."""
        levels: list[list[str]] = []
        seen = {digest}
        pending, kind = [digest], artifact_type
        while pending:
            found: dict[str, list[str]] = {}

            async def find(
                subject: str, kind: str | None = kind, found: dict[str, list[str]] = found
            ) -> None:
                found[subject] = await self._all_referrers(subject, kind)

            await run_all(find, pending, _CONCURRENT_CALLS)
            listed = [one for subject in pending for one in found[subject] if one not in seen]
            pending, kind = list(dict.fromkeys(listed)), None
            seen.update(pending)
            if pending:
                levels.append(pending)
        return levels

    async def _all_referrers(self, digest: str, artifact_type: str | None) -> list[str]:
        """Return the digests of an image's referrers, also of archived ones, without a pull."""
        referrers = await oci_referrers(
            self._calls, digest, artifact_type=artifact_type, status="ANY"
        )
        tagged = (await cosign_images(self._calls, digest)).values()
        return [
            *(referrer.digest for referrer in referrers),
            *(
                image.image_digest
                for image in tagged
                if artifact_type in {None, image.artifact_media_type}
            ),
        ]

    async def _delete_levels(
        self, levels: Sequence[Sequence[str]], deleted: Sequence[str] = ()
    ) -> DeletionReport:
        """Delete referrers, the last level first: so a call that is repeated finds the others."""
        failed: list[DeletionFailure] = []
        gone = list(deleted)
        for level in reversed(levels):
            deleted_now, refused = await delete_images(self._calls, level)
            gone += deleted_now
            failed += refused
        return DeletionReport(
            repository=self.repository_name, deleted=tuple(gone), failed=tuple(failed)
        )


class _Referrers(AsyncIterator[Referrer]):
    """The referrers of an image, which are listed when the iteration begins."""

    def __init__(self, read: Callable[[], Awaitable[Sequence[Referrer]]]) -> None:
        self._read = read
        self._left: Iterator[Referrer] | None = None

    async def __anext__(self) -> Referrer:
        if self._left is None:
            self._left = iter(await self._read())
        for referrer in self._left:
            return referrer
        raise StopAsyncIteration


def _check_type(function: str, argument: str, value: object, *, none: bool = False) -> None:
    if not (is_media_type(value) or (none and value is None)):
        raise wrong_argument(
            function, argument, "must be a media type without parameters, such as application/json"
        )


def _check_files(
    contents: Sequence[bytes | Path | Attachment], title: str | None
) -> list[Attachment]:
    """Check the files of `attach` and bring them into one form."""
    check_argument("attach", "title", title, str, "the name of a file", none=True)
    if title is not None and len(contents) != 1:
        raise wrong_argument(
            "attach", "title", "must not be passed unless there is one file: use Attachment"
        )
    files: list[Attachment] = []
    for number, content in enumerate(contents):
        name = f"contents[{number}]"
        check_argument("attach", name, content, (bytes, Path, Attachment), _FILE)
        file = content if isinstance(content, Attachment) else Attachment(content)
        check_argument("attach", f"{name}.content", file.content, (bytes, Path), "bytes or a Path")
        _check_type("attach", f"{name}.media_type", file.media_type, none=True)
        check_argument("attach", f"{name}.title", file.title, str, "a name", none=True)
        _check_annotations(f"{name}.annotations", file.annotations)
        files.append(file if title is None else replace(file, title=title))
    return files


def _check_annotations(argument: str, annotations: object) -> dict[str, str]:
    check_argument("attach", argument, annotations, Mapping, "a map of strings")
    checked = dict(cast("Mapping[str, str]", annotations))
    for pair in checked.items():
        for text in pair:
            check_argument("attach", argument, text, str, "a map of strings")
    return checked


def _file(manifest: Manifest, title: str | None) -> Descriptor:
    """Return the file of an artifact that has a name, or the only one.

    Raises:
        ManifestError: There is none, or there are several.
    """
    what = f"manifest {manifest.digest}"
    if not isinstance(manifest, ImageManifest):
        raise ManifestError(what, f"{manifest.media_type} has no files")
    files = [layer for layer in manifest.layers if layer.media_type != EMPTY_TYPE]
    found = [file for file in files if title in {None, file.annotations.get(TITLE)}]
    if len(found) == 1:
        return found[0]
    names = ", ".join(file.annotations.get(TITLE, file.digest) for file in files) or "none"
    wanted = "one file" if title is None else f"one file {title!r}"
    raise ManifestError(what, f"does not have exactly {wanted}; it has: {names}")

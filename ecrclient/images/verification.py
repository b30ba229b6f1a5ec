"""Verification of images in a repository: manifests, children, blobs, sizes and digests."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import TYPE_CHECKING

from ecrclient._awsjson.protocol.argument_checks import check_argument, wrong_argument
from ecrclient.images.blob_checks import BlobChecks
from ecrclient.images.errors import ImageNotFoundError
from ecrclient.images.image_states import find_image
from ecrclient.images.manifest_checks import Findings, ManifestChecks
from ecrclient.images.reading import RepositoryImages
from ecrclient.images.verification_report import VerificationReport
from ecrclient.operations import DESCRIBE_IMAGES

if TYPE_CHECKING:
    from ecrclient.images.verification_report import OnVerificationProgress
    from ecrclient.models import ImageDetail

__all__ = ["VerificationMethods"]

_IMAGES_PER_PAGE = 1000


class VerificationMethods(RepositoryImages):
    """The method that verifies images."""

    async def verify(
        self,
        reference: str | None = None,
        *,
        deep: bool = False,
        max_concurrency: int = 4,
        on_progress: OnVerificationProgress | None = None,
    ) -> VerificationReport:
        """Verify that images are complete and intact.

        Manifests are parsed and compared with their digests, the children of an index must exist,
        and the blobs must exist with the sizes that the manifests name. Problems are rows of the
        report, not errors. Nothing is written.

        Manifests are fetched with BatchGetImage, which counts as a pull: afterwards, rules of
        lifecycle policies on the last pull see all verified images as just pulled, unless the
        caller is excluded from pull times (``register_pull_time_update_exclusion``).

        Args:
            reference: The image with its children, by tag or digest; None: the whole repository.
            deep: Whether to download every blob and to verify its size and digest. Each blob is
                read once and never held in memory.
            max_concurrency: Calls and downloads at the same time, at least 1.
            on_progress: Receives the state after each step; it must not block.

        Raises:
            ImageNotFoundError: The repository has no such image.
            ECRClientError: A call failed.
        """
        check_argument("verify", "reference", reference, str, "a tag or a digest", none=True)
        check_argument("verify", "deep", deep, bool, "True or False")
        check_argument("verify", "max_concurrency", max_concurrency, int, "a whole number")
        if max_concurrency < 1:
            raise wrong_argument("verify", "max_concurrency", "must be at least 1")
        findings = Findings(on_progress or (lambda _: None))
        await self._list_images(reference, findings)
        await ManifestChecks(self._calls, findings, max_concurrency).run()
        blobs = BlobChecks(self._calls, self.open_blob, findings, max_concurrency)
        await blobs.check_presence()
        if deep:
            await blobs.check_content()
        return VerificationReport(
            repository=self.repository_name,
            reference=reference,
            deep=deep,
            images=len(findings.sizes),
            blobs=len(findings.uses),
            bytes_read=findings.bytes_read,
            problems=tuple(sorted(findings.problems, key=lambda row: (row.image, row.content))),
            skipped=tuple(findings.skipped.values()),
        )

    async def _list_images(self, reference: str | None, findings: Findings) -> None:
        """Find the images to verify, without a pull."""
        if reference is not None:
            image = await find_image(self._calls, reference)
            if image is None:
                raise ImageNotFoundError(self.name, reference)
            findings.add_image(image)
            return
        images: AsyncIterable[ImageDetail] = self._calls.iterate(
            DESCRIBE_IMAGES, filter={"image_status": "ANY"}, max_results=_IMAGES_PER_PAGE
        )
        async for image in images:
            findings.add_image(image)

"""The verification of manifests: they have their digest, they parse, and their children exist."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ecrclient.images.concurrency import run_all
from ecrclient.images.digests import sha256
from ecrclient.images.errors import ManifestError
from ecrclient.images.manifests import (
    ACCEPTED_MEDIA_TYPES,
    ImageIndex,
    ImageManifest,
    OpaqueManifest,
    is_foreign,
    parse_manifest,
)
from ecrclient.images.verification_report import ImageProblem, SkippedContent, VerificationProgress
from ecrclient.operations import BATCH_GET_IMAGE

if TYPE_CHECKING:
    from ecrclient.images.calls import RepositoryCalls
    from ecrclient.images.verification_report import ImageProblemKind, OnVerificationProgress
    from ecrclient.models import Image, ImageDetail, ImageFailure

__all__ = ["Findings", "ManifestChecks", "Use"]

_MANIFESTS_PER_CALL = 25
"""A response may have 4 MiB for each."""


class Use(NamedTuple):
    """A descriptor in a manifest or an index."""

    image: str
    """The digest of the manifest or the index."""
    size: int
    """The size of the content, as it says."""


class Findings:
    """What a verification has found so far.

    Args:
        on_progress: Receives the state.
    """

    def __init__(self, on_progress: OnVerificationProgress) -> None:
        self._on_progress = on_progress
        self.tags: dict[str, Sequence[str]] = {}
        """The tags of the images to verify, by digest."""
        self.sizes: dict[str, int] = {}
        """The sizes of the manifests that were read, by digest."""
        self.children: dict[str, list[Use]] = {}
        """The indexes that list each image."""
        self.uses: dict[str, list[Use]] = {}
        """The images that have each blob."""
        self.problems: list[ImageProblem] = []
        self.skipped: dict[str, SkippedContent] = {}
        self.blobs_checked = 0
        self.bytes_read = 0

    def add_image(self, image: ImageDetail) -> None:
        """Add an image to verify; an archived one is skipped."""
        self.tags[image.image_digest] = tuple(image.image_tags)
        if image.image_status not in {None, "ACTIVE"}:
            self.skip(image.image_digest, "archived")

    def add_problem(self, image: str, content: str, kind: ImageProblemKind, message: str) -> None:
        """Add a row to the report."""
        tags = tuple(self.tags.get(image, ()))
        row = ImageProblem(image=image, tags=tags, content=content, kind=kind, message=message)
        self.problems.append(row)

    def add_blob_problem(self, blob: str, kind: ImageProblemKind, message: str) -> None:
        """Add a row for each image that has a blob."""
        for image in dict.fromkeys(use.image for use in self.uses[blob]):
            self.add_problem(image, blob, kind, message)

    def skip(self, digest: str, reason: str) -> None:
        """Record that something cannot be verified."""
        self.skipped[digest] = SkippedContent.model_validate({"digest": digest, "reason": reason})

    def report_progress(self) -> None:
        """Report the state."""
        self._on_progress(
            VerificationProgress(
                images=len(self.sizes),
                images_total=len(self.tags),
                blobs=self.blobs_checked,
                blobs_total=len(self.uses),
                bytes_read=self.bytes_read,
            )
        )


class ManifestChecks:
    """Reads the manifests of images and of the children that they list.

    Args:
        calls: The operations on the repository.
        findings: What to verify, and where problems go.
        max_concurrency: Calls at the same time.
    """

    def __init__(self, calls: RepositoryCalls, findings: Findings, max_concurrency: int) -> None:
        self._calls = calls
        self._findings = findings
        self._max_concurrency = max_concurrency

    async def run(self) -> None:
        """Verify the manifests; the blobs that they name are collected."""
        findings = self._findings
        done: set[str] = set(findings.skipped)
        while pending := [digest for digest in findings.tags if digest not in done]:
            done.update(pending)
            batches = [
                pending[start : start + _MANIFESTS_PER_CALL]
                for start in range(0, len(pending), _MANIFESTS_PER_CALL)
            ]
            await run_all(self._read, batches, self._max_concurrency)
        for digest, uses in findings.children.items():
            size = findings.sizes.get(digest)
            for use in uses:
                if size not in {None, use.size}:
                    problem = f"has {size} bytes, not {use.size} as the index says"
                    findings.add_problem(use.image, digest, "wrong child size", problem)

    async def _read(self, digests: Sequence[str]) -> None:
        response = await self._calls.call(
            BATCH_GET_IMAGE,
            image_ids=[{"image_digest": digest} for digest in digests],
            accepted_media_types=list(ACCEPTED_MEDIA_TYPES),
        )
        left = dict.fromkeys(digests)
        for image in response.images:
            digest = image.image_id.image_digest
            if digest in left:
                del left[digest]
                self._check(digest, image)
        for failure in response.failures:
            missing = failure.image_id.image_digest
            if missing in left:
                del left[missing]
                self._explain(missing, failure)
        for digest in left:
            problem = "ECR returned neither the image nor a failure"
            self._findings.add_problem(digest, digest, "unreadable manifest", problem)
        self._findings.report_progress()

    def _check(self, digest: str, image: Image) -> None:
        findings = self._findings
        raw = image.image_manifest.encode()
        findings.sizes[digest] = len(raw)
        try:
            manifest = parse_manifest(raw, image.image_manifest_media_type)
        except ManifestError as error:
            findings.add_problem(digest, digest, "unreadable manifest", error.problem)
            return
        if isinstance(manifest, OpaqueManifest):
            findings.skip(digest, "unknown type")
            return
        if digest.startswith("sha256:") and sha256(raw) != digest:
            problem = f"the content has the digest {sha256(raw)}"
            findings.add_problem(digest, digest, "wrong manifest content", problem)
            return
        if isinstance(manifest, ImageIndex):
            self._add_children(digest, manifest)
        else:
            self._add_blobs(digest, manifest)

    def _add_children(self, digest: str, index: ImageIndex) -> None:
        for child in index.manifests:
            self._findings.children.setdefault(child.digest, []).append(Use(digest, child.size))
            self._findings.tags.setdefault(child.digest, ())

    def _add_blobs(self, digest: str, manifest: ImageManifest) -> None:
        for blob in (manifest.config, *manifest.layers):
            if is_foreign(blob):
                self._findings.skip(blob.digest, "foreign layer")
            else:
                self._findings.uses.setdefault(blob.digest, []).append(Use(digest, blob.size))

    def _explain(self, digest: str, failure: ImageFailure) -> None:
        """Record why an image cannot be read."""
        findings = self._findings
        parents = dict.fromkeys(use.image for use in findings.children.get(digest, ()))
        if failure.failure_code == "ImageInaccessible":
            findings.skip(digest, "archived")
        elif failure.failure_code == "ImageNotFound":
            for parent in parents:
                findings.add_problem(parent, digest, "missing child", "the image does not exist")
            if not parents:
                findings.skip(digest, "deleted")
        else:
            problem = f"{failure.failure_code}: {failure.failure_reason}"
            findings.add_problem(digest, digest, "unreadable manifest", problem)

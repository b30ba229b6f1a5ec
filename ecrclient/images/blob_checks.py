"""The verification of blobs: they exist, and they have their size and their digest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from ecrclient.images.concurrency import run_all
from ecrclient.images.errors import BlobNotFoundError, ContentMismatchError, DownloadError
from ecrclient.images.manifests import Descriptor
from ecrclient.operations import BATCH_CHECK_LAYER_AVAILABILITY

if TYPE_CHECKING:
    from ecrclient.images.calls import RepositoryCalls
    from ecrclient.images.content import BlobStream
    from ecrclient.images.manifest_checks import Findings
    from ecrclient.models import Layer

__all__ = ["BlobChecks"]

_LAYERS_PER_CALL = 100


class BlobChecks:
    """Verifies the blobs that manifests name.

    Args:
        calls: The operations on the repository.
        open_blob: Streams a blob and verifies it at its end.
        findings: The blobs, and where problems go.
        max_concurrency: Calls or downloads at the same time.
    """

    def __init__(
        self,
        calls: RepositoryCalls,
        open_blob: Callable[[Descriptor], AbstractAsyncContextManager[BlobStream]],
        findings: Findings,
        max_concurrency: int,
    ) -> None:
        self._calls = calls
        self._open_blob = open_blob
        self._findings = findings
        self._max_concurrency = max_concurrency
        # The blobs that can be read, with the size that ECR or else the first manifest names.
        self._readable: dict[str, int] = {}

    async def check_presence(self) -> None:
        """Compare the blobs with what ECR says about them, without reading them."""
        digests = list(self._findings.uses)
        batches = [
            digests[start : start + _LAYERS_PER_CALL]
            for start in range(0, len(digests), _LAYERS_PER_CALL)
        ]
        await run_all(self._check_batch, batches, self._max_concurrency)

    async def _check_batch(self, digests: Sequence[str]) -> None:
        response = await self._calls.call(
            BATCH_CHECK_LAYER_AVAILABILITY, layer_digests=list(digests)
        )
        layers = {layer.layer_digest: layer for layer in response.layers}
        reasons = {
            failure.layer_digest: f"{failure.failure_code}: {failure.failure_reason}"
            for failure in response.failures
        }
        for digest in digests:
            layer = layers.get(digest)
            if layer is not None and layer.layer_availability == "AVAILABLE":
                self._check_size(digest, layer)
            elif layer is not None and layer.layer_availability == "ARCHIVED":
                problem = "the blob is archived, although the image is not"
                self._findings.add_blob_problem(digest, "archived blob", problem)
            else:
                problem = reasons.get(digest, "the repository does not have the blob")
                self._findings.add_blob_problem(digest, "missing blob", problem)
        self._findings.blobs_checked += len(digests)
        self._findings.report_progress()

    def _check_size(self, digest: str, layer: Layer) -> None:
        uses = self._findings.uses[digest]
        size = uses[0].size if layer.layer_size is None else layer.layer_size
        self._readable[digest] = size
        for use in dict.fromkeys(uses):
            if use.size != size:
                problem = f"the blob has {size} bytes, not {use.size} as the manifest says"
                self._findings.add_problem(use.image, digest, "wrong blob size", problem)

    async def check_content(self) -> None:
        """Read the blobs that exist, and compare them with their digests."""
        self._findings.blobs_checked = len(self._findings.uses) - len(self._readable)
        await run_all(self._check_content, self._readable, self._max_concurrency)

    async def _check_content(self, digest: str) -> None:
        findings = self._findings
        blob = Descriptor(
            media_type="application/octet-stream", digest=digest, size=self._readable[digest]
        )
        try:
            async with self._open_blob(blob) as pieces:
                async for piece in pieces:
                    findings.bytes_read += len(piece)
                    findings.report_progress()
        except BlobNotFoundError:
            problem = "the repository does not return the blob"
            findings.add_blob_problem(digest, "missing blob", problem)
        except ContentMismatchError as error:
            findings.add_blob_problem(digest, "wrong blob content", error.problem)
        except DownloadError as error:
            findings.add_blob_problem(digest, "unreadable blob", error.problem)
        findings.blobs_checked += 1
        findings.report_progress()

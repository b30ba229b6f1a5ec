"""Reading the findings of many images, with a bounded number of concurrent calls.

Sources: "DescribeImageScanFindings" and "ImageScanStatus" in the Amazon ECR API Reference.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from ecrclient._awsjson.many.ahead import MapAhead
from ecrclient._awsjson.protocol.argument_checks import (
    check_argument,
    check_count,
    wrong_argument,
)
from ecrclient.errors import ECRClientError, ScanNotFoundException
from ecrclient.findings.converting import RowCollector
from ecrclient.findings.listing import (
    Listed,
    Listing,
    Selection,
    describe_failure,
    is_index,
)
from ecrclient.findings.rows import FindingRow, ImageScan, ScanState
from ecrclient.images.digests import is_referrers_tag

if TYPE_CHECKING:
    from ecrclient.client import ECRClient
    from ecrclient.models import DescribeImageScanFindingsResponse, ImageDetail

__all__ = ["FindingsReader", "ImageFindings", "read_findings"]

_PAGE_SIZE = 1000
_STATES: dict[str, ScanState] = {
    "COMPLETE": "scanned",
    "ACTIVE": "scanned",
    "PENDING": "in progress",
    "IN_PROGRESS": "in progress",
    "FAILED": "failed",
    "UNSUPPORTED_IMAGE": "unsupported",
    "IMAGE_SIZE_EXCEEDED": "unsupported",
    "SCAN_ELIGIBILITY_EXPIRED": "expired",
    "FINDINGS_UNAVAILABLE": "unavailable",
    "LIMIT_EXCEEDED": "unavailable",
    "IMAGE_ARCHIVED": "archived",
}
_IMAGE_CONFIGS = frozenset(
    {
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
    }
)


@dataclass(frozen=True, slots=True)
class ImageFindings:
    """One image and the rows of its findings."""

    scan: ImageScan
    findings: tuple[FindingRow, ...] = ()
    """The most severe first. An image whose last scan failed or has not finished may have the
    findings of an earlier scan."""


class FindingsReader:
    """The findings of many images, image by image; see `read_findings`."""

    def __init__(self, client: ECRClient, selection: Selection, max_concurrency: int) -> None:
        self._client = client
        self._registry_id = selection.registry_id
        self._ahead = MapAhead[Listed, ImageFindings](
            Listing(client, selection), self._read, max_concurrency, ordered=True
        )

    async def __aenter__(self) -> AsyncIterator[ImageFindings]:
        """Start to read."""
        return await self._ahead.__aenter__()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop to read; calls in progress are cancelled."""
        await self._ahead.__aexit__(exc_type, exc, traceback)

    async def _read(self, listed: Listed) -> ImageFindings:
        detail = listed.detail
        if detail is None:
            return ImageFindings(
                ImageScan(
                    registry_id=self._registry_id,
                    repository_name=listed.repository_name,
                    image_digest=None,
                    state="error",
                    description=listed.failure,
                )
            )
        if listed.failure:
            return ImageFindings(_scan(listed, detail, "error", description=listed.failure))
        if is_index(detail):
            return ImageFindings(_scan(listed, detail, "index"))
        if listed.is_attestation:
            return ImageFindings(_scan(listed, detail, "artifact"))
        return await self._read_image(listed, detail)

    async def _read_image(self, listed: Listed, detail: ImageDetail) -> ImageFindings:
        collected = RowCollector(detail, listed.repository_name)
        last: DescribeImageScanFindingsResponse | None = None
        failure = ""
        try:
            async for page in self._client.describe_image_scan_findings(
                repository_name=listed.repository_name,
                registry_id=self._registry_id,
                image_id={"image_digest": detail.image_digest},
                max_results=_PAGE_SIZE,
            ).pages():
                last = page
                if page.image_scan_findings is not None:
                    collected.add_all(page.image_scan_findings.findings)
                    collected.add_all(page.image_scan_findings.enhanced_findings)
            state, status, description = _state(last)
        except ScanNotFoundException:
            state, status, description = "not scanned", None, None
        except ECRClientError as error:
            failure = describe_failure(error)
            state, status, description = "error", None, failure
        if state in {"not scanned", "unsupported"} and not listed.is_named and _is_artifact(detail):
            state = "artifact"
        rows = collected.rows()
        scans = last.image_scan_findings if last is not None else None
        scan = _scan(
            listed,
            detail,
            state,
            status=status,
            description=description,
            scanner=rows[0].scanner if rows else None,
            completed_at=scans.image_scan_completed_at if scans else None,
            findings=len(rows),
        )
        return ImageFindings(scan, rows)


def read_findings(
    client: ECRClient,
    repositories: Sequence[str] | None = None,
    *,
    images: Sequence[str] | None = None,
    registry_id: str | None = None,
    max_concurrency: int = 8,
) -> FindingsReader:
    """Read the findings of images, with several calls at the same time.

    ::

        async with read_findings(ecr, ["team/app"]) as images:
            async for image in images:
                print(image.scan, len(image.findings))

    Images are yielded in the order of ECR's listing. At most *max_concurrency* images and one page
    of the listing are in memory. Every image is yielded, also without a scan: see `ImageScan`.
    Archived images are not listed. An error that concerns one image, or one repository of the
    registry, becomes a row with the state ``error``; others are raised while iterating.

    Args:
        client: The client.
        repositories: The names of repositories; None for all repositories of the registry.
        images: Tags or digests of images in the only repository of *repositories*; None for all
            images. An index is read with its platform images.
        registry_id: The AWS account ID of the registry, 12 digits; None for the caller's own
            account.
        max_concurrency: The maximum number of images that are read at the same time.

    Raises:
        RequestValidationError: An argument is invalid.
        ConfigurationError: *max_concurrency* is not a number of at least 1.
    """
    check_argument("read_findings", "registry_id", registry_id, str, "a string", none=True)
    check_count("max_concurrency", max_concurrency)
    names = _texts("repositories", repositories)
    references = _texts("images", images)
    if references is not None and (names is None or len(names) != 1):
        problem = "may be passed only with exactly one repository"
        raise wrong_argument("read_findings", "images", problem)
    selection = Selection(names, references, registry_id)
    return FindingsReader(client, selection, max_concurrency)


def _texts(name: str, values: Sequence[str] | None) -> tuple[str, ...] | None:
    if values is None:
        return None
    what = "a sequence of strings"
    if isinstance(values, str):
        raise wrong_argument("read_findings", name, f"must be {what}, not a string")
    check_argument("read_findings", name, values, Sequence, what)
    texts = tuple(dict.fromkeys(values))
    for number, text in enumerate(texts):
        check_argument("read_findings", f"{name}[{number}]", text, str, "a string")
    if not texts:
        raise wrong_argument("read_findings", name, f"must be {what} that is not empty, or None")
    return texts


def _scan(listed: Listed, detail: ImageDetail, state: ScanState, **members: object) -> ImageScan:
    return ImageScan(
        registry_id=getattr(detail, "registry_id", None),
        repository_name=listed.repository_name,
        image_digest=detail.image_digest,
        state=state,
        image_tags=tuple(sorted(detail.image_tags)),
        media_type=detail.image_manifest_media_type,
        pushed_at=getattr(detail, "image_pushed_at", None),
        **members,  # type: ignore[arg-type]
    )


def _state(
    page: DescribeImageScanFindingsResponse | None,
) -> tuple[ScanState, str | None, str | None]:
    """The state of a scan, the service's status and its explanation."""
    assert page is not None, "a paginator yields at least one page or raises an error"
    sent = page.image_scan_status
    state = _STATES.get(sent.status, "unknown")
    if state == "scanned" and page.image_scan_findings is None:
        return "unavailable", sent.status, "the service sent a finished scan without findings"
    return state, sent.status, sent.description


def _is_artifact(detail: ImageDetail) -> bool:
    """Whether an image without a scan is something that cannot be scanned."""
    media_type = detail.artifact_media_type
    return (
        (media_type is not None and media_type not in _IMAGE_CONFIGS)
        or detail.subject_manifest_digest is not None
        or (bool(detail.image_tags) and all(map(is_referrers_tag, detail.image_tags)))
    )

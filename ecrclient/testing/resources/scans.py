"""StartImageScan and DescribeImageScanFindings."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ecrclient.errors import (
    ImageArchivedException,
    LimitExceededException,
    ScanNotFoundException,
    UnsupportedImageTypeException,
    ValidationException,
)
from ecrclient.models import (
    DescribeImageScanFindingsRequest,
    DescribeImageScanFindingsResponse,
    ImageScanFindings,
    ImageScanStatus,
    StartImageScanRequest,
    StartImageScanResponse,
)
from ecrclient.operations import DESCRIBE_IMAGE_SCAN_FINDINGS, START_IMAGE_SCAN

from ..errors import refuse
from .image_ids import describe_image_id, identify, named_image
from .manifests import is_index_type
from .scan_states import finished_scan, scan_status, scan_summary, start_scan

if TYPE_CHECKING:
    from ..background import ScanRecord
    from ..dispatch import Handlers
    from ..store import ImageRecord, Registry
    from .pages import Pages

__all__ = ["Scans"]

_BASIC = "BASIC"
_ONCE_IN = timedelta(hours=24)


class Scans:
    """StartImageScan and DescribeImageScanFindings."""

    def __init__(self, registry: Registry, pages: Pages) -> None:
        self._registry = registry
        self._pages = pages

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(START_IMAGE_SCAN, self.start)
        handlers.on(DESCRIBE_IMAGE_SCAN_FINDINGS, self.describe)

    def start(self, request: StartImageScanRequest) -> StartImageScanResponse:
        """Start a basic scan."""
        registry = self._registry
        repository = registry.repository(request.repository_name, request.registry_id)
        image = named_image(registry, repository, request.image_id)
        if registry.scanning.scan_type != _BASIC:
            raise refuse(ValidationException, "This feature is disabled")
        if is_index_type(image.media_type):
            raise refuse(
                UnsupportedImageTypeException,
                f"An image of type '{image.media_type}' cannot be scanned",
            )
        if image.status(registry.clock()) != "ACTIVE":
            raise refuse(
                ImageArchivedException,
                f"The image with digest '{image.digest}' is archived and cannot be scanned",
            )
        self._check_quota(image)
        start_scan(registry, repository, image, continuous=False)
        return StartImageScanResponse(
            registry_id=registry.account_id,
            repository_name=repository.name,
            image_id=identify(image.digest, request.image_id.image_tag),
            image_scan_status=ImageScanStatus(status="PENDING"),
        )

    def describe(
        self, request: DescribeImageScanFindingsRequest
    ) -> DescribeImageScanFindingsResponse:
        """Return the status of the last scan, and the findings of the last finished one."""
        registry = self._registry
        repository = registry.repository(request.repository_name, request.registry_id)
        image = named_image(registry, repository, request.image_id)
        status = scan_status(registry, image)
        if status is None:
            raise refuse(
                ScanNotFoundException,
                f"Image scan does not exist for the image with "
                f"'{describe_image_id(request.image_id)}' in the repository with name "
                f"'{repository.name}' in the registry with id '{registry.account_id}'",
            )
        scan = finished_scan(registry, image)
        findings, next_token = self._findings(request, scan) if scan else (None, None)
        return DescribeImageScanFindingsResponse(
            registry_id=registry.account_id,
            repository_name=repository.name,
            image_id=identify(image.digest, request.image_id.image_tag),
            image_scan_status=status,
            image_scan_findings=findings,
            next_token=next_token,
        )

    def _findings(
        self, request: DescribeImageScanFindingsRequest, scan: ScanRecord
    ) -> tuple[ImageScanFindings, str | None]:
        """Return one page of the findings of a scan, in the order in which the test set them."""
        outcome, is_basic = scan.outcome, scan.scan_type == _BASIC
        page, next_token = self._pages.cut(
            request,
            enumerate(outcome.findings if is_basic else outcome.enhanced_findings),
            key=lambda item: f"{item[0]:06}",
        )
        kind = "findings" if is_basic else "enhanced_findings"
        summary = scan_summary(scan)
        findings = ImageScanFindings(
            image_scan_completed_at=summary.image_scan_completed_at,
            vulnerability_source_updated_at=summary.vulnerability_source_updated_at,
            finding_severity_counts=summary.finding_severity_counts,
        )
        return findings.model_copy(update={kind: [one for _, one in page]}), next_token

    def _check_quota(self, image: ImageRecord) -> None:
        now = self._registry.clock()
        basic = [one.requested_at for one in image.scans if one.scan_type == _BASIC]
        if basic and now - basic[-1] < _ONCE_IN:
            raise refuse(
                LimitExceededException,
                "The scan quota per image has been exceeded. Wait and try again.",
            )

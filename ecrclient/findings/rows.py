"""The rows of a report: one for each finding and package, and one for each image.

A member is None, or empty, if the service did not send it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ecrclient.findings.finding import Severity, is_at_least

__all__ = ["FindingRow", "ImageScan", "ScanState", "Scanner"]

Scanner = Literal["basic", "enhanced"]
"""``basic``: Amazon ECR's scanner; ``enhanced``: Amazon Inspector."""

ScanState = Literal[
    "scanned",
    "index",
    "artifact",
    "in progress",
    "not scanned",
    "failed",
    "unsupported",
    "expired",
    "unavailable",
    "archived",
    "error",
    "unknown",
]
"""What is known about the findings of an image.

- ``scanned``: the findings are complete.
- ``index``: an index of platform images, which have separate rows.
- ``artifact``: a signature, an attestation, an SBOM, a Helm chart or the like, without a scan.
- ``in progress``: the scan has not finished.
- ``not scanned``: there was no scan.
- ``failed``, ``unsupported``: the scan failed, or the scanner does not support the image.
- ``expired``: the image is too old for continuous scanning, so its findings may be outdated.
- ``unavailable``: the scanner has no findings, or a limit was exceeded.
- ``archived``: the image is archived, so it is not scanned.
- ``error``: the findings could not be read; ``description`` has the reason.
- ``unknown``: the service sent a status that this version does not know.
"""

_NOTHING_TO_SCAN = frozenset({"index", "artifact"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """One vulnerability in one package of one image."""

    registry_id: str | None
    """The AWS account ID of the registry; None if the service did not send it."""
    repository_name: str
    image_digest: str
    image_tags: tuple[str, ...] = ()
    scanner: Scanner
    name: str
    """The identifier of the vulnerability, or the title of a finding without one."""
    severity: str
    """``CRITICAL``, ``HIGH``, ``MEDIUM``, ``LOW`` or ``INFORMATIONAL``, or if the finding is not
    rated ``UNDEFINED`` (basic scanning) or ``UNTRIAGED`` (enhanced scanning)."""
    cves: tuple[str, ...] = ()
    """The CVE numbers of the vulnerability, then of related ones."""
    title: str | None = None
    description: str | None = None
    package: str | None = None
    """The package that has the vulnerability; None if the service names none."""
    installed_version: str | None = None
    fixed_version: str | None = None
    """The first version with a fix; None if there is none. Basic scanning does not report it."""
    package_manager: str | None = None
    file_paths: tuple[str, ...] = ()
    """Where the package is in the image's file system."""
    score: float | None = None
    """The CVSS score, from 0.0 to 10.0."""
    score_source: str | None = None
    """Who published the score, such as ``NVD``."""
    uri: str | None = None
    """The web page that describes the vulnerability."""
    status: str | None = None
    """``ACTIVE``, ``SUPPRESSED`` or ``CLOSED``; None for basic scanning, which has no status."""
    fix_available: str | None = None
    """``YES``, ``NO`` or ``PARTIAL``; None for basic scanning."""
    exploit_available: str | None = None
    """``YES`` or ``NO``; None for basic scanning."""
    first_observed_at: datetime | None = None
    last_observed_at: datetime | None = None
    finding_arn: str | None = None
    """The finding's ARN in Amazon Inspector."""

    @property
    def is_fixable(self) -> bool:
        """Whether the scanner reports a version of the package with a fix."""
        return self.fixed_version is not None

    @property
    def is_active(self) -> bool:
        """Whether the finding counts: it is neither suppressed nor closed in Amazon Inspector."""
        return self.status not in {"SUPPRESSED", "CLOSED"}

    def is_at_least(self, severity: Severity) -> bool:
        """Whether the finding is at least this severe; one that is not rated never is.

        Args:
            severity: ``CRITICAL``, ``HIGH``, ``MEDIUM``, ``LOW`` or ``INFORMATIONAL``.

        Raises:
            RequestValidationError: *severity* is not one of these (a ``ValueError``).
        """
        return is_at_least(self.severity, severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageScan:
    """What is known about the findings of one image; every image of a report has this row."""

    registry_id: str | None
    """The AWS account ID of the registry; None if the service did not send it."""
    repository_name: str
    image_digest: str | None
    """The digest of the image; None if the images of the repository could not be listed."""
    state: ScanState
    image_tags: tuple[str, ...] = ()
    media_type: str | None = None
    """The media type of the manifest."""
    pushed_at: datetime | None = None
    status: str | None = None
    """The status that the service sent, such as ``COMPLETE``; None if there was no scan."""
    description: str | None = None
    """The service's explanation of the status, or the error of reading the findings."""
    scanner: Scanner | None = None
    """The scanner; None if there are no findings that show it."""
    completed_at: datetime | None = None
    """The end of the last finished scan."""
    findings: int = 0
    """The number of rows of findings."""

    @property
    def is_judged(self) -> bool:
        """Whether the findings of the image are complete."""
        return self.state == "scanned"

    @property
    def is_unjudged(self) -> bool:
        """Whether there should be findings, but they are missing or may be incomplete."""
        return self.state != "scanned" and self.state not in _NOTHING_TO_SCAN

    def __str__(self) -> str:
        if self.image_digest is None:
            return f"repository {self.repository_name}"
        tags = f" ({', '.join(self.image_tags)})" if self.image_tags else ""
        return f"{self.repository_name}@{self.image_digest}{tags}"

"""One finding of basic or enhanced scanning, read through one class.

Sources: "ImageScanFinding", "EnhancedImageScanFinding" and "VulnerablePackage" in the Amazon ECR
API Reference; "Severity levels for Amazon Inspector findings" in the Amazon Inspector User Guide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ecrclient._awsjson.protocol.argument_checks import check_argument, wrong_argument
from ecrclient.models import EnhancedImageScanFinding, ImageScanFinding, VulnerablePackage

__all__ = [
    "AffectedPackage",
    "Finding",
    "Severity",
    "attributes_of",
    "check_severity",
    "is_at_least",
    "is_known",
    "rank",
]

Severity = Literal["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL"]
"""The rated severities, the most severe first."""

_RANKS = {"INFORMATIONAL": 1, "LOW": 2, "MEDIUM": 3, "HIGH": 4, "CRITICAL": 5}
_UNRATED = frozenset({"UNDEFINED", "UNTRIAGED"})
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
# The value of Amazon Inspector if no version has a fix.
_NO_FIX = "NotAvailable"


@dataclass(frozen=True, slots=True)
class AffectedPackage:
    """A package of the image that has the vulnerability."""

    name: str
    version: str | None
    """The installed version, as ``epoch:version-release`` if it has those parts."""
    fixed_in: str | None
    """The first version with a fix; None if there is none. Always None for basic scanning."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of basic or enhanced scanning."""

    severity: str
    """``CRITICAL``, ``HIGH``, ``MEDIUM``, ``LOW`` or ``INFORMATIONAL``, or if the finding is not
    rated ``UNDEFINED`` (basic scanning) or ``UNTRIAGED`` (enhanced scanning)."""
    name: str
    """The identifier of the vulnerability, or the title of a finding without one."""
    cves: tuple[str, ...]
    """The CVE numbers of the vulnerability, then of related ones, without duplicates."""
    packages: tuple[AffectedPackage, ...]
    description: str | None
    uri: str | None
    """The web page that describes the finding."""
    source: ImageScanFinding | EnhancedImageScanFinding
    """The finding as the service sent it, with all its members."""

    @classmethod
    def of(cls, finding: ImageScanFinding | EnhancedImageScanFinding) -> Finding:
        """Convert a finding that ``describe_image_scan_findings`` returns.

        Args:
            finding: The finding of either kind of scanning.

        Raises:
            RequestValidationError: *finding* is not a finding.
            MissingMemberError: the service did not send the finding's severity or name.
        """
        if isinstance(finding, ImageScanFinding):
            return cls._of_basic(finding)
        what = "an ImageScanFinding or an EnhancedImageScanFinding"
        check_argument("Finding.of", "finding", finding, EnhancedImageScanFinding, what)
        return cls._of_enhanced(finding)

    @property
    def is_fixable(self) -> bool:
        """Whether the scanner reports a version with a fix for at least one of the packages."""
        return any(package.fixed_in is not None for package in self.packages)

    def is_at_least(self, severity: Severity) -> bool:
        """Whether the finding is at least this severe; one that is not rated never is.

        Args:
            severity: ``CRITICAL``, ``HIGH``, ``MEDIUM``, ``LOW`` or ``INFORMATIONAL``.

        Raises:
            RequestValidationError: *severity* is not one of these (a ``ValueError``).
        """
        return is_at_least(self.severity, severity)

    @classmethod
    def _of_basic(cls, finding: ImageScanFinding) -> Finding:
        attributes = attributes_of(finding)
        name = attributes.get("package_name")
        package = AffectedPackage(name, attributes.get("package_version"), None) if name else None
        return cls(
            severity=finding.severity,
            name=finding.name,
            cves=_cves(finding.name),
            packages=(package,) if package else (),
            description=finding.description,
            uri=finding.uri,
            source=finding,
        )

    @classmethod
    def _of_enhanced(cls, finding: EnhancedImageScanFinding) -> Finding:
        details = finding.package_vulnerability_details
        if details is None:
            return cls(
                severity=finding.severity,
                name=finding.title or finding.finding_arn,
                cves=(),
                packages=(),
                description=finding.description,
                uri=None,
                source=finding,
            )
        return cls(
            severity=finding.severity,
            name=details.vulnerability_id,
            cves=_cves(details.vulnerability_id, *details.related_vulnerabilities),
            packages=tuple(map(_package, details.vulnerable_packages)),
            description=finding.description,
            uri=details.source_url or next(iter(details.reference_urls), None),
            source=finding,
        )


def attributes_of(finding: ImageScanFinding) -> dict[str | None, str | None]:
    """The attributes of a basic finding by key; the service may omit a key."""
    return {getattr(each, "key", None): each.value for each in finding.attributes}


def rank(severity: str) -> int:
    """The order of a severity: 5 for ``CRITICAL``, 0 if the finding is not rated."""
    return _RANKS.get(severity, 0)


def is_known(severity: str) -> bool:
    """Whether this version knows the severity, rated or not."""
    return severity in _RANKS or severity in _UNRATED


def check_severity(function: str, severity: object) -> None:
    """Check an argument that is one of the rated severities.

    Raises:
        RequestValidationError: It is not.
    """
    what = f"one of {', '.join(_RANKS)}"
    check_argument(function, "severity", severity, str, what)
    if severity not in _RANKS:
        raise wrong_argument(function, "severity", f"must be {what}, not {severity!r:.40}")


def is_at_least(severity: str, threshold: Severity) -> bool:
    """Whether a finding's severity is at least the threshold; without a rating, it never is.

    Raises:
        RequestValidationError: *threshold* is not one of the rated severities.
    """
    check_severity("is_at_least", threshold)
    return _RANKS.get(severity, 0) >= _RANKS[threshold]


def _package(package: VulnerablePackage) -> AffectedPackage:
    epoch = f"{package.epoch}:" if package.epoch else ""
    release = f"-{package.release}" if package.release else ""
    fixed_in = package.fixed_in_version
    return AffectedPackage(
        name=package.name,
        version=f"{epoch}{package.version}{release}" if package.version else None,
        fixed_in=None if fixed_in in (None, "", _NO_FIX) else fixed_in,
    )


def _cves(*names: str) -> tuple[str, ...]:
    found = [match for name in names for match in _CVE.findall(name)]
    return tuple(dict.fromkeys(found))

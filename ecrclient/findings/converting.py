"""Findings of the service as rows, one for each finding and package.

Amazon Inspector may send a vulnerability of a package several times, for instance once for each
file that contains the package. Such rows are merged; the most severe one is kept.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from ecrclient.findings.finding import AffectedPackage, Finding, attributes_of, rank
from ecrclient.findings.rows import FindingRow
from ecrclient.models import (
    EnhancedImageScanFinding,
    ImageDetail,
    ImageScanFinding,
    VulnerablePackage,
)

__all__ = ["RowCollector"]

_SCORES = ("CVSS4_SCORE", "CVSS3_SCORE", "CVSS2_SCORE")
_MAX_SCORE = 10.0


class RowCollector:
    """The rows of one image, without duplicates.

    Args:
        detail: The image, whose digest the service has sent.
        repository_name: The repository of the image.
    """

    def __init__(self, detail: ImageDetail, repository_name: str) -> None:
        self._image: dict[str, Any] = {
            "registry_id": getattr(detail, "registry_id", None),
            "repository_name": repository_name,
            "image_digest": detail.image_digest,
            "image_tags": tuple(sorted(detail.image_tags)),
        }
        self._rows: dict[tuple[object, ...], FindingRow] = {}

    def add_all(self, findings: Iterable[ImageScanFinding | EnhancedImageScanFinding]) -> None:
        """Add the rows of findings.

        Raises:
            MissingMemberError: The service did not send a finding's severity or name.
        """
        for finding in findings:
            for row in self._convert(finding):
                key = (row.scanner, row.name, row.package, row.installed_version, row.status)
                other = self._rows.get(key)
                self._rows[key] = row if other is None else _merged(other, row)

    def rows(self) -> tuple[FindingRow, ...]:
        """The rows, the most severe first, then by name, package and version."""
        return tuple(sorted(self._rows.values(), key=_order))

    def _convert(self, source: ImageScanFinding | EnhancedImageScanFinding) -> Iterator[FindingRow]:
        finding = Finding.of(source)
        common: dict[str, Any] = {
            **self._image,
            "name": finding.name,
            "severity": finding.severity,
            "cves": finding.cves,
            "description": finding.description,
            "uri": finding.uri,
        }
        if isinstance(source, ImageScanFinding):
            package = next(iter(finding.packages), AffectedPackage("", None, None))
            yield FindingRow(
                **common,
                scanner="basic",
                package=package.name or None,
                installed_version=package.version,
                score=_basic_score(source),
            )
            return
        row = FindingRow(**common, scanner="enhanced", **_enhanced_members(source))
        details = source.package_vulnerability_details
        sources: Iterable[VulnerablePackage] = details.vulnerable_packages if details else ()
        for package, sent in zip(finding.packages, sources, strict=True):
            yield dataclasses.replace(
                row,
                package=package.name,
                installed_version=package.version,
                fixed_version=package.fixed_in,
                package_manager=sent.package_manager,
                file_paths=(sent.file_path,) if sent.file_path else (),
            )
        if not finding.packages:
            yield row


def _enhanced_members(source: EnhancedImageScanFinding) -> dict[str, Any]:
    cvss = source.score_details.cvss if source.score_details else None
    return {
        "title": source.title,
        "score": source.score,
        "score_source": getattr(cvss, "score_source", None),
        "status": getattr(source, "status", None),
        "fix_available": source.fix_available,
        "exploit_available": source.exploit_available,
        "first_observed_at": getattr(source, "first_observed_at", None),
        "last_observed_at": getattr(source, "last_observed_at", None),
        "finding_arn": getattr(source, "finding_arn", None),
    }


def _basic_score(finding: ImageScanFinding) -> float | None:
    attributes = attributes_of(finding)
    for key in _SCORES:
        try:
            score = float(attributes.get(key) or "")
        except ValueError:
            continue
        if math.isfinite(score) and 0 <= score <= _MAX_SCORE:
            return score
    return None


def _merged(one: FindingRow, other: FindingRow) -> FindingRow:
    kept, left = (one, other) if _order(one) <= _order(other) else (other, one)
    return dataclasses.replace(
        kept,
        file_paths=tuple(sorted({*kept.file_paths, *left.file_paths})),
        fixed_version=kept.fixed_version or left.fixed_version,
        first_observed_at=_extreme(min, kept.first_observed_at, left.first_observed_at),
        last_observed_at=_extreme(max, kept.last_observed_at, left.last_observed_at),
    )


def _extreme(
    choose: Callable[[list[datetime]], datetime], one: datetime | None, other: datetime | None
) -> datetime | None:
    known = [time for time in (one, other) if time is not None]
    return choose(known) if known else None


def _order(row: FindingRow) -> tuple[int | str, ...]:
    return (
        -rank(row.severity),
        row.name,
        row.package or "",
        row.installed_version or "",
        row.status or "",
        row.finding_arn or "",
    )

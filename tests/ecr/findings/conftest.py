"""A registry with scanned images, and rows for the tests of outputs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from ecrclient import ECRClient
from ecrclient.findings import FindingRow, FindingsReport, ImageScan
from ecrclient.models import (
    Attribute,
    EnhancedImageScanFinding,
    ImageScanFinding,
    PackageVulnerabilityDetails,
    VulnerablePackage,
)
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import HandClock, add_blobs

REPOSITORY = "team/app"
DIGEST = f"sha256:{'a' * 64}"
SEEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def ecr(clock: HandClock) -> InMemoryECR:
    return InMemoryECR(clock=clock)


@pytest.fixture
async def client(ecr: InMemoryECR) -> AsyncIterator[ECRClient]:
    """A client of an ECR with a repository that has no images."""
    add_blobs(ecr, REPOSITORY)
    async with ecr.client() as client:
        yield client


def basic(name: str, severity: str = "HIGH", **attributes: str) -> ImageScanFinding:
    return ImageScanFinding(
        name=name,
        severity=severity,
        attributes=[Attribute(key=key, value=value) for key, value in attributes.items()],
    )


def enhanced(
    name: str, *packages: VulnerablePackage, severity: str = "HIGH", **members: object
) -> EnhancedImageScanFinding:
    defaults: dict[str, object] = {
        "aws_account_id": "123456789012",
        "finding_arn": f"arn:aws:inspector2:us-east-1:123456789012:finding/{name}",
        "first_observed_at": SEEN,
        "last_observed_at": SEEN,
        "severity": severity,
        "status": "ACTIVE",
        "title": f"{name} - title",
        "type": "PACKAGE_VULNERABILITY",
        "package_vulnerability_details": PackageVulnerabilityDetails(
            source="NVD", vulnerability_id=name, vulnerable_packages=list(packages)
        ),
    }
    return EnhancedImageScanFinding.model_validate({**defaults, **members})


def row(name: str = "CVE-2026-0001", severity: str = "HIGH", **members: object) -> FindingRow:
    defaults: dict[str, object] = {
        "registry_id": "123456789012",
        "repository_name": REPOSITORY,
        "image_digest": DIGEST,
        "image_tags": ("v1",),
        "scanner": "enhanced",
        "package": "openssl",
        "installed_version": "3.0.1",
    }
    return FindingRow(name=name, severity=severity, **{**defaults, **members})  # type: ignore[arg-type]


def scan(state: str = "scanned", **members: object) -> ImageScan:
    defaults: dict[str, object] = {
        "registry_id": "123456789012",
        "repository_name": REPOSITORY,
        "image_digest": DIGEST,
        "image_tags": ("v1",),
    }
    return ImageScan(state=state, **{**defaults, **members})  # type: ignore[arg-type]


def report(*rows: FindingRow, scans: tuple[ImageScan, ...] | None = None) -> FindingsReport:
    return FindingsReport((scan(),) if scans is None else scans, rows)

"""Findings of basic and enhanced scanning, read through one class."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ecrclient._awsjson.protocol.wire_serializer import to_wire_json
from ecrclient.findings import AffectedPackage, Finding
from tests.tools.scripted import Scripted, client, ok

BASIC = {
    "name": "CVE-2023-7008",
    "description": "A vulnerability in systemd-resolved.",
    "uri": "https://ubuntu.com/security/CVE-2023-7008",
    "severity": "LOW",
    "attributes": [
        {"key": "CVSS3_SCORE", "value": "5.9"},
        {"key": "package_version", "value": "245.4-4ubuntu3.23"},
        {"key": "package_name", "value": "systemd"},
    ],
}
ENHANCED = {
    "findingArn": "arn:aws:inspector2:eu-west-1:123456789012:finding/a",
    "severity": "HIGH",
    "title": "CVE-2022-23218 - glibc",
    "description": "A buffer overflow.",
    "packageVulnerabilityDetails": {
        "vulnerabilityId": "CVE-2022-23218",
        "relatedVulnerabilities": ["CVE-2022-23219", "GHSA-xxxx", "CVE-2022-23218"],
        "referenceUrls": ["https://example.com/reference"],
        "sourceUrl": "https://example.com/source",
        "vulnerablePackages": [
            {
                "name": "glibc",
                "epoch": 2,
                "version": "2.26",
                "release": "56.amzn2",
                "fixedInVersion": "0:2.26-58.amzn2",
            },
            {
                "name": "glibc-common",
                "epoch": 0,
                "version": "2.26",
                "fixedInVersion": "NotAvailable",
            },
            {"name": "glibc-minimal"},
        ],
    },
}


async def found(**findings: list[Any]) -> list[Finding]:
    """The findings of a scripted response."""
    pages = client(Scripted(ok({"imageScanFindings": findings}))).describe_image_scan_findings(
        repository_name="ab", image_id={"image_tag": "v1"}
    )
    return [Finding.of(each) async for each in pages]


@pytest.mark.anyio
async def test_a_basic_finding() -> None:
    (finding,) = await found(findings=[BASIC])
    assert finding.severity == "LOW"
    assert finding.name == "CVE-2023-7008"
    assert finding.cves == ("CVE-2023-7008",)
    assert finding.packages == (AffectedPackage("systemd", "245.4-4ubuntu3.23", None),)
    assert finding.description == "A vulnerability in systemd-resolved."
    assert finding.uri == "https://ubuntu.com/security/CVE-2023-7008"
    assert not finding.is_fixable


@pytest.mark.anyio
async def test_an_enhanced_finding() -> None:
    (finding,) = await found(enhancedFindings=[ENHANCED])
    assert finding.severity == "HIGH"
    assert finding.name == "CVE-2022-23218"
    assert finding.cves == ("CVE-2022-23218", "CVE-2022-23219")
    assert finding.packages == (
        AffectedPackage("glibc", "2:2.26-56.amzn2", "0:2.26-58.amzn2"),
        AffectedPackage("glibc-common", "2.26", None),
        AffectedPackage("glibc-minimal", None, None),
    )
    assert finding.description == "A buffer overflow."
    assert finding.uri == "https://example.com/source"
    assert finding.is_fixable


@pytest.mark.anyio
async def test_both_kinds_in_one_response_and_their_sources() -> None:
    basic, enhanced = await found(findings=[BASIC], enhancedFindings=[ENHANCED])
    assert json.loads(to_wire_json(basic.source))["attributes"] == BASIC["attributes"]
    assert getattr(enhanced.source, "finding_arn") == ENHANCED["findingArn"]  # noqa: B009


@pytest.mark.anyio
async def test_a_finding_without_a_vulnerability_or_a_package() -> None:
    basic, headline, bare = await found(
        findings=[{"name": "ALAS-2024-1", "severity": "UNDEFINED"}],
        enhancedFindings=[
            {"findingArn": "arn:a", "severity": "UNTRIAGED", "title": "A port is open"},
            {"findingArn": "arn:b", "severity": "NEW"},
        ],
    )
    assert (basic.name, basic.cves, basic.packages) == ("ALAS-2024-1", (), ())
    assert (headline.name, bare.name) == ("A port is open", "arn:b")
    assert (headline.cves, headline.packages, headline.uri) == ((), (), None)


@pytest.mark.anyio
async def test_without_a_source_url_the_uri_is_the_first_reference() -> None:
    details = {**ENHANCED["packageVulnerabilityDetails"], "sourceUrl": None}  # type: ignore[dict-item]
    (finding,) = await found(
        enhancedFindings=[{**ENHANCED, "packageVulnerabilityDetails": details}]
    )
    assert finding.uri == "https://example.com/reference"


@pytest.mark.anyio
async def test_severities_are_ordered_and_unrated_ones_are_lowest() -> None:
    order = ["UNDEFINED", "INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
    findings = await found(findings=[{**BASIC, "severity": severity} for severity in order])
    assert [finding.is_at_least("HIGH") for finding in findings] == [False] * 4 + [True] * 2
    assert [finding.is_at_least("INFORMATIONAL") for finding in findings] == [False] + [True] * 5
    with pytest.raises(ValueError, match="severity: must be one of INFORMATIONAL, LOW"):
        findings[0].is_at_least("high")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]

"""Findings of image scans: one class for both scanners, reports, and a gate for CI.

::

    report = await FindingsReport.read(ecr, ["team/app"])
    print(report.to_csv())
    result = check_findings(report, "HIGH", fixable_only=True)
    if not result.passed:
        print(result.reasons())

`Finding` reads one finding of either scanner, as ``describe_image_scan_findings`` returns it.
``docs/guides/findings.md`` describes the reports and the rules of the gate.
"""

from __future__ import annotations

from ecrclient.findings.allow_list import AllowEntry, AllowList, AllowListError
from ecrclient.findings.finding import AffectedPackage, Finding, Severity
from ecrclient.findings.gate import AllowedRow, GateResult, check_findings
from ecrclient.findings.reading import FindingsReader, ImageFindings, read_findings
from ecrclient.findings.report import FindingsReport, FindingsReportError
from ecrclient.findings.rows import FindingRow, ImageScan, ScanState

__all__ = [
    "AffectedPackage",
    "AllowEntry",
    "AllowList",
    "AllowListError",
    "AllowedRow",
    "Finding",
    "FindingRow",
    "FindingsReader",
    "FindingsReport",
    "FindingsReportError",
    "GateResult",
    "ImageFindings",
    "ImageScan",
    "ScanState",
    "Severity",
    "check_findings",
    "read_findings",
]

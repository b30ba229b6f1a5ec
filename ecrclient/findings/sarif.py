"""A report as SARIF 2.1.0, as code scanning of GitHub reads it.

Each vulnerability is a rule, each row a result, and each image that could not be judged a
notification. The file of a result is the repository's name, since a finding has no source file.
Sources: "Static Analysis Results Interchange Format (SARIF) Version 2.1.0" (OASIS); "SARIF support
for code scanning" in the GitHub Docs, which also limits a run to 25,000 results.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from ecrclient._awsjson.version import __version__
from ecrclient.findings.finding import rank
from ecrclient.findings.rows import FindingRow, ImageScan

__all__ = ["sarif_text"]

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_TEXT_LENGTH = 1024
_LEVELS = {
    "CRITICAL": "error",
    "HIGH": "error",
    "MEDIUM": "warning",
    "LOW": "note",
    "INFORMATIONAL": "note",
}
# GitHub derives the severity that it shows from a number. These are its bands, and a number for a
# finding whose score is missing or in the band of another severity.
_BANDS = {
    "CRITICAL": (9.0, 10.0, 9.5),
    "HIGH": (7.0, 8.9, 8.0),
    "MEDIUM": (4.0, 6.9, 5.5),
    "LOW": (0.1, 3.9, 2.0),
}


def sarif_text(
    scans: Sequence[ImageScan], findings: Sequence[FindingRow], category: str | None
) -> str:
    """The log file as JSON.

    Args:
        scans: The rows of images.
        findings: The rows of findings.
        category: Distinguishes this report from others on the same commit; None if there are none.
    """
    rules = _rules(findings)
    positions = {name: number for number, name in enumerate(rules)}
    driver = {
        "name": "ecrclient",
        "version": __version__,
        "informationUri": "https://github.com/ecrclient/ecrclient",
        "rules": list(rules.values()),
    }
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(scans)],
        "results": [_result(row, positions[row.name]) for row in findings],
    }
    if category is not None:
        run["automationDetails"] = {"id": f"{category}/"}
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False)


def _rules(findings: Sequence[FindingRow]) -> dict[str, dict[str, Any]]:
    by_name: dict[str, list[FindingRow]] = {}
    for row in findings:
        by_name.setdefault(row.name, []).append(row)
    return {name: _rule(rows) for name, rows in sorted(by_name.items())}


def _rule(rows: list[FindingRow]) -> dict[str, Any]:
    """The rule of a vulnerability; its severity is that of the most severe row."""
    row = max(rows, key=lambda one: rank(one.severity))
    summary = row.title or row.name
    properties: dict[str, Any] = {"tags": ["security", "vulnerability", *row.cves[:10]]}
    number = _security_severity(row)
    if number is not None:
        properties["security-severity"] = f"{number:.1f}"
    rule: dict[str, Any] = {
        "id": row.name,
        "shortDescription": {"text": _short(summary)},
        "fullDescription": {"text": _short(row.description or summary)},
        "help": {"text": row.description or summary},
        "defaultConfiguration": {"level": _level(row)},
        "properties": properties,
    }
    if row.uri is not None and row.uri.startswith(("https://", "http://")):
        rule["helpUri"] = row.uri
    return rule


def _result(row: FindingRow, rule: int) -> dict[str, Any]:
    place = {
        "physicalLocation": {
            "artifactLocation": {"uri": row.repository_name},
            "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1},
        },
        "logicalLocations": [
            {
                "name": row.package or row.name,
                "fullyQualifiedName": f"{row.repository_name}@{row.image_digest}",
                "kind": "module",
            }
        ],
        "message": {"text": f"{row.repository_name}@{row.image_digest}"},
    }
    fingerprint = _fingerprint(row)
    result: dict[str, Any] = {
        "ruleId": row.name,
        "ruleIndex": rule,
        "level": _level(row),
        "message": {"text": _message(row)},
        "locations": [place],
        "partialFingerprints": {
            # The only one that GitHub uses.
            "primaryLocationLineHash": f"{fingerprint[:16]}:1",
            "ecrFinding/v1": fingerprint,
        },
        "properties": _properties(row),
    }
    if row.status == "SUPPRESSED":
        result["suppressions"] = [{"kind": "external", "status": "accepted"}]
    return result


def _fingerprint(row: FindingRow) -> str:
    """The same for each image of the repository, so that an alert lives on with the next image."""
    parts = (row.registry_id or "", row.repository_name, row.name, row.package or "")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _message(row: FindingRow) -> str:
    package = "" if row.package is None else f" in {row.package} {row.installed_version or ''}"
    fix = f"; fixed in {row.fixed_version}" if row.fixed_version else ""
    tags = f" ({', '.join(row.image_tags)})" if row.image_tags else ""
    image = f"{row.repository_name}@{row.image_digest}{tags}"
    return f"{row.severity} {row.name}{package.rstrip()}{fix}. Image: {image}"


def _properties(row: FindingRow) -> dict[str, Any]:
    members = {
        "severity": row.severity,
        "scanner": row.scanner,
        "imageDigest": row.image_digest,
        "imageTags": list(row.image_tags),
        "package": row.package,
        "installedVersion": row.installed_version,
        "fixedVersion": row.fixed_version,
        "filePaths": list(row.file_paths),
        "score": row.score,
        "scoreSource": row.score_source,
        "status": row.status,
        "findingArn": row.finding_arn,
    }
    return {name: value for name, value in members.items() if value not in (None, [])}


def _invocation(scans: Iterable[ImageScan]) -> dict[str, Any]:
    """Whether all findings could be read, and the images that could not be judged."""
    unjudged = [scan for scan in scans if scan.is_unjudged]
    notifications = [
        {
            "descriptor": {"id": scan.state.replace(" ", "-")},
            "level": "error" if scan.state in {"error", "failed"} else "warning",
            "message": {"text": f"{scan}: {scan.state}. {scan.description or ''}".rstrip()},
            "locations": [
                {"physicalLocation": {"artifactLocation": {"uri": scan.repository_name}}}
            ],
        }
        for scan in unjudged
    ]
    return {
        "executionSuccessful": all(scan.state != "error" for scan in unjudged),
        "toolExecutionNotifications": notifications,
    }


def _level(row: FindingRow) -> str:
    return _LEVELS.get(row.severity, "warning")


def _security_severity(row: FindingRow) -> float | None:
    """The score if it is in the band of the severity, or a number in it; None if not rated."""
    band = _BANDS.get(row.severity)
    if band is None:
        return None
    lowest, highest, typical = band
    return row.score if row.score is not None and lowest <= row.score <= highest else typical


def _short(text: str) -> str:
    return text if len(text) <= _TEXT_LENGTH else f"{text[: _TEXT_LENGTH - 1]}\u2026"

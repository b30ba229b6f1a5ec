"""Reports as JSON, CSV and SARIF."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecrclient.findings import FindingRow, FindingsReport, FindingsReportError
from tests.ecr.findings.conftest import DIGEST, REPOSITORY, SEEN, report, row, scan

FULL = row(
    "CVE-2026-0002",
    "CRITICAL",
    cves=("CVE-2026-0002",),
    title='A "quoted", title',
    description="Two\nlines",
    fixed_version="3.0.2",
    package_manager="OS",
    file_paths=("/a", "/b"),
    score=9.8,
    score_source="NVD",
    uri="https://example.com/CVE-2026-0002",
    status="ACTIVE",
    fix_available="YES",
    exploit_available="NO",
    first_observed_at=SEEN,
    last_observed_at=SEEN,
    finding_arn="arn:aws:inspector2:us-east-1:123456789012:finding/1",
)
REPORT = report(
    FULL,
    row(package=None, installed_version=None),
    scans=(scan(findings=2, completed_at=SEEN), scan("failed", status="FAILED", description="why")),
)


class TestJson:
    def test_a_report_is_read_again(self) -> None:
        assert FindingsReport.from_json(REPORT.to_json()) == REPORT

    def test_times_are_rfc_3339(self) -> None:
        first = json.loads(REPORT.to_json())["findings"][0]
        assert first["first_observed_at"] == "2026-01-02T03:04:05Z"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "report: Invalid JSON"),
            ("{}", "scans: Field required"),
            (REPORT.to_json().replace('"version": 1', '"version": 2'), "version: Input should be"),
            (REPORT.to_json().replace('"failed"', '"fine"'), r"scans\.1\.state: Input should be"),
        ],
    )
    def test_another_text_is_refused(self, text: str, message: str) -> None:
        with pytest.raises(FindingsReportError, match=message):
            FindingsReport.from_json(text)


def cells(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


class TestCsv:
    def test_images_and_findings_are_rows(self) -> None:
        rows = cells(REPORT.to_csv())
        assert [one["record"] for one in rows] == ["image", "image", "finding", "finding"]
        assert [one["state"] for one in rows[:2]] == ["scanned", "failed"]
        finding = rows[2]
        assert finding["title"] == 'A "quoted", title'
        assert finding["description"] == "Two\nlines"
        assert (finding["file_paths"], finding["score"]) == ("/a /b", "9.8")
        assert finding["first_observed_at"] == "2026-01-02T03:04:05Z"
        assert (rows[3]["package"], rows[3]["score"]) == ("", "")

    def test_the_text_follows_rfc_4180(self) -> None:
        text = REPORT.to_csv()
        assert text.endswith("\r\n")
        assert text.startswith("record,registry_id,repository_name,")
        assert '"A ""quoted"", title"' in text
        assert text.replace("\r\n", "").replace("Two\nlines", "").count("\n") == 0

    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\uff1d"])
    def test_formulas_are_escaped(self, start: str) -> None:
        value = f'{start}HYPERLINK("http://evil")'
        (one,) = cells(report(row(package=value), scans=()).to_csv())
        assert one["package"] == f"'{value}"

    @given(st.text())
    def test_every_text_is_one_cell(self, text: str) -> None:
        (one,) = cells(report(row(package=text), scans=()).to_csv())
        assert one["package"] in {text, f"'{text}"}
        assert not one["package"].lstrip().startswith(("=", "+", "-", "@"))

    def test_other_text_is_kept(self) -> None:
        (one,) = cells(report(row(package="a=b@c"), scans=()).to_csv())
        assert one["package"] == "a=b@c"


def sarif(made: FindingsReport, **options: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(made.to_sarif(**options)))


def run_of(made: FindingsReport) -> dict[str, Any]:
    (run,) = sarif(made)["runs"]
    return cast("dict[str, Any]", run)


def rule_of(one: FindingRow) -> dict[str, Any]:
    (rule,) = run_of(report(one))["tool"]["driver"]["rules"]
    return cast("dict[str, Any]", rule)


class TestSarif:
    def test_the_required_structure(self) -> None:
        """The properties that the schema and GitHub require."""
        log = sarif(REPORT)
        assert log["version"] == "2.1.0"
        assert log["$schema"].endswith("sarif-schema-2.1.0.json")
        (run,) = log["runs"]
        driver = run["tool"]["driver"]
        assert driver["name"] == "ecrclient"
        ids = [rule["id"] for rule in driver["rules"]]
        assert ids == sorted(set(ids))
        for rule in driver["rules"]:
            for member in ("shortDescription", "fullDescription", "help"):
                assert rule[member]["text"]
        for result in run["results"]:
            assert result["message"]["text"]
            assert ids[result["ruleIndex"]] == result["ruleId"]
            assert result["level"] in {"none", "note", "warning", "error"}
            (location,) = result["locations"]
            physical = location["physicalLocation"]
            assert physical["artifactLocation"]["uri"] == REPOSITORY
            assert physical["region"]["startLine"] == 1
            assert all(isinstance(one, str) for one in result["partialFingerprints"].values())
        (invocation,) = run["invocations"]
        assert invocation["executionSuccessful"] is True

    def test_the_result_of_a_finding(self) -> None:
        result = run_of(REPORT)["results"][0]
        assert result["message"]["text"] == (
            "CRITICAL CVE-2026-0002 in openssl 3.0.1; fixed in 3.0.2. "
            f"Image: {REPOSITORY}@{DIGEST} (v1)"
        )
        assert result["properties"]["imageDigest"] == DIGEST
        assert result["properties"]["score"] == 9.8

    def test_a_rule(self) -> None:
        rule = rule_of(FULL)
        assert rule["helpUri"] == "https://example.com/CVE-2026-0002"
        assert rule["defaultConfiguration"] == {"level": "error"}
        assert rule["properties"]["security-severity"] == "9.8"
        assert rule["properties"]["tags"] == ["security", "vulnerability", "CVE-2026-0002"]

    @pytest.mark.parametrize("uri", ["javascript:alert(1)", None])
    def test_only_web_pages_are_links(self, uri: str | None) -> None:
        assert "helpUri" not in rule_of(row(uri=uri))

    @pytest.mark.parametrize(
        ("severity", "score", "level", "number"),
        [
            ("CRITICAL", 9.1, "error", "9.1"),
            ("CRITICAL", None, "error", "9.5"),
            ("HIGH", 9.8, "error", "8.0"),
            ("MEDIUM", 4.0, "warning", "4.0"),
            ("LOW", 0.0, "note", "2.0"),
            ("INFORMATIONAL", 0.0, "note", None),
            ("UNTRIAGED", 9.0, "warning", None),
        ],
    )
    def test_levels_and_numbers_agree_with_the_severity(
        self, severity: str, score: float | None, level: str, number: str | None
    ) -> None:
        one = row(severity=severity, score=score)
        assert run_of(report(one))["results"][0]["level"] == level
        assert rule_of(one)["properties"].get("security-severity") == number

    def test_a_rule_has_the_severity_of_its_most_severe_row(self) -> None:
        (rule,) = run_of(report(row(severity="LOW"), row(severity="HIGH")))["tool"]["driver"][
            "rules"
        ]
        assert rule["properties"]["security-severity"] == "8.0"

    def test_long_texts_are_cut_for_github(self) -> None:
        rule = rule_of(row(description="x" * 2000))
        assert len(rule["fullDescription"]["text"]) == 1024
        assert len(rule["help"]["text"]) == 2000

    def test_fingerprints_survive_the_next_image_and_version(self) -> None:
        before = row()
        after = row(image_digest=f"sha256:{'b' * 64}", image_tags=("v2",), installed_version="3.1")
        assert fingerprints(before) == fingerprints(after)

    @pytest.mark.parametrize(
        "members",
        [{"package": "zlib"}, {"repository_name": "team/other"}, {"registry_id": "210987654321"}],
    )
    def test_fingerprints_distinguish_findings(self, members: dict[str, str]) -> None:
        assert fingerprints(row()) != fingerprints(row(**members))

    def test_fingerprints_do_not_change_between_versions(self) -> None:
        assert fingerprints(row())["primaryLocationLineHash"] == "2c2a462d02dd4392:1"

    def test_suppressed_findings_are_suppressed(self) -> None:
        active, suppressed = run_of(report(row(), row(status="SUPPRESSED")))["results"]
        assert "suppressions" not in active
        assert suppressed["suppressions"] == [{"kind": "external", "status": "accepted"}]

    def test_images_that_could_not_be_judged_are_notifications(self) -> None:
        made = report(scans=(scan(), scan("index"), scan("not scanned"), scan("error")))
        (invocation,) = run_of(made)["invocations"]
        assert invocation["executionSuccessful"] is False
        notes = invocation["toolExecutionNotifications"]
        assert [(one["descriptor"]["id"], one["level"]) for one in notes] == [
            ("not-scanned", "warning"),
            ("error", "error"),
        ]
        assert DIGEST in notes[0]["message"]["text"]

    def test_a_category(self) -> None:
        assert "automationDetails" not in run_of(REPORT)
        (run,) = sarif(REPORT, category="nightly")["runs"]
        assert run["automationDetails"] == {"id": "nightly/"}


def fingerprints(one: FindingRow) -> dict[str, str]:
    return cast("dict[str, str]", run_of(report(one))["results"][0]["partialFingerprints"])

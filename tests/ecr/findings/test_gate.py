"""The gate: thresholds, the allow list and images that cannot be judged."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from ecrclient import RequestValidationError
from ecrclient.findings import (
    AllowEntry,
    AllowList,
    AllowListError,
    GateResult,
    Severity,
    check_findings,
)
from tests.ecr.findings.conftest import DIGEST, REPOSITORY, report, row, scan

TODAY = date(2026, 11, 27)


def entry(finding: str = "CVE-2026-0001", **members: Any) -> AllowEntry:
    defaults: dict[str, Any] = {"expires": TODAY, "reason": "Not reachable."}
    return AllowEntry(finding=finding, **{**defaults, **members})


def check(*args: Any, allow: tuple[AllowEntry, ...] = (), **options: Any) -> GateResult:
    return check_findings(*args, allow=AllowList(allow), today=TODAY, **options)


def names(result: GateResult) -> list[str]:
    return [row.name for row in result.failing]


RATED = [
    row(name, name) for name in ("LOW", "CRITICAL", "UNDEFINED", "HIGH", "MEDIUM", "INFORMATIONAL")
]


@pytest.mark.parametrize(
    ("severity", "failing"),
    [
        ("CRITICAL", ["CRITICAL"]),
        ("HIGH", ["CRITICAL", "HIGH"]),
        ("MEDIUM", ["CRITICAL", "HIGH", "MEDIUM"]),
        ("LOW", ["CRITICAL", "HIGH", "MEDIUM", "LOW"]),
        ("INFORMATIONAL", ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL"]),
    ],
)
def test_findings_at_or_above_the_threshold_fail(severity: Severity, failing: list[str]) -> None:
    result = check(report(*RATED), severity)
    assert names(result) == failing
    assert not result.passed


def test_nothing_at_the_threshold_passes() -> None:
    result = check(report(row(severity="MEDIUM"), row(severity="UNTRIAGED")))
    assert (result.passed, result.judged, result.reasons()) == (True, 1, [])


def test_findings_without_a_rating_fail_on_request() -> None:
    unrated = report(row("a", "UNDEFINED"), row("b", "UNTRIAGED"), row("c", "LOW"))
    assert names(check(unrated, fail_unrated=True)) == ["a", "b"]


def test_an_unknown_severity_fails() -> None:
    assert names(check(report(row("a", "SEVERE")), "CRITICAL")) == ["a"]


def test_only_fixable_findings_count_on_request() -> None:
    rows = report(row("a", fixed_version="3.0.2"), row("b"))
    result = check(rows, fixable_only=True)
    assert names(result) == ["a"]
    assert result.reasons() == [
        f"HIGH a in openssl 3.0.1 (fixed in 3.0.2): {REPOSITORY}@{DIGEST} (v1)"
    ]


@pytest.mark.parametrize("status", ["SUPPRESSED", "CLOSED"])
def test_inactive_findings_do_not_fail_and_are_reported(status: str) -> None:
    result = check(report(row(status=status), row("low", "LOW", status=status)))
    assert result.passed
    assert [one.name for one in result.inactive] == ["CVE-2026-0001"]


@pytest.mark.parametrize("status", ["ACTIVE", "NEW", None])
def test_any_other_status_counts(status: str | None) -> None:
    assert not check(report(row(status=status))).passed


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"package": "openssl"},
        {"repository": "team/*"},
        {"repository": REPOSITORY},
        {"image_digest": DIGEST},
        {"package": "openssl", "repository": "*", "image_digest": DIGEST},
    ],
)
def test_an_entry_allows_a_finding(members: dict[str, str]) -> None:
    one = entry(**members)
    result = check(report(row()), allow=(one,))
    assert result.passed
    assert [(allowed.row, allowed.entry) for allowed in result.allowed] == [(row(), one)]
    assert (result.unused_entries, result.expired_entries) == ((), ())


@pytest.mark.parametrize(
    "members",
    [
        {"finding": "CVE-2026-000"},
        {"finding": "cve-2026-0001"},
        {"finding": "*"},
        {"package": "open*"},
        {"repository": "team"},
        {"image_digest": f"sha256:{'b' * 64}"},
        {"package": "zlib", "repository": "team/*"},
    ],
)
def test_an_entry_that_does_not_apply_is_unused(members: dict[str, str]) -> None:
    one = entry(**members)
    result = check(report(row()), allow=(one,))
    assert names(result) == ["CVE-2026-0001"]
    assert result.unused_entries == (one,)


def test_an_entry_for_a_related_cve_does_not_apply() -> None:
    result = check(report(row("GHSA-1", cves=("CVE-2026-0001",))), allow=(entry(),))
    assert not result.passed


def test_an_expired_entry_fails_and_is_named_even_if_it_is_not_used() -> None:
    used, unused = (entry(name, expires=date(2026, 11, 26)) for name in ("CVE-2026-0001", "other"))
    result = check(report(row()), allow=(used, unused))
    assert (names(result), result.expired_entries) == (["CVE-2026-0001"], (used, unused))
    assert result.unused_entries == ()
    clean = check(report(), allow=(unused,))
    assert not clean.passed
    assert clean.reasons() == [
        "expired entry of the allow list: other, until 2026-11-26: Not reachable."
    ]


def test_a_second_entry_that_has_not_expired_still_allows_the_finding() -> None:
    old = entry(expires=date(2026, 11, 1))
    result = check(report(row()), allow=(old, entry()))
    assert (names(result), len(result.allowed), result.passed) == ([], 1, False)


@pytest.mark.parametrize(
    "state",
    [
        "in progress",
        "not scanned",
        "failed",
        "unsupported",
        "expired",
        "unavailable",
        "archived",
        "error",
        "unknown",
    ],
)
def test_an_image_that_could_not_be_judged_fails(state: str) -> None:
    rows = report(scans=(scan(), scan(state, description="why")))
    result = check(rows)
    assert (result.passed, result.unjudged) == (False, rows.scans[1:])
    assert result.reasons() == [f"not judged: {REPOSITORY}@{DIGEST} (v1): {state}: why"]
    allowed = check(rows, allow_unjudged=True)
    assert (allowed.passed, allowed.unjudged, allowed.reasons()) == (True, rows.scans[1:], [])


def test_findings_of_an_image_that_could_not_be_judged_still_fail() -> None:
    result = check(report(row(), scans=(scan("failed"),)), allow_unjudged=True)
    assert not result.passed


def test_indexes_and_artifacts_need_no_judgement() -> None:
    assert check(report(scans=(scan(), scan("index"), scan("artifact")))).passed


@pytest.mark.parametrize("scans", [(), (scan("index"),), (scan("artifact"),)])
def test_a_report_without_a_judged_image_fails(scans: tuple[Any, ...]) -> None:
    result = check(report(scans=scans))
    assert not result.passed
    assert result.reasons() == ["not judged: the report has no image with findings"]
    assert check(report(scans=scans), allow_unjudged=True).passed


def test_a_name_cannot_add_lines_or_control_characters_to_a_log() -> None:
    (line,) = check(report(row(package="x\n::error::forged\r\u2028y\x1b[31m\x00"))).reasons()
    assert "in x ::error::forged y?[31m? 3.0.1" in line
    assert line.splitlines() == [line]
    assert line.isprintable()


def test_the_current_day_is_the_default() -> None:
    past = check_findings(report(), allow=AllowList((entry(expires=date(2001, 1, 1)),)))
    future = check_findings(report(), allow=AllowList((entry(expires=date(2999, 1, 1)),)))
    assert (past.passed, future.passed) == (False, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x",), "report: must be a FindingsReport"),
        ((report(), "high"), "severity: must be one of"),
    ],
)
def test_wrong_arguments(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(RequestValidationError, match=message):
        check_findings(*arguments)
    with pytest.raises(RequestValidationError, match="today: must be a date without a time"):
        check_findings(report(), today=datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(RequestValidationError, match="allow: must be an AllowList"):
        check_findings(report(), allow=cast("AllowList", []))


TOML = """\
[[allow]]
finding = "CVE-2026-0001"
package = "openssl"
repository = "team/*"
expires = 2027-01-31
reason = "Not reachable."
"""
JSON = """{"allow": [{"finding": "CVE-2026-0001", "package": "openssl", "repository": "team/*",
"expires": "2027-01-31", "reason": "Not reachable."}]}"""
PARSED = AllowEntry(
    finding="CVE-2026-0001",
    package="openssl",
    repository="team/*",
    expires=date(2027, 1, 31),
    reason="Not reachable.",
)


def test_toml_and_json_are_equal() -> None:
    assert AllowList.parse_toml(TOML) == AllowList.parse_json(JSON) == AllowList((PARSED,))
    assert AllowList.parse_toml("allow = []") == AllowList()


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "text"), [("allow.toml", TOML), ("allow.json", JSON)])
async def test_a_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert await AllowList.load(tmp_path / name) == AllowList((PARSED,))


@pytest.mark.anyio
async def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(AllowListError, match=r"none\.toml: No such file"):
        await AllowList.load(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff")
    with pytest.raises(AllowListError, match=r"binary\.toml: not UTF-8"):
        await AllowList.load(tmp_path / "binary.toml")
    (tmp_path / "wrong.json").write_text('{"allow": [{}]}')
    with pytest.raises(AllowListError, match=r"wrong\.json: allow\[0\]\.finding: is missing"):
        await AllowList.load(str(tmp_path / "wrong.json"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("package", "packge"), r"allow\[0\]\.packge: an unknown member; known are finding"),
        (('reason = "Not reachable."', ""), r"allow\[0\]\.reason: is missing"),
        (('"Not reachable."', '" "'), r"allow\[0\]\.reason: must be a string that is not empty"),
        (("2027-01-31", "2027-01-31T00:00:00Z"), r"allow\[0\]\.expires: must be a date without"),
        (("2027-01-31", '"31.01.2027"'), r"allow\[0\]\.expires: must be a date such as"),
        (("2027-01-31", "1"), r"allow\[0\]\.expires: must be a date without"),
        (('"openssl"', "1"), r"allow\[0\]\.package: must be a string"),
        (("[[allow]]", "[[allowed]]"), "allow list: must have one member, allow"),
        (("[[allow]]", "[[allow"), "allow list: not TOML"),
        (("[[allow]]", "[allow]"), "allow: must be a list of entries"),
    ],
)
def test_a_wrong_allow_list_is_refused(change: tuple[str, str], message: str) -> None:
    with pytest.raises(AllowListError, match=message):
        AllowList.parse_toml(TOML.replace(*change))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[]", "must have one member"),
        ('{"allow": [1]}', r"allow\[0\]: must be an entry"),
        (JSON.replace('"openssl"', "null"), r"allow\[0\]\.package: must not be null"),
        (JSON.replace('"2027-01-31"', "null"), r"allow\[0\]\.expires: must be a date"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_wrong_json_is_refused(text: str, message: str) -> None:
    with pytest.raises(AllowListError, match=message):
        AllowList.parse_json(text)

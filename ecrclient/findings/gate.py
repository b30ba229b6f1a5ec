"""A gate: whether the findings of a report are acceptable.

The gate fails closed. It does not pass if an image could not be judged, if no image was judged, or
if an entry of the allow list has expired.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple

from ecrclient._awsjson.protocol.argument_checks import check_argument, wrong_argument
from ecrclient.findings.allow_list import AllowEntry, AllowList
from ecrclient.findings.finding import Severity, check_severity, is_known, rank
from ecrclient.findings.rows import FindingRow, ImageScan

if TYPE_CHECKING:
    from ecrclient.findings.report import FindingsReport

__all__ = ["AllowedRow", "GateResult", "check_findings"]


@dataclass(frozen=True, slots=True)
class AllowedRow:
    """A finding that would fail the gate without an entry of the allow list."""

    row: FindingRow
    entry: AllowEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """The result of `check_findings`."""

    passed: bool
    severity: Severity
    """The threshold."""
    judged: int
    """The number of images whose findings are complete."""
    failing: tuple[FindingRow, ...]
    """The findings that fail the gate, the most severe first."""
    allowed: tuple[AllowedRow, ...]
    inactive: tuple[FindingRow, ...]
    """The findings that would fail the gate, but are suppressed or closed in Amazon Inspector."""
    unjudged: tuple[ImageScan, ...]
    """The images whose findings are missing or may be incomplete."""
    unjudged_allowed: bool
    """Whether the gate passes although images could not be judged."""
    expired_entries: tuple[AllowEntry, ...]
    """The entries of the allow list that have expired; each fails the gate."""
    unused_entries: tuple[AllowEntry, ...]
    """The entries that have not expired, and apply to no finding that would fail the gate."""

    def reasons(self) -> list[str]:
        """Why the gate does not pass, one line each; empty if it passes."""
        lines = [_line(row) for row in self.failing]
        lines += [f"expired entry of the allow list: {entry}" for entry in self.expired_entries]
        if not self.unjudged_allowed:
            for scan in self.unjudged:
                why = f": {scan.description}" if scan.description else ""
                lines.append(f"not judged: {scan}: {scan.state}{why}")
            if not self.judged and not self.unjudged:
                lines.append("not judged: the report has no image with findings")
        return [_printable(line) for line in lines]


def check_findings(
    report: FindingsReport,
    severity: Severity = "HIGH",
    *,
    fixable_only: bool = False,
    fail_unrated: bool = False,
    allow: AllowList | None = None,
    allow_unjudged: bool = False,
    today: date | None = None,
) -> GateResult:
    """Check the findings of a report against a threshold.

    A finding fails the gate if it is at least as severe as the threshold, active, and not allowed.
    A severity that this version does not know fails it too.

    Args:
        report: The report.
        severity: The threshold: ``CRITICAL``, ``HIGH``, ``MEDIUM``, ``LOW`` or ``INFORMATIONAL``.
        fixable_only: Whether only findings count for which the scanner reports a version with a
            fix. Basic scanning does not report it, so none of its findings count then.
        fail_unrated: Whether findings without a rating (``UNDEFINED``, ``UNTRIAGED``) count.
        allow: The findings that are accepted.
        allow_unjudged: Whether the gate can pass although images could not be judged, or no image
            was.
        today: The day on which entries of the allow list must not have expired; None for the
            current day (UTC).

    Raises:
        RequestValidationError: An argument is invalid.
    """
    _check_arguments(report, severity, allow, today)
    entries = () if allow is None else allow.entries
    day = datetime.now(UTC).date() if today is None else today
    expired = tuple(entry for entry in entries if entry.has_expired(day))
    valid = [entry for entry in entries if not entry.has_expired(day)]
    counting = [
        row
        for row in report.findings
        if _counts(row, severity, fixable_only=fixable_only, fail_unrated=fail_unrated)
    ]
    decided = _decide(counting, valid)
    judged = sum(scan.is_judged for scan in report.scans)
    unjudged = tuple(scan for scan in report.scans if scan.is_unjudged)
    complete = allow_unjudged or (judged > 0 and not unjudged)
    return GateResult(
        passed=not decided.failing and not expired and complete,
        severity=severity,
        judged=judged,
        failing=_sorted(decided.failing),
        allowed=tuple(decided.allowed),
        inactive=_sorted(decided.inactive),
        unjudged=unjudged,
        unjudged_allowed=allow_unjudged,
        expired_entries=expired,
        unused_entries=decided.unused,
    )


class _Decided(NamedTuple):
    failing: list[FindingRow]
    allowed: list[AllowedRow]
    inactive: list[FindingRow]
    unused: tuple[AllowEntry, ...]


def _decide(rows: Iterable[FindingRow], entries: Sequence[AllowEntry]) -> _Decided:
    """Divide the findings that count, by entries of the allow list that have not expired."""
    failing: list[FindingRow] = []
    allowed: list[AllowedRow] = []
    inactive: list[FindingRow] = []
    used: set[int] = set()
    for row in rows:
        applying = [number for number, entry in enumerate(entries) if entry.applies_to(row)]
        used.update(applying)
        if not row.is_active:
            inactive.append(row)
        elif applying:
            allowed.append(AllowedRow(row, entries[applying[0]]))
        else:
            failing.append(row)
    unused = tuple(entry for number, entry in enumerate(entries) if number not in used)
    return _Decided(failing, allowed, inactive, unused)


def _check_arguments(report: object, severity: object, allow: object, today: object) -> None:
    from ecrclient.findings.report import FindingsReport

    check_argument("check_findings", "report", report, FindingsReport, "a FindingsReport")
    check_severity("check_findings", severity)
    check_argument("check_findings", "allow", allow, AllowList, "an AllowList", none=True)
    if today is not None and type(today) is not date:  # a datetime is a date too
        raise wrong_argument("check_findings", "today", "must be a date without a time")


def _counts(row: FindingRow, severity: Severity, *, fixable_only: bool, fail_unrated: bool) -> bool:
    if fixable_only and not row.is_fixable:
        return False
    if not is_known(row.severity):
        return True
    return row.is_at_least(severity) or (fail_unrated and not rank(row.severity))


def _sorted(rows: Sequence[FindingRow]) -> tuple[FindingRow, ...]:
    return tuple(sorted(rows, key=lambda row: -rank(row.severity)))


def _printable(line: str) -> str:
    """One line for a log: names of packages come from images and may contain any character."""
    return "".join(one if one.isprintable() else "?" for one in " ".join(line.split()))


def _line(row: FindingRow) -> str:
    package = "" if row.package is None else f" in {row.package} {row.installed_version or ''}"
    fix = f" (fixed in {row.fixed_version})" if row.fixed_version else ""
    tags = f" ({', '.join(row.image_tags)})" if row.image_tags else ""
    image = f"{row.repository_name}@{row.image_digest}{tags}"
    return f"{row.severity} {row.name}{package.rstrip()}{fix}: {image}"

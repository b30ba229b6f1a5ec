"""A report as CSV (RFC 4180): one table with the rows of findings and of images.

A spreadsheet may run a cell that begins like a formula, and names of packages come from images.
Such a text is preceded by an apostrophe ("CSV Injection", OWASP).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import cast

from ecrclient.findings.rows import FindingRow, ImageScan

__all__ = ["COLUMNS", "csv_text"]

COLUMNS = (
    "record",
    "registry_id",
    "repository_name",
    "image_digest",
    "image_tags",
    "scanner",
    "name",
    "severity",
    "package",
    "installed_version",
    "fixed_version",
    "package_manager",
    "file_paths",
    "score",
    "score_source",
    "uri",
    "state",
    "status",
    "fix_available",
    "exploit_available",
    "first_observed_at",
    "last_observed_at",
    "completed_at",
    "pushed_at",
    "media_type",
    "cves",
    "title",
    "description",
    "finding_arn",
    "findings",
)
"""The header. ``record`` is ``image`` or ``finding``."""

# With the wide forms of the signs, which some spreadsheets convert.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_CONTROL = ("\t", "\r", "\n")


def csv_text(scans: Iterable[ImageScan], findings: Iterable[FindingRow]) -> str:
    """The table, with a header and CRLF at the ends of lines."""
    written = io.StringIO(newline="")
    table = csv.writer(written, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for record, rows in (("image", scans), ("finding", findings)):
        for row in rows:
            table.writerow([record, *(_cell(getattr(row, column, None)) for column in COLUMNS[1:])])
    return written.getvalue()


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case tuple():
            text = " ".join(cast("tuple[str, ...]", value))
        case int() | float():
            return str(value)
        case _:
            text = str(value)
    return f"'{text}" if text.startswith(_CONTROL) or text.lstrip().startswith(_FORMULA) else text

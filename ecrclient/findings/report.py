"""A report: the findings of many images, as JSON, CSV and SARIF."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import TypeAdapter, ValidationError

from ecrclient._awsjson.protocol.argument_checks import check_argument
from ecrclient.errors import ECRClientError
from ecrclient.findings.csv_output import csv_text
from ecrclient.findings.reading import read_findings
from ecrclient.findings.rows import FindingRow, ImageScan
from ecrclient.findings.sarif import sarif_text

if TYPE_CHECKING:
    from ecrclient.client import ECRClient

__all__ = ["FindingsReport", "FindingsReportError"]


class FindingsReportError(ECRClientError, ValueError):
    """A text is not a report of this version."""


@dataclass(frozen=True, slots=True)
class FindingsReport:
    """The findings of images, with a row for every image."""

    scans: tuple[ImageScan, ...]
    """One row for each image, in the order of ECR's listing."""
    findings: tuple[FindingRow, ...]
    """One row for each finding and package, image by image, the most severe first."""
    version: Literal[1] = 1
    """The version of the JSON format."""

    @classmethod
    async def read(
        cls,
        client: ECRClient,
        repositories: Sequence[str] | None = None,
        *,
        images: Sequence[str] | None = None,
        registry_id: str | None = None,
        max_concurrency: int = 8,
    ) -> FindingsReport:
        """Read the findings of images into a report; see `read_findings` for the arguments.

        All rows are in memory. `read_findings` streams them instead.

        Args:
            client: The client.
            repositories: The names of repositories; None for all repositories of the registry.
            images: Tags or digests of images in the only repository; None for all images.
            registry_id: The AWS account ID of the registry; None for the caller's own account.
            max_concurrency: The maximum number of images that are read at the same time.

        Raises:
            RepositoryNotFoundException: A named repository does not exist.
            ImageNotFoundException: A named image does not exist.
            RequestValidationError: An argument is invalid; nothing was sent.
            ECRClientError: Any other failure that does not concern one image or repository.
        """
        reader = read_findings(
            client,
            repositories,
            images=images,
            registry_id=registry_id,
            max_concurrency=max_concurrency,
        )
        scans: list[ImageScan] = []
        findings: list[FindingRow] = []
        async with reader as read:
            async for image in read:
                scans.append(image.scan)
                findings.extend(image.findings)
        return cls(tuple(scans), tuple(findings))

    def to_json(self) -> str:
        """Return the report as JSON, which `from_json` reads."""
        return _adapter().dump_json(self, indent=2).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> FindingsReport:
        """Read a report that `to_json` wrote.

        Raises:
            FindingsReportError: The text is not a report of this version.
        """
        check_argument("FindingsReport.from_json", "text", text, (str, bytes), "a string or bytes")
        try:
            return _adapter().validate_json(text)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "report"
            raise FindingsReportError(f"{place}: {first['msg']}") from None

    def to_csv(self) -> str:
        """Return the report as CSV (RFC 4180): the rows of images, then those of findings.

        Lists are separated by blanks. A text that a spreadsheet could run as a formula is preceded
        by an apostrophe.
        """
        return csv_text(self.scans, self.findings)

    def to_sarif(self, *, category: str | None = None) -> str:
        """Return the report as SARIF 2.1.0, for GitHub's code scanning.

        Args:
            category: Distinguishes this report from others that are uploaded for the same commit;
                None if there are none.
        """
        check_argument("to_sarif", "category", category, str, "a string", none=True)
        return sarif_text(self.scans, self.findings, category)


@functools.cache
def _adapter() -> TypeAdapter[FindingsReport]:
    return TypeAdapter(FindingsReport)

"""``ecrclient findings``: report the scan findings of images, and check them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from ecrclient.cli import places
from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.output import print_json, print_note, print_table
from ecrclient.cli.settings import Command, Settings, pass_settings
from ecrclient.cli.text import counted

if TYPE_CHECKING:
    from ecrclient.findings import FindingsReport, Severity

__all__ = ["command"]

_SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL")


@click.command("findings", cls=Command)
@click.argument("names", nargs=-1, type=places.image, metavar="[IMAGE|REPOSITORY]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "sarif"]),
    default="table",
    show_default=True,
    help="The format of the report.",
)
@click.option(
    "--fail-on",
    type=click.Choice(_SEVERITIES, case_sensitive=False),
    help="Exit with 3 if there is a finding of at least this severity.",
)
@click.option("--fixable-only", is_flag=True, help="For --fail-on: only findings with a fix.")
@click.option(
    "--allow",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="For --fail-on: a TOML or JSON file with findings that are accepted.",
)
@click.option("--allow-unjudged", is_flag=True, help="For --fail-on: pass unscanned images.")
@pass_settings
def command(
    settings: Settings,
    names: tuple[places.ImageName, ...],
    *,
    form: str,
    fail_on: str | None,
    fixable_only: bool,
    allow: Path | None,
    allow_unjudged: bool,
) -> ExitCode:
    """Report the scan findings of images, and check them against a threshold.

    Name the images of one repository, or repositories; no name means the whole registry. The gate
    (--fail-on) fails for images without complete findings, too, and prints its reasons on standard
    error.
    """
    repositories, images = _selection(names)
    if fail_on is None and (fixable_only or allow is not None or allow_unjudged):
        raise click.UsageError("--fixable-only, --allow and --allow-unjudged need --fail-on")

    async def report() -> ExitCode:
        from ecrclient.findings import AllowList, FindingsReport, check_findings

        allowed = None if allow is None else await AllowList.load(allow)
        first = names[0] if names else None
        async with settings.client(region=None if first is None else first.region) as ecr:
            read = await FindingsReport.read(
                ecr,
                repositories,
                images=images,
                registry_id=None if first is None else first.account_id,
            )
        _print(read, "json" if settings.json else form)
        if fail_on is None:
            return ExitCode.OK
        result = check_findings(
            read,
            cast("Severity", fail_on.upper()),
            fixable_only=fixable_only,
            allow=allowed,
            allow_unjudged=allow_unjudged,
        )
        for reason in result.reasons():
            print_note(reason)
        return ExitCode.OK if result.passed else ExitCode.NOT_PASSED

    return settings.run(report)


def _selection(
    names: tuple[places.ImageName, ...],
) -> tuple[list[str] | None, list[str] | None]:
    """The repositories and the images to read; None for all."""
    if not names:
        return None, None
    if len({(name.account_id, name.region) for name in names}) > 1:
        raise click.UsageError("all names must be of one registry")
    repositories = list(dict.fromkeys(name.repository for name in names))
    images = [name.reference for name in names if name.tag or name.digest]
    if not images:
        return repositories, None
    if len(repositories) > 1 or len(images) < len(names):
        raise click.UsageError("name either images of one repository, or repositories")
    return repositories, images


def _print(report: FindingsReport, form: str) -> None:
    match form:
        case "json":
            print_json(json.loads(report.to_json()))
        case "csv":
            click.echo(report.to_csv(), nl=False)
        case "sarif":
            click.echo(report.to_sarif())
        case _:
            print_table(
                ("IMAGE", "SEVERITY", "FINDING", "PACKAGE", "INSTALLED", "FIXED"),
                [
                    (
                        f"{row.repository_name}:{row.image_tags[0]}"
                        if row.image_tags
                        else f"{row.repository_name}@{row.image_digest}",
                        row.severity,
                        row.name,
                        row.package or "-",
                        row.installed_version or "-",
                        row.fixed_version or "-",
                    )
                    for row in report.findings
                ],
            )
            states = [scan.state for scan in report.scans]
            counts = ", ".join(f"{states.count(one)} {one}" for one in sorted(set(states)))
            print_note(f"{counted(len(report.findings), 'finding')}; images: {counts or 'none'}")

"""``ecrclient cleanup``: plan the deletion of images, or carry out a plan."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from ecrclient.cli import places
from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.output import print_json, print_line, print_note, print_table
from ecrclient.cli.settings import Command, Settings, pass_settings
from ecrclient.cli.text import counted, short_digest, size

if TYPE_CHECKING:
    from ecrclient.images import CleanupPlan, CleanupReport, CleanupRule

__all__ = ["command"]

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("cleanup", cls=Command)
@click.argument("repository", type=places.repository)
@click.option("--keep-newest", type=click.IntRange(0), metavar="N", help="Keep the N newest.")
@click.option(
    "--of",
    "pattern",
    metavar="PATTERN",
    help="For --keep-newest: only count images with such a tag. Default: *.",
)
@click.option(
    "--keep-tagged", multiple=True, metavar="PATTERN", help="Keep images with such a tag."
)
@click.option(
    "--keep-pulled-within",
    type=click.FloatRange(0, min_open=True),
    metavar="DAYS",
    help="Keep images that were pulled or pushed within DAYS.",
)
@click.option(
    "--keep-in-use",
    type=click.File(encoding="utf-8", lazy=False),
    metavar="FILE",
    help="Keep the images that FILE lists by URI or digest, one a line; - reads standard input.",
)
@click.option(
    "--spare-younger-than",
    type=click.FloatRange(0, min_open=True),
    metavar="HOURS",
    help="Keep images that were pushed within HOURS.",
)
@click.option("--out", type=_FILE, metavar="PLAN", help="Write the plan to this file.")
@click.option(
    "--apply",
    type=_FILE,
    metavar="PLAN",
    help="Delete the images that this file lists, if they have not changed.",
)
@pass_settings
def command(
    settings: Settings,
    repository: places.ImageName,
    *,
    keep_newest: int | None,
    pattern: str | None,
    keep_tagged: tuple[str, ...],
    keep_pulled_within: float | None,
    keep_in_use: TextIO | None,
    spare_younger_than: float | None,
    out: Path | None,
    apply: Path | None,
) -> ExitCode:
    """Plan the deletion of images, or carry out a plan.

    Without --apply nothing is deleted. An image stays if one of the rules keeps it, or if an image
    that stays needs it. The exit code is 3 if a plan could not be carried out completely.
    """
    from ecrclient.images import (
        KeepNewest,
        KeepPulledWithin,
        KeepReferenced,
        KeepTagged,
        SpareYoungerThan,
    )

    if pattern is not None and keep_newest is None:
        raise click.UsageError("--of needs --keep-newest")
    rules: list[CleanupRule] = []
    if keep_newest is not None:
        rules.append(KeepNewest(keep_newest, of=pattern or "*"))
    if keep_tagged:
        rules.append(KeepTagged(keep_tagged))
    if keep_pulled_within is not None:
        rules.append(KeepPulledWithin(keep_pulled_within))
    if keep_in_use is not None:
        lines = (line.strip() for line in keep_in_use)
        rules.append(KeepReferenced(tuple(line for line in lines if line)))
    if spare_younger_than is not None:
        rules.append(SpareYoungerThan(spare_younger_than))
    if apply is not None:
        if rules or out is not None:
            raise click.UsageError("--apply takes no other option: the plan has the rules")
        return _apply(settings, repository, apply)
    if not rules:
        raise click.UsageError("name what to keep, for example with --keep-newest 10")
    return _plan(settings, repository, rules, out)


def _plan(
    settings: Settings, repository: places.ImageName, rules: list[CleanupRule], out: Path | None
) -> ExitCode:
    async def plan() -> None:
        async with settings.client(region=repository.region) as ecr:
            made = await repository.images(ecr).plan_cleanup(*rules)
        if out is not None:
            _replace(out, made.model_dump_json(indent=2) + "\n")
        if settings.json:
            print_json(made.model_dump(mode="json"))
        else:
            _print_plan(made, out)

    return settings.run(plan)


def _apply(settings: Settings, repository: places.ImageName, path: Path) -> ExitCode:
    from pydantic import ValidationError

    from ecrclient.images import CleanupPlan

    try:
        plan = CleanupPlan.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise click.ClickException(
            f"{path} is not a plan of a cleanup: {error.errors()[0]['msg']}"
        ) from None

    async def clean_up() -> ExitCode:
        async with settings.client(region=repository.region) as ecr:
            report = await repository.images(ecr).clean_up(plan)
        if settings.json:
            print_json(dataclasses.asdict(report) | {"is_complete": report.is_complete})
        else:
            _print_report(report)
        return ExitCode.OK if report.is_complete else ExitCode.NOT_PASSED

    return settings.run(clean_up)


def _replace(path: Path, text: str) -> None:
    """Write a file completely or not at all."""
    new = path.with_name(f".{path.name}.new")
    try:
        new.write_text(text, encoding="utf-8")
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _print_plan(plan: CleanupPlan, out: Path | None) -> None:
    rows = [
        ("delete", short_digest(one.digest), ", ".join(one.tags) or "-", size(one.size), one.why)
        for one in plan.delete
    ]
    rows += [
        ("keep", short_digest(one.digest), ", ".join(one.tags) or "-", "", one.why)
        for one in plan.keep
    ]
    print_table(("ACTION", "DIGEST", "TAGS", "SIZE", "WHY"), rows)
    for unresolved in plan.unresolved:
        print_note(f"not in the repository: {unresolved}")
    place = "" if out is None else f"; the plan is in {out}"
    print_line(
        f"{counted(len(plan.delete), 'image')} to delete ({size(plan.bytes_freed)}), "
        f"{len(plan.keep)} to keep; nothing was deleted{place}"
    )


def _print_report(report: CleanupReport) -> None:
    for left in report.left:
        print_note(f"left: {left.digest}: {left.why}")
    for failure in report.failed:
        print_note(f"failed: {failure.digest}: {failure.code}: {failure.reason}")
    left_over = len(report.left) + len(report.failed)
    print_line(
        f"{counted(len(report.deleted), 'image')} deleted ({size(report.bytes_freed)}), "
        f"{len(report.already_deleted)} already deleted, {left_over} left"
    )

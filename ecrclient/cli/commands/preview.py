"""``ecrclient preview``: show what a lifecycle policy would do."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ecrclient.cli import places
from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.output import print_json, print_line, print_table
from ecrclient.cli.settings import Command, Settings, pass_settings
from ecrclient.cli.text import counted, short_digest

__all__ = ["command"]


@click.command("preview", cls=Command)
@click.argument("repository", type=places.repository)
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The lifecycle policy. Default: that of the repository.",
)
@click.option("--all", "every", is_flag=True, help="Show the images that stay, too.")
@click.option(
    "--compare", is_flag=True, help="Run ECR's own preview too; exit with 3 if it differs."
)
@pass_settings
def command(
    settings: Settings,
    repository: places.ImageName,
    *,
    policy: Path | None,
    every: bool,
    compare: bool,
) -> ExitCode:
    """Show what a lifecycle policy would do to the images of a repository.

    The policy is evaluated on this machine, and no image is changed.
    """
    text = None if policy is None else policy.read_text(encoding="utf-8")

    async def preview() -> ExitCode:
        async with settings.client(region=repository.region) as ecr:
            made = await repository.images(ecr).preview(text, compare_with_service=compare)
        differs = made.service is not None and not made.service.agrees
        if settings.json:
            print_json(json.loads(made.to_json()))
        else:
            shown = [one for one in made.images if every or one.outcome != "keep"]
            rows = [
                (one.outcome, short_digest(one.digest), ", ".join(one.tags) or "-", one.reason)
                for one in shown
            ]
            print_table(("OUTCOME", "DIGEST", "TAGS", "WHY"), rows)
            print_line(
                f"{len(made.expiring)} of {len(made.images)} images expire, "
                f"{len(made.archiving)} are archived, {len(made.undetermined)} are undetermined"
            )
            if made.service is not None:
                count = counted(len(made.service.differences), "difference")
                print_line(f"{count} from ECR's own preview")
        return ExitCode.NOT_PASSED if differs else ExitCode.OK

    return settings.run(preview)

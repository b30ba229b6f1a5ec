"""``ecrclient promote``: copy an image with its referrers, and tag it."""

from __future__ import annotations

import click

from ecrclient.cli import places
from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.output import print_json, print_line
from ecrclient.cli.progress import showing_progress
from ecrclient.cli.settings import Command, Settings, pass_settings
from ecrclient.cli.transfers import creation, destination_tags

__all__ = ["command"]


@click.command("promote", cls=Command)
@click.argument("source", type=places.image)
@click.argument("destination", type=places.image)
@click.option("--to-profile", metavar="NAME", help="The AWS profile of the destination.")
@click.option("--to-region", metavar="REGION", help="The AWS Region of the destination.")
@click.option("--create-repository", is_flag=True, help="Create a missing destination.")
@click.option("--no-referrers", is_flag=True, help="Leave signatures and SBOMs behind.")
@click.option("--no-move", is_flag=True, help="Fail if another image has the tag.")
@click.option("--quiet", "-q", is_flag=True, help="Do not show the progress.")
@pass_settings
def command(
    settings: Settings,
    source: places.ImageName,
    destination: places.ImageName,
    *,
    to_profile: str | None,
    to_region: str | None,
    create_repository: bool,
    no_referrers: bool,
    no_move: bool,
    quiet: bool,
) -> ExitCode:
    """Copy an image with its children and referrers, and tag it in the destination."""
    reference = source.reference
    tags = destination_tags(source, destination)

    async def promote() -> None:
        async with (
            settings.client(region=source.region) as ecr,
            settings.client(region=to_region or destination.region, profile=to_profile) as other,
        ):
            with showing_progress(quiet=quiet) as show:
                report = await source.images(ecr).promote(
                    reference,
                    to=destination.images(other),
                    tags=tags,
                    referrers=not no_referrers,
                    move=not no_move,
                    create_repository=creation(create=create_repository),
                    on_progress=show,
                )
        if settings.json:
            print_json(report.model_dump(mode="json"))
        else:
            print_line(f"{report.digest}: promoted to {destination.repository}")

    return settings.run(promote)

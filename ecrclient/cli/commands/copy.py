"""``ecrclient copy``: copy an image between repositories, Regions and accounts."""

from __future__ import annotations

import click

from ecrclient.cli import places
from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.progress import showing_progress
from ecrclient.cli.settings import Command, Settings, pass_settings
from ecrclient.cli.transfers import (
    choices,
    creation,
    destination_tags,
    print_plan,
    print_report,
    state_file,
    transfer_options,
)

__all__ = ["command"]


@click.command("copy", cls=Command)
@click.argument("source", type=places.image)
@click.argument("destination", type=places.image)
@click.option("--to-profile", metavar="NAME", help="The AWS profile of the destination.")
@click.option("--to-region", metavar="REGION", help="The AWS Region of the destination.")
@click.option("--create-repository", is_flag=True, help="Create a missing destination.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@click.option(
    "--resume", metavar="FILE", help="Remember uploads in FILE, and continue those that it has."
)
@transfer_options
@pass_settings
def command(
    settings: Settings,
    source: places.ImageName,
    destination: places.ImageName,
    *,
    to_profile: str | None,
    to_region: str | None,
    create_repository: bool,
    dry_run: bool,
    resume: str | None,
    quiet: bool,
    platforms: tuple[str, ...],
    referrers: bool,
    foreign_layers: bool,
    max_concurrency: int,
) -> ExitCode:
    """Copy an image between repositories, Regions and accounts.

    DESTINATION without a tag gets the tag of SOURCE. What is there already is not transferred.
    """
    reference = source.reference
    tags = destination_tags(source, destination)
    chosen = choices(
        platforms,
        referrers=referrers,
        foreign_layers=foreign_layers,
        max_concurrency=max_concurrency,
    )

    async def transfer() -> None:
        async with (
            settings.client(region=source.region) as ecr,
            settings.client(region=to_region or destination.region, profile=to_profile) as other,
        ):
            target = destination.images(other)
            images = source.images(ecr)
            if dry_run:
                plan = await images.plan_copy(
                    reference,
                    to=target,
                    tags=tags,
                    platforms=chosen["platforms"],
                    referrers=referrers,
                    foreign_layers=foreign_layers,
                )
                print_plan(plan, as_json=settings.json)
                return
            with showing_progress(quiet=quiet) as show:
                report = await images.copy(
                    reference,
                    to=target,
                    tags=tags,
                    create_repository=creation(create=create_repository),
                    on_progress=show,
                    resume=state_file(resume),
                    **chosen,
                )
        print_report(report, as_json=settings.json)

    return settings.run(transfer)

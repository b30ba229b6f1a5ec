"""``ecrclient push``: push an image from a file."""

from __future__ import annotations

import click

from ecrclient.cli import places
from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.progress import showing_progress
from ecrclient.cli.settings import Command, Settings, pass_settings
from ecrclient.cli.transfers import (
    choices,
    creation,
    print_report,
    state_file,
    transfer_options,
)

__all__ = ["command"]


@click.command("push", cls=Command)
@click.argument("file", type=places.file)
@click.argument("image", type=places.image)
@click.option("--create-repository", is_flag=True, help="Create a missing repository.")
@click.option(
    "--resume", metavar="STATE", help="Remember uploads in STATE, and continue those that it has."
)
@transfer_options
@pass_settings
def command(
    settings: Settings,
    file: places.FileName,
    image: places.ImageName,
    *,
    create_repository: bool,
    resume: str | None,
    quiet: bool,
    platforms: tuple[str, ...],
    referrers: bool,
    foreign_layers: bool,
    max_concurrency: int,
) -> ExitCode:
    """Push an image from a file.

    FILE without a tag means its only image. IMAGE without a tag gets the tag of FILE.
    """
    if image.digest is not None:
        raise click.UsageError("IMAGE must be REPOSITORY or REPOSITORY:TAG, without a digest")
    tag = image.tag or file.tag
    chosen = choices(
        platforms,
        referrers=referrers,
        foreign_layers=foreign_layers,
        max_concurrency=max_concurrency,
    )

    async def transfer() -> None:
        async with settings.client(region=image.region) as ecr:
            with showing_progress(quiet=quiet) as show:
                report = await image.images(ecr).push(
                    file.store(),
                    file.name,
                    tags=None if tag is None else [tag],
                    create_repository=creation(create=create_repository),
                    on_progress=show,
                    resume=state_file(resume),
                    **chosen,
                )
        print_report(report, as_json=settings.json)

    return settings.run(transfer)

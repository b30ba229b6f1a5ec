"""``ecrclient pull``: pull an image into a file."""

from __future__ import annotations

import click

from ecrclient.cli import places
from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.progress import showing_progress
from ecrclient.cli.settings import Command, Settings, pass_settings
from ecrclient.cli.transfers import choices, print_report, transfer_options

__all__ = ["command"]


@click.command("pull", cls=Command)
@click.argument("image", type=places.image)
@click.argument("file", type=places.file)
@transfer_options
@pass_settings
def command(
    settings: Settings,
    image: places.ImageName,
    file: places.FileName,
    *,
    quiet: bool,
    platforms: tuple[str, ...],
    referrers: bool,
    foreign_layers: bool,
    max_concurrency: int,
) -> ExitCode:
    """Pull an image into a file.

    FILE without a tag gets the tag of IMAGE. A docker-archive contains one platform.
    """
    reference = image.reference
    tag = file.tag or image.tag
    chosen = choices(
        platforms,
        referrers=referrers,
        foreign_layers=foreign_layers,
        max_concurrency=max_concurrency,
    )

    async def transfer() -> None:
        async with settings.client(region=image.region) as ecr:
            with showing_progress(quiet=quiet) as show:
                report = await image.images(ecr).pull(
                    reference,
                    file.store(),
                    tags=None if tag is None else [tag],
                    on_progress=show,
                    **chosen,
                )
        print_report(report, as_json=settings.json)

    return settings.run(transfer)

"""``ecrclient retag``: point tags at an image, without transferring it."""

from __future__ import annotations

import click

from ecrclient.cli import places
from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.output import print_json, print_line
from ecrclient.cli.settings import Command, Settings, pass_settings
from ecrclient.cli.text import short_digest

__all__ = ["command"]


@click.command("retag", cls=Command)
@click.argument("image", type=places.image)
@click.argument("tags", nargs=-1, required=True)
@click.option("--no-move", is_flag=True, help="Fail if another image has one of the tags.")
@pass_settings
def command(
    settings: Settings, image: places.ImageName, tags: tuple[str, ...], *, no_move: bool
) -> ExitCode:
    """Point tags at an image, without transferring it."""
    reference = image.reference

    async def retag() -> None:
        async with settings.client(region=image.region) as ecr:
            report = await image.images(ecr).retag(reference, *tags, move=not no_move)
        if settings.json:
            print_json(report.model_dump(mode="json"))
            return
        for tag in report.added:
            print_line(f"{tag}: added to {report.digest}")
        for tag, previous in report.moved.items():
            print_line(f"{tag}: moved to {report.digest} from {short_digest(previous)}")
        for tag in report.unchanged:
            print_line(f"{tag}: unchanged")

    return settings.run(retag)

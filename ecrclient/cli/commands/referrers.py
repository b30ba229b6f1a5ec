"""``ecrclient referrers``: list the signatures, SBOMs and attestations of an image."""

from __future__ import annotations

import click

from ecrclient.cli import places
from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.output import print_json, print_table
from ecrclient.cli.settings import Command, Settings, pass_settings
from ecrclient.cli.text import size

__all__ = ["command"]


@click.command("referrers", cls=Command)
@click.argument("image", type=places.image)
@click.option("--artifact-type", metavar="TYPE", help="List only this type.")
@pass_settings
def command(settings: Settings, image: places.ImageName, *, artifact_type: str | None) -> ExitCode:
    """List the signatures, SBOMs and attestations of an image."""
    reference = image.reference

    async def show() -> None:
        async with settings.client(region=image.region) as ecr:
            images = image.images(ecr)
            found = [one async for one in images.referrers(reference, artifact_type=artifact_type)]
        if settings.json:
            print_json({"referrers": [one.model_dump(mode="json") for one in found]})
            return
        print_table(
            ("DIGEST", "TYPE", "SIZE", "TAG"),
            [
                (
                    one.digest,
                    one.artifact_type or one.media_type,
                    size(one.size),
                    one.tag or "-",
                )
                for one in found
            ],
        )

    return settings.run(show)

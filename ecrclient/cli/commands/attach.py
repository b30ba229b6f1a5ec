"""``ecrclient attach``: attach a file to an image as a referrer."""

from __future__ import annotations

from pathlib import Path

import click

from ecrclient.cli import places
from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.output import print_json, print_line
from ecrclient.cli.progress import showing_progress
from ecrclient.cli.settings import Command, Settings, pass_settings

__all__ = ["command"]


@click.command("attach", cls=Command)
@click.argument("image", type=places.image)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--artifact-type",
    required=True,
    metavar="TYPE",
    help="What the files are, such as application/spdx+json.",
)
@click.option("--media-type", metavar="TYPE", help="The media type of the files. Default: TYPE.")
@click.option("--quiet", "-q", is_flag=True, help="Do not show the progress.")
@pass_settings
def command(
    settings: Settings,
    image: places.ImageName,
    files: tuple[Path, ...],
    *,
    artifact_type: str,
    media_type: str | None,
    quiet: bool,
) -> ExitCode:
    """Attach files to an image, as one OCI artifact that refers to it."""
    reference = image.reference

    async def attach() -> None:
        async with settings.client(region=image.region) as ecr:
            with showing_progress(quiet=quiet) as show:
                made = await image.images(ecr).attach(
                    reference,
                    *files,
                    artifact_type=artifact_type,
                    media_type=media_type,
                    on_progress=show,
                )
        if settings.json:
            print_json(made.model_dump(mode="json"))
        else:
            print_line(f"{made.digest}: attached to {reference} in {image.repository}")

    return settings.run(attach)

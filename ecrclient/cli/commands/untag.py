"""``ecrclient untag``: remove a tag and keep its image."""

from __future__ import annotations

import click

from ecrclient.cli import places
from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.output import print_json, print_line
from ecrclient.cli.settings import Command, Settings, pass_settings

__all__ = ["command"]


@click.command("untag", cls=Command)
@click.argument("image", type=places.image)
@click.option("--delete-image", is_flag=True, help="Allow the last tag, whose image ECR deletes.")
@pass_settings
def command(settings: Settings, image: places.ImageName, *, delete_image: bool) -> ExitCode:
    """Remove a tag and keep its image.

    IMAGE is REPOSITORY:TAG. The last tag of an image is refused without --delete-image.
    """
    tag = image.tag
    if tag is None or image.digest is not None:
        raise click.UsageError("IMAGE must be REPOSITORY:TAG, without a digest")

    from ecrclient.images import LastTagError

    async def untag() -> None:
        async with settings.client(region=image.region) as ecr:
            try:
                report = await image.images(ecr).untag(
                    tag, last_tag="delete image" if delete_image else "refuse"
                )
            except LastTagError as error:
                raise click.ClickException(
                    f"{tag} is the last tag of {error.digest}, which ECR would delete with it: "
                    "add another tag first, or pass --delete-image"
                ) from error
        if settings.json:
            print_json(report.model_dump(mode="json"))
        elif report.image_deleted:
            print_line(f"{report.tag}: removed, and its image {report.digest} deleted")
        else:
            print_line(f"{report.tag}: removed from {report.digest}")

    return settings.run(untag)

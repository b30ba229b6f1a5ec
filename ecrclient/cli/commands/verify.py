"""``ecrclient verify``: check that images are complete and undamaged."""

from __future__ import annotations

import click

from ecrclient.cli import places
from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.output import print_json, print_line
from ecrclient.cli.settings import Command, Settings, pass_settings
from ecrclient.cli.text import counted, size

__all__ = ["command"]


@click.command("verify", cls=Command)
@click.argument("image", type=places.image, metavar="IMAGE|REPOSITORY")
@click.option("--deep", is_flag=True, help="Download every blob, and check its digest.")
@pass_settings
def command(settings: Settings, image: places.ImageName, *, deep: bool) -> ExitCode:
    """Check that an image, or all images of a repository, are complete and undamaged.

    The exit code is 3 if there is a problem.
    """

    async def verify() -> ExitCode:
        async with settings.client(region=image.region) as ecr:
            report = await image.images(ecr).verify(image.digest or image.tag, deep=deep)
        if settings.json:
            print_json(report.model_dump(mode="json") | {"ok": report.ok})
        else:
            for problem in report.problems:
                print_line(f"{problem.image}: {problem.kind}: {problem.message}")
            for skipped in report.skipped:
                print_line(f"{skipped.digest}: not verified: {skipped.reason}")
            print_line(
                f"{counted(report.images, 'image')} and {counted(report.blobs, 'blob')} verified "
                f"({size(report.bytes_read)} read), {counted(len(report.problems), 'problem')}"
            )
        return ExitCode.OK if report.ok else ExitCode.NOT_PASSED

    return settings.run(verify)

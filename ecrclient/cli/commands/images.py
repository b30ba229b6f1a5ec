"""``ecrclient images``: list the images of a repository."""

from __future__ import annotations

import click

from ecrclient.cli import places
from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.output import print_json, print_table
from ecrclient.cli.settings import Command, Settings, pass_settings
from ecrclient.cli.text import short_digest, size, time

__all__ = ["command"]


@click.command("images", cls=Command)
@click.argument("repository", type=places.repository)
@click.option("--untagged", is_flag=True, help="List only images without a tag.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="List the N newest images.")
@click.option("--full-digests", is_flag=True, help="Print digests completely.")
@pass_settings
def command(
    settings: Settings,
    repository: places.ImageName,
    *,
    untagged: bool,
    limit: int | None,
    full_digests: bool,
) -> ExitCode:
    """List the images of a repository, newest first."""

    async def show() -> None:
        async with settings.client(region=repository.region) as ecr:
            every = await ecr.describe_images(
                repository_name=repository.repository, registry_id=repository.account_id
            ).collect()
        found = sorted(
            (one for one in every if not (untagged and one.image_tags)),
            key=lambda one: one.image_pushed_at,
            reverse=True,
        )[:limit]
        if settings.json:
            documents = [one.model_dump(mode="json") for one in found]
            print_json({"images": documents})
            return
        print_table(
            ("DIGEST", "TAGS", "SIZE", "PUSHED", "LAST PULL"),
            [
                (
                    one.image_digest if full_digests else short_digest(one.image_digest),
                    ", ".join(one.image_tags) or "-",
                    size(one.image_size_in_bytes),
                    time(one.image_pushed_at),
                    time(one.last_recorded_pull_time),
                )
                for one in found
            ],
        )

    return settings.run(show)

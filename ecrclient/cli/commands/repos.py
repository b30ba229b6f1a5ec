"""``ecrclient repos``: list repositories."""

from __future__ import annotations

from fnmatch import fnmatchcase

import click

from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.output import print_json, print_table
from ecrclient.cli.settings import Command, Settings, pass_settings
from ecrclient.cli.text import time

__all__ = ["command"]


@click.command("repos", cls=Command)
@click.argument("pattern", default="*")
@click.option("--registry-id", metavar="ACCOUNT", help="The account of the registry, 12 digits.")
@pass_settings
def command(settings: Settings, pattern: str, registry_id: str | None) -> ExitCode:
    """List repositories.

    PATTERN selects repositories by their names, in which * matches any characters.
    """

    async def show() -> None:
        async with settings.client() as ecr:
            every = await ecr.describe_repositories(registry_id=registry_id).collect()
        found = sorted(
            (one for one in every if fnmatchcase(one.repository_name, pattern)),
            key=lambda one: one.repository_name,
        )
        if settings.json:
            documents = [one.model_dump(mode="json") for one in found]
            print_json({"repositories": documents})
            return
        print_table(
            ("REPOSITORY", "CREATED", "TAGS", "URI"),
            [
                (
                    one.repository_name,
                    time(one.created_at),
                    one.image_tag_mutability.lower().replace("_", " "),
                    one.repository_uri,
                )
                for one in found
            ],
        )

    return settings.run(show)

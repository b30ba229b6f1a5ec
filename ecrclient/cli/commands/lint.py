"""``ecrclient lint``: check a lifecycle policy for rules that cannot work."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from ecrclient.cli import places
from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.output import print_json, print_line
from ecrclient.cli.settings import Command, Settings, pass_settings

__all__ = ["command"]


@click.command("lint", cls=Command)
@click.argument("policy", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--repository",
    type=places.repository,
    metavar="REPOSITORY",
    help="Check the policy against the images of this repository, too.",
)
@pass_settings
def command(settings: Settings, policy: Path, *, repository: places.ImageName | None) -> ExitCode:
    """Check the file of a lifecycle policy for rules that cannot work.

    Without --repository nothing is sent. The exit code is 3 if there is an error or a warning.
    """
    from ecrclient.lifecycle import LifecyclePolicy

    parsed = LifecyclePolicy.parse(policy.read_text(encoding="utf-8"))

    async def lint() -> ExitCode:
        details = None
        if repository is not None:
            async with settings.client(region=repository.region) as ecr:
                details = await ecr.describe_images(
                    repository_name=repository.repository, registry_id=repository.account_id
                ).collect()
        findings = parsed.lint(details)
        if settings.json:
            print_json({"findings": [dataclasses.asdict(one) for one in findings]})
        else:
            for one in findings:
                print_line(str(one))
        passed = all(one.severity == "info" for one in findings)
        return ExitCode.OK if passed else ExitCode.NOT_PASSED

    return settings.run(lint)

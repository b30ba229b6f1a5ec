"""``ecrclient logout``: remove the login of a registry."""

from __future__ import annotations

import click

from ecrclient.cli.commands.login import file_options, login_file
from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.output import print_json, print_line
from ecrclient.cli.settings import Command, Settings, pass_settings

__all__ = ["command"]


@click.command("logout", cls=Command)
@click.argument("registry")
@file_options
@pass_settings
def command(settings: Settings, registry: str, *, kind: str, path: str | None) -> ExitCode:
    """Remove the login of a registry, which is its host.

    Nothing is sent: the password stays valid until it expires.
    """

    async def log_out() -> None:
        result = await login_file(kind, path).log_out(registry)
        if settings.json:
            document = {
                "registry": result.registry,
                "file": str(result.path),
                "removed": list(result.removed),
            }
            print_json(document)
        elif result.removed:
            print_line(f"logged out of {result.registry} ({result.path})")
        else:
            print_line(f"no login of {result.registry} in {result.path}")

    return settings.run(log_out)

"""``ecrclient serve``: serve an in-memory ECR over HTTP."""

from __future__ import annotations

import click

from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.settings import Command, Settings, pass_settings

__all__ = ["command"]


@click.command("serve", cls=Command)
@click.option("--host", metavar="ADDRESS", help="The address to listen on. Default: 127.0.0.1.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    metavar="PORT",
    help="The port; 0 means any free port. Default: 5001.",
)
@click.option("--account-id", metavar="ACCOUNT", help="The account ID, 12 digits.")
@click.option("--state", metavar="FILE", help="Load the state from FILE, and save it on exit.")
@click.option("--layers-dir", metavar="FOLDER", help="Store layers as files in FOLDER.")
@click.option("--deviations", is_flag=True, help="Imitate ECR's deviations from the OCI spec.")
@pass_settings
def command(
    settings: Settings,
    *,
    host: str | None,
    port: int | None,
    account_id: str | None,
    state: str | None,
    layers_dir: str | None,
    deviations: bool,
) -> ExitCode:
    """Serve an in-memory ECR over HTTP until Ctrl-C, for tests.

    It prints the environment variables with which every command and AWS SDK uses it.
    """
    from ecrclient.testing.__main__ import main

    given: dict[str, str | int | None] = {
        "--host": host,
        "--port": port,
        "--region": settings.region,
        "--account-id": account_id,
        "--state": state,
        "--layers-dir": layers_dir,
    }
    arguments = [
        part for name, value in given.items() if value is not None for part in (name, str(value))
    ]
    if deviations:
        arguments.append("--deviations")
    if settings.json:
        arguments.append("--json")
    return ExitCode(main(arguments, program="ecrclient serve"))

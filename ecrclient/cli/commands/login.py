"""``ecrclient login``: log docker, podman and other tools in to a registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.output import print_json, print_line
from ecrclient.cli.settings import Command, Settings, pass_settings
from ecrclient.cli.text import time

if TYPE_CHECKING:
    from ecrclient.logins import LoginFile

__all__ = ["command", "file_options", "login_file"]

_FunctionT = TypeVar("_FunctionT", bound=Callable[..., object])


def login_file(kind: str, path: str | None) -> LoginFile:
    """Return the file with logins that the options choose."""
    from ecrclient.logins import LoginFile

    if path is not None:
        return LoginFile(path)
    return LoginFile.docker() if kind == "docker" else LoginFile.containers()


def file_options(function: _FunctionT) -> _FunctionT:
    """Add the options that choose the file with logins."""
    function = click.option("--file", "path", metavar="FILE", help="Use this file instead.")(
        function
    )
    return click.option(
        "--for",
        "kind",
        type=click.Choice(["docker", "containers"]),
        default="docker",
        show_default=True,
        help="Whose file to use; containers means podman, skopeo and buildah.",
    )(function)


@click.command("login", cls=Command)
@click.option("--registry-id", metavar="ACCOUNT", help="The account of the registry, 12 digits.")
@file_options
@click.option(
    "--print-password", is_flag=True, help="Print the password, and write no file. It is a secret."
)
@pass_settings
def command(
    settings: Settings,
    *,
    registry_id: str | None,
    kind: str,
    path: str | None,
    print_password: bool,
) -> ExitCode:
    """Log docker, podman and other tools in to a registry.

    The password is valid for 12 hours.
    """

    async def log_in() -> None:
        async with settings.client() as ecr:
            login = await ecr.registry_credentials(registry_id)
        if print_password:
            secret = login.password.get_secret_value()
            document = {"registry": login.registry, "username": login.username, "password": secret}
            print_json(document) if settings.json else click.echo(secret)
            return
        result = await login_file(kind, path).log_in(login)
        if settings.json:
            print_json(
                {
                    "registry": result.registry,
                    "username": login.username,
                    "file": str(result.path),
                    "changed": result.changed,
                    "expires_at": login.expires_at.isoformat(),
                }
            )
        else:
            print_line(
                f"logged in to {result.registry} until {time(login.expires_at)} UTC ({result.path})"
            )

    return settings.run(log_in)

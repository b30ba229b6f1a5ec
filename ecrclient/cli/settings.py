"""The settings of one run of the command line: where calls go, and how results are printed."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

import click

from ecrclient.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from ecrclient.client import ECRClient

__all__ = ["Command", "Settings", "common_options", "pass_settings"]

_FunctionT = TypeVar("_FunctionT", bound=Callable[..., object])


@dataclass
class Settings:
    """The values of the common options."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    json: bool = False
    debug: bool = False

    def client(self, *, region: str | None = None, profile: str | None = None) -> ECRClient:
        """Return a client.

        Args:
            region: The AWS Region instead of that of the options; None for the latter.
            profile: The profile instead of that of the options; None for the latter.
        """
        from ecrclient.client import ECRClient

        return ECRClient(
            profile=profile or self.profile,
            region=region or self.region,
            endpoint_url=self.endpoint_url,
        )

    def run(self, function: Callable[[], Awaitable[ExitCode | None]]) -> ExitCode:
        """Run a command's coroutine function in an event loop, and return its exit code."""
        import anyio

        return anyio.run(function) or ExitCode.OK


def common_options() -> list[click.Parameter]:
    """Return the options that every command accepts, also before the command's name."""
    option = functools.partial(click.Option, expose_value=False, callback=_store)
    return [
        option(["--profile"], metavar="NAME", help="The AWS profile."),
        option(["--region"], metavar="REGION", help="The AWS Region."),
        option(
            ["--endpoint-url"],
            metavar="URL",
            help="The endpoint of the ECR API, such as that of `ecrclient serve`.",
        ),
        option(["--json"], is_flag=True, default=None, help="Print the result as JSON."),
        option(["--debug"], is_flag=True, default=None, help="Print the traceback of an error."),
    ]


def _store(context: click.Context, option: click.Parameter, value: object) -> None:
    if value is not None and option.name:
        setattr(context.ensure_object(Settings), option.name, value)


class Command(click.Command):
    """A command with the common options."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's parameters, the common options last."""
        own = super().get_params(ctx)
        help_option = [one for one in own if one.name == "help"]
        return [*(one for one in own if one.name != "help"), *common_options(), *help_option]


def pass_settings(function: _FunctionT) -> _FunctionT:
    """Pass the settings to a command as its first argument."""

    @functools.wraps(function)
    def call(*arguments: object, **options: object) -> object:
        settings = click.get_current_context().ensure_object(Settings)
        return function(settings, *arguments, **options)

    return cast("_FunctionT", call)

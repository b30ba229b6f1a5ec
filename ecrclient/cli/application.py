"""The group of commands, and the conversion of errors to messages and exit codes."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TextIO

import click

from ecrclient._awsjson.version import __version__
from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.settings import Settings, common_options
from ecrclient.cli.text import one_line

__all__ = ["COMMANDS", "application", "run"]

COMMANDS = {
    "repos": "List repositories.",
    "images": "List the images of a repository, newest first.",
    "inspect": "Show the manifest and the configuration of an image, without pulling its layers.",
    "copy": "Copy an image between repositories, Regions and accounts.",
    "push": "Push an image from a file.",
    "pull": "Pull an image into a file.",
    "retag": "Point tags at an image, without transferring it.",
    "untag": "Remove a tag and keep its image.",
    "cleanup": "Plan the deletion of images, or carry out a plan.",
    "preview": "Show what a lifecycle policy would do to the images of a repository.",
    "lint": "Check the file of a lifecycle policy for rules that cannot work.",
    "findings": "Report the scan findings of images, and check them against a threshold.",
    "promote": "Copy an image with its children and referrers, and tag it in the destination.",
    "referrers": "List the signatures, SBOMs and attestations of an image.",
    "attach": "Attach files to an image, as one OCI artifact that refers to it.",
    "verify": "Check that an image, or all images of a repository, are complete and undamaged.",
    "login": "Log docker, podman and other tools in to a registry.",
    "logout": "Remove the login of a registry, which is its host.",
    "serve": "Serve an in-memory ECR over HTTP until Ctrl-C, for tests.",
    "completion": "Print the completion script of a shell.",
}
"""Each command, in the order of the help, and the first line of its help text.

The module of a command is imported when it is called, so that the help starts quickly.
"""


class _Commands(click.Group):
    """Commands in separate modules of ``ecrclient.cli.commands``."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            status: object = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # Otherwise click would exit with 1, which means a failure.
            _discard(sys.stdout)
            ctx.exit(ExitCode.OUTPUT_CLOSED)
        return status

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"ecrclient.cli.commands.{cmd_name}")
        command: object = module.command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def application() -> click.Group:
    """Return the group of all commands."""
    group = _Commands(
        "ecrclient",
        params=[*common_options()],
        help="Work with the repositories and images of Amazon ECR.\n\n"
        "An image is REPOSITORY:TAG, REPOSITORY@DIGEST, or a URI with the host of a registry, "
        "which gives the account and the Region. A file is oci:DIRECTORY, oci-archive:FILE or "
        "docker-archive:FILE, each optionally followed by :TAG.",
        no_args_is_help=True,
    )
    return click.version_option(__version__, prog_name="ecrclient")(group)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command, and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets its escape sequence instead of an error.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    with _terminating_as_interrupt():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    settings = Settings()
    try:
        status: object = application().main(
            None if arguments is None else list(arguments),
            prog_name="ecrclient",
            standalone_mode=False,
            obj=settings,
        )
    except Exception as error:  # noqa: BLE001 - every error becomes a message
        return _report(error, settings)
    except KeyboardInterrupt:
        _print("ecrclient: interrupted")
        return ExitCode.INTERRUPTED
    return status if isinstance(status, int) else ExitCode.OK


@contextmanager
def _terminating_as_interrupt() -> Generator[None]:
    """Treat SIGTERM as Ctrl-C, which the event loop turns into a cancellation."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _interrupt(*_: object) -> None:
    signal.raise_signal(signal.SIGINT)


def _report(error: Exception, settings: Settings) -> int:
    from ecrclient.errors import ECRClientError

    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.exceptions.NoArgsIsHelpError():
            print(error.format_message(), file=sys.stderr)
            return ExitCode.USAGE
        case click.Abort():
            _print("ecrclient: interrupted")
            return ExitCode.INTERRUPTED
        case click.UsageError():
            path = "ecrclient" if error.ctx is None else error.ctx.command_path
            _print(f"{path}: {error.format_message()} (see: {path} --help)")
            return ExitCode.USAGE
        case _:
            pass
    if settings.debug:
        traceback.print_exception(error)
    match error:
        case click.ClickException():
            text = error.format_message()
        case ECRClientError() | OSError() | UnicodeDecodeError():
            text = str(error) or type(error).__name__
        case _:
            text = f"unexpected error: {type(error).__name__}: {error} (--debug shows more)"
    _print(f"ecrclient: {text}")
    return ExitCode.FAILURE


def _print(text: str) -> None:
    print(one_line(text), file=sys.stderr)


def _discard(stream: TextIO) -> None:
    """Discard the buffered output, which the interpreter would write on exit."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)

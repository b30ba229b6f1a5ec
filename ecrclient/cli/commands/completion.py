"""``ecrclient completion``: print the completion script of a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from ecrclient.cli.exit_codes import ExitCode
from ecrclient.cli.output import print_json
from ecrclient.cli.settings import Command, Settings, pass_settings

__all__ = ["command"]

_VARIABLE = "_ECRCLIENT_COMPLETE"


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@pass_settings
def command(settings: Settings, shell: str) -> ExitCode:
    """Print the completion script of a shell.

    For bash, add this line to ~/.bashrc: eval "$(ecrclient completion bash)"
    """
    found = get_completion_class(shell)
    assert found is not None, "click has these shells"
    root = click.get_current_context().find_root().command
    # Not found.source(): for bash that runs the installed bash, to verify its version.
    completion = found(root, {}, "ecrclient", _VARIABLE)
    script = completion.source_template % completion.source_vars()
    if settings.json:
        print_json({"shell": shell, "script": script})
    else:
        click.echo(script)
    return ExitCode.OK

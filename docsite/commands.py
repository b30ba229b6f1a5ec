"""Write the options and the recorded sessions of the command line into its pages.

``python -m docsite.commands`` writes ``docs/cli/options.md`` from the code, and replaces the output
below each command in the blocks marked ``console`` of the other pages there. The commands of a page
run in order, in one folder, against an in-memory ECR that is filled separately for each page.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import os
import re
import shlex
import tempfile
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import click

from ecrclient.cli import main as run_command
from ecrclient.cli.application import COMMANDS, application
from ecrclient.models import Attribute, ImageScanFinding
from ecrclient.testing import InMemoryECR, ServedECR

__all__ = ["FOLDER", "pages", "recording"]

FOLDER = Path(__file__).resolve().parents[1] / "docs/cli"
_BLOCK = re.compile(r"(?<=```console\n).*?(?=```\n)", re.DOTALL)
_SHOWN = "127.0.0.1:5001"
_TIMES = re.compile(r"(?<=until )\d{4}-\d\d-\d\d \d\d:\d\d(?= UTC)|(?<=completed_at\": \")[^\"]+")
_TIME = "2026-11-02 00:00"
_START = datetime(2026, 11, 1, 12, tzinfo=UTC)
_OPTIONS = """\
# Options of every command

Generated from the code. Each command also accepts these options, before or after its name:

"""
_POLICY = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {
                "tagStatus": "tagged",
                "tagPatternList": ["v*"],
                "countType": "imageCountMoreThan",
                "countNumber": 2,
            },
            "action": {"type": "expire"},
        }
    ]
}


def pages() -> dict[str, str]:
    """The text of each page by the name of its file."""
    made = {"options.md": _options()}
    for page in sorted(FOLDER.glob("*.md")):
        if page.name != "options.md":
            made[page.name] = _recorded(page.read_text(encoding="utf-8"))
    return made


def _options() -> str:
    group = application()
    context = click.Context(group, info_name="ecrclient")
    common = {name for option in group.params for name in option.opts} | {"--help"}
    parts = [_OPTIONS, *_rows(group.get_params(context), set())]
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        usage = " ".join(command.collect_usage_pieces(inner))
        text = inspect.cleandoc(command.help or "")
        parts += [f"\n## {name}\n\n{text}\n\n```text\necrclient {name} {usage}\n```\n"]
        if rows := list(_rows(command.get_params(inner), common)):
            parts += ["\n", *rows]
    return "".join(parts)


def _rows(parameters: list[click.Parameter], left_out: set[str]) -> Iterator[str]:
    """The table of some options; nothing if there is none."""
    options = [
        one
        for one in parameters
        if isinstance(one, click.Option) and not left_out.intersection(one.opts)
    ]
    if options:
        yield "| option | purpose |\n|---|---|\n"
    for option in options:
        names = ", ".join(option.opts)
        value = ""
        if isinstance(option.type, click.Choice):
            value = " " + "\\|".join(map(str, option.type.choices))
        elif not option.is_flag and not option.is_eager:
            value = f" {option.metavar}"
        default = f" Default: {option.default}." if option.show_default else ""
        yield f"| `{names}{value}` | {option.help}{default} |\n"


def _recorded(page: str) -> str:
    if not _BLOCK.search(page):
        return page
    with recording() as record:
        return _BLOCK.sub(lambda block: _with_output(block[0], record), page)


def _with_output(block: str, record: Callable[[str], str]) -> str:
    """Run the commands of a block, and return it with their output."""
    commands = [line for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"{line}\n{record(line[2:])}" for line in commands)


class _Session:
    """A shell with the commands of a page."""

    def __init__(self, server: ServedECR) -> None:
        self._server = server
        self._code = 0

    def output(self, line: str) -> str:
        """Run a command, and return what it prints."""
        if line == "echo $?":
            return f"{self._code}\n"
        program, *arguments = shlex.split(line.replace(_SHOWN, self._server.registry))
        assert program == "ecrclient", f"only ecrclient and echo $? can run here, not {line}"
        with (
            contextlib.redirect_stdout(io.StringIO()) as printed,
            contextlib.redirect_stderr(printed),
        ):
            self._code = int(run_command(arguments))
        text = printed.getvalue().replace(self._server.registry, _SHOWN)
        return _TIMES.sub(lambda time: _TIME[: len(time[0])], text)


@contextlib.contextmanager
def recording() -> Generator[Callable[[str], str]]:
    """Yield a function that runs a command line and returns what it prints."""
    before = dict(os.environ), Path.cwd()
    memory = InMemoryECR()
    _fill(memory)
    anyio.run(_scan, memory)
    with tempfile.TemporaryDirectory() as folder, memory.serve() as server:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(server.environment(), COLUMNS="100", DOCKER_CONFIG="docker")
        os.chdir(folder)
        Path("policy.json").write_text(json.dumps(_POLICY), encoding="utf-8")
        mistaken = {"rules": [*_POLICY["rules"], {**_POLICY["rules"][0], "rulePriority": 2}]}
        Path("mistaken.json").write_text(json.dumps(mistaken), encoding="utf-8")
        Path("sbom.json").write_text('{"spdxVersion": "SPDX-2.3"}\n', encoding="utf-8")
        try:
            yield _Session(server).output
        finally:
            os.environ.clear()
            os.environ.update(before[0])
            os.chdir(before[1])


def _fill(memory: InMemoryECR) -> None:
    base = bytes(range(256)) * 8000
    for number in range(1, 4):
        tags = [f"v{number}", *(["latest"] if number == 3 else [])]  # noqa: PLR2004
        layer = f"program {number}".encode() * 5000
        memory.add_image(
            "team/app", [base, layer], tags=tags, pushed_at=_START + timedelta(days=number)
        )
    memory.add_image("team/web", [base], tags=["stable"], pushed_at=_START)


async def _scan(memory: InMemoryECR) -> None:
    """Scan the newest image of ``team/app``, with one finding."""
    memory.scans.takes = timedelta(0)
    finding = ImageScanFinding(
        name="CVE-2024-0001",
        severity="HIGH",
        uri="https://example.com/CVE-2024-0001",
        attributes=[
            Attribute(key="package_name", value="openssl"),
            Attribute(key="package_version", value="3.0.1"),
        ],
    )
    memory.scans.set_findings("team/app", "v3", [finding])
    async with memory.client() as ecr:
        await ecr.start_image_scan(repository_name="team/app", image_id={"image_tag": "v3"})


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

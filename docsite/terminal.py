"""Draw the recorded terminal session of the command line.

``python -m docsite.terminal`` writes ``docs/cli/session.svg``: the commands of `COMMANDS` and what
they print, recorded as ``docsite.commands`` records the pages. The picture loads no fonts.
"""

from __future__ import annotations

import io
import re

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from docsite.commands import FOLDER, recording

__all__ = ["COMMANDS", "PATH", "draw"]

PATH = FOLDER / "session.svg"
COMMANDS = (
    "ecrclient images team/app",
    "ecrclient copy team/app:v3 team/web --max-concurrency 1",
    "ecrclient cleanup team/app --keep-newest 1 --of 'v*' --out plan.json",
    "ecrclient cleanup team/app --apply plan.json",
    "ecrclient verify team/web",
)
_COLUMNS = 96
_FONTS = re.compile(r"\s*@font-face \{\{.*?\}\}(?=\n)", re.DOTALL)


def draw() -> str:
    """Return the session as an SVG document."""
    console = Console(
        record=True,
        width=_COLUMNS,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
        _environ={},
    )
    with recording() as record:
        for command in COMMANDS:
            console.print(Text("$ ", style="bold green") + Text(command, style="bold"))
            console.print(Text(record(command)))
    template = _FONTS.sub("", CONSOLE_SVG_FORMAT)
    return console.export_svg(title="ecrclient", unique_id="session", code_format=template)


def main() -> None:
    """Write the picture."""
    PATH.write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()

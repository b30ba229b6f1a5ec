"""Draw the pictures of the documentation.

``python -m docsite.pictures`` writes them to ``docs/pictures/``.

They are narrow, so that a phone shows them without scaling the text down, and follow the light or
dark colour scheme of the reader.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

__all__ = ["FOLDER", "PICTURES", "draw_all"]

FOLDER = Path(__file__).resolve().parents[1] / "docs/pictures"

_STYLE = """\
text { font: 13px ui-sans-serif, system-ui, sans-serif; fill: #1f2328; }
.code { font: 12px ui-monospace, monospace; }
.note { font-size: 12px; fill: #59636e; }
.box { fill: #ffffff; stroke: #6e7781; }
.frame { fill: #0969da; fill-opacity: 0.06; stroke: #0969da; stroke-opacity: 0.5; }
.end { fill: #1a7f37; fill-opacity: 0.12; stroke: #1a7f37; }
.error { fill: #cf222e; fill-opacity: 0.1; stroke: #cf222e; }
.arrow { stroke: #59636e; fill: none; marker-end: url(#head); }
.head { fill: #59636e; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .note { fill: #9198a1; }
  .box { fill: #161b22; stroke: #9198a1; }
  .frame { fill: #4493f8; fill-opacity: 0.1; stroke: #4493f8; }
  .end { fill: #3fb950; fill-opacity: 0.2; stroke: #3fb950; }
  .error { fill: #f85149; fill-opacity: 0.2; stroke: #f85149; }
  .arrow { stroke: #9198a1; }
  .head { fill: #9198a1; }
}"""


class Drawing:
    """Boxes and arrows; lengths are in pixels, and the origin is the upper left corner."""

    def __init__(self, width: int, height: int, description: str) -> None:
        self._size = width, height
        self._description = description
        self._parts: list[str] = []

    def box(
        self, x: int, y: int, width: int, *lines: str, kind: str = "box", height: int | None = None
    ) -> None:
        """Add a box with centred text; words in backticks are code."""
        height = height or 12 + 18 * len(lines)
        self._rectangle(x, y, width, height, kind)
        first = y + height / 2 - 9 * (len(lines) - 1) + 4.5
        for number, line in enumerate(lines):
            self._text(x + width / 2, first + 18 * number, line, "middle")

    def frame(self, x: int, y: int, width: int, height: int, label: str) -> None:
        """Add a frame around boxes, with a label in its upper left corner."""
        self._rectangle(x, y, width, height, "frame")
        self._text(x + 10, y + 19, label, "start")

    def note(self, x: int, y: int, text: str, anchor: str = "start") -> None:
        """Add a remark."""
        self._text(x, y, text, anchor, "note")

    def arrow(self, *points: tuple[int, int]) -> None:
        """Add an arrow along points."""
        path = " ".join(f"{x},{y}" for x, y in points)
        self._parts.append(f'<polyline class="arrow" points="{path}"/>')

    def _rectangle(self, x: int, y: int, width: int, height: int, kind: str) -> None:
        geometry = f'x="{x}" y="{y}" width="{width}" height="{height}"'
        self._parts.append(f'<rect class="{kind}" {geometry} rx="6"/>')

    def _text(self, x: float, y: float, text: str, anchor: str, kind: str = "") -> None:
        spans = "".join(
            f'<tspan class="code">{escape(part)}</tspan>' if number % 2 else escape(part)
            for number, part in enumerate(text.split("`"))
        )
        named = f' class="{kind}"' if kind else ""
        self._parts.append(
            f'<text{named} x="{x:g}" y="{y:g}" text-anchor="{anchor}">{spans}</text>'
        )

    def to_svg(self) -> str:
        """Return the drawing as an SVG document."""
        width, height = self._size
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
                f'width="{width}" height="{height}" role="img">',
                f"<title>{escape(self._description)}</title>",
                f"<style>\n{_STYLE}\n</style>",
                '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
                'markerHeight="7" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker>'
                "</defs>",
                *self._parts,
                "</svg>\n",
            ]
        )


def draw_generator() -> Drawing:
    """Draw the generator's stages."""
    picture = Drawing(440, 506, "The generator: three sources, five stages, one package")
    picture.box(10, 10, 130, "@lap spec", "what is promised")
    picture.box(155, 10, 130, "botocore's data", "what the spec omits")
    picture.box(300, 10, 130, "overlay", "what people decided")
    picture.arrow((75, 58), (75, 80))
    picture.arrow((220, 58), (220, 80))
    picture.arrow((365, 58), (365, 80))
    picture.box(10, 82, 130, "parse `lap/`", kind="frame")
    picture.box(155, 82, 130, "read `aws_model.py`", kind="frame")
    picture.box(300, 82, 130, "check `overlay.py`", kind="frame")
    picture.arrow((75, 112), (75, 134))
    picture.arrow((220, 112), (220, 134))
    picture.arrow((365, 112), (365, 134))
    picture.box(
        10, 136, 420, "match endpoints and operations, uniquely", "`matching.py`", kind="frame"
    )
    picture.arrow((220, 184), (220, 206))
    picture.box(
        10, 208, 420, "reconcile: every difference has a rule", "`reconcile.py`", kind="frame"
    )
    picture.arrow((150, 256), (150, 278))
    picture.arrow((360, 256), (360, 278))
    picture.box(10, 280, 280, "IR: the service, independent of Python", "`ir.py`")
    picture.box(304, 280, 126, "report of all", "differences", kind="end")
    picture.arrow((150, 328), (150, 350))
    picture.box(10, 352, 280, "render: one file for each module", "`render/`", kind="frame")
    picture.arrow((150, 400), (150, 422))
    picture.box(10, 424, 280, "format with ruff, compare, write", "`emit.py`", kind="frame")
    picture.arrow((290, 448), (302, 448))
    picture.box(304, 424, 126, "`ecrclient/`", "`*.py`", kind="end")
    picture.note(10, 494, "The same sources give the same bytes.")
    return picture


PICTURES: dict[str, Callable[[], Drawing]] = {"generator": draw_generator}


def draw_all() -> dict[str, str]:
    """The SVG text of each picture, by file name."""
    return {f"{name}.svg": draw().to_svg() for name, draw in PICTURES.items()}


def main() -> None:
    """Write the pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in draw_all().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

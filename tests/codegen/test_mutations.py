"""Random mutations of the spec: each is built, or refused with a message and an untouched tree.

``CODEGEN_MUTATIONS=2000 pytest tests/codegen/test_mutations.py`` tries more of them. A mutation
depends only on its number, so a failure can be reproduced.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.__main__ import main
from tests.codegen.project import OVERLAY, ROOT, SPEC

MUTATIONS = int(os.environ.get("CODEGEN_MUTATIONS", "80"))
TEXT = (ROOT / SPEC).read_text(encoding="utf-8")
TOKEN = re.compile(r"\w+|[^\w\s]")
PIECES = (
    *"{}[]()<>:,?#=@/| \n\t\\\"'", "\x00", "\ufeff", "é", "\U0001f680", "@end\n", "@group a\n",
    "@endgroup\n", "@endpoint POST /\n", "@type Tag {a: str}\n", "@required {a: Gone}\n", "{{{",
    "map<str,[Tag]>", "enum(a/b)", "Gone{a: str}", "9" * 30, "[" * 200,
)  # fmt: skip


def replaced(text: str, chance: random.Random, new: Callable[[str], str]) -> str:
    """The text with one of its tokens replaced; tokens of descriptions are rarely chosen."""
    tokens = list(TOKEN.finditer(text))
    some = [chance.choice(tokens) for _ in range(4)]
    structural = (
        token
        for token in some
        if not text.startswith("@desc", text.rfind("\n", 0, token.start()) + 1)
    )
    token = next(structural, some[0])
    return text[: token.start()] + new(token[0]) + text[token.end() :]


def mutated(text: str, chance: random.Random) -> str:
    """The text with one to three mutations."""
    for _ in range(chance.randint(1, 3)):
        lines = text.splitlines(keepends=True)
        one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.randrange(7):
            case 0:
                text = replaced(text, chance, lambda _: "")
            case 1:
                text = replaced(text, chance, lambda _: chance.choice(PIECES))
            case 2:
                text = replaced(text, chance, lambda token: token + chance.choice(PIECES))
            case 3:
                text = replaced(text, chance, lambda token: token[:-1] or token * 2)
            case 4:
                text = replaced(text, chance, lambda token: token.swapcase() + token[:1])
            case 5:
                lines[one], lines[other] = lines[other], lines[one]
                text = "".join(lines)
            case _:
                lines[one : one + 1] = chance.choice([[], [lines[one]] * 2, [lines[other]]])
                text = "".join(lines)
    return text


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("suffix", ["lap", "json"])
def test_a_mutated_spec_is_built_or_refused_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    out, spec = tmp_path / "ecr", tmp_path / f"spec.{suffix}"
    arguments = ["build", "--spec", str(spec), "--service", "ecr", "--out", str(out)]
    arguments += ["--overlay", str(ROOT / OVERLAY)]

    def write(text: str) -> None:
        content = json.dumps({"raw": text}) if suffix == "json" else text
        spec.write_bytes(content.encode("utf-8"))

    write(TEXT)
    assert main(arguments) == 0
    original = contents(out)
    refused = 0
    for number in range(MUTATIONS // 2):
        write(mutated(TEXT, random.Random(f"{suffix} {number}")))
        status = main(arguments)
        printed = capsys.readouterr()
        assert status in {0, 2}, number
        assert "Traceback" not in printed.err, number
        if status:
            refused += 1
            assert re.search(r"^\w+Error: .", printed.err, re.MULTILINE), number
            assert contents(out) == original, number
        else:
            shutil.rmtree(out)
            for name, content in original.items():
                (out / name).parent.mkdir(parents=True, exist_ok=True)
                (out / name).write_bytes(content)
    # Most mutations must reach a check, and some must be harmless.
    assert MUTATIONS // 8 < refused < MUTATIONS // 2

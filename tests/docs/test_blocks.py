"""Every Python block in the documentation runs, or at least passes the type checker."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from tests.docs.internet import Internet, fill
from tests.docs.pages import PAGES, ROOT, Block, blocks_of
from tests.in_memory.through_botocore import botocore_client

BLOCKS = {page: blocks_of(page) for page in PAGES}
_HEADER = """\
from typing import Any
import anyio
from ecrclient import ECRClient
async def page(ecr: ECRClient, internet: Any, printed: str) -> None:
"""


def _pages(*kinds: str) -> list[Any]:
    """The pages that have blocks of this kind."""
    return [
        pytest.param(page, id=str(page.relative_to(ROOT)))
        for page, blocks in BLOCKS.items()
        if any(block.kind in kinds for block in blocks)
    ]


def test_blocks_are_found() -> None:
    """With a wrong pattern, the other tests would pass."""
    fences = sum(page.read_text(encoding="utf-8").count("```python\n") for page in PAGES)
    shown = [block for blocks in BLOCKS.values() for block in blocks if not block.hidden]
    assert len(shown) == fences > 0


@pytest.mark.anyio
@pytest.mark.parametrize("page", _pages("run", "botocore"))
async def test_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # for blocks that write files
    internet = Internet()
    names: dict[str, Any] = {"__name__": "page", "internet": internet, "anyio": anyio}
    fill(internet.registry())
    with internet.connected():
        async with internet.registry().client() as ecr:
            for block in BLOCKS[page]:
                match block.kind:
                    case "run":
                        # A block that makes a separate client leaves a closed one.
                        await _run(block, names | {"ecr": ecr}, names)
                    case "botocore":
                        await _run(
                            block, names | {"ecr": botocore_client(internet.registry())}, names
                        )
                    case "types" | "pytest" | "package":
                        continue


async def _run(block: Block, seen: dict[str, Any], names: dict[str, Any]) -> None:
    """Run a block in *names*, and keep the names that it defines."""
    code = compile(block.placed(), str(block.page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        if code.co_flags & inspect.CO_COROUTINE:
            await eval(code, seen)
        else:
            # In a thread, where a program may start another event loop.
            await anyio.to_thread.run_sync(eval, code, seen)
    seen.pop("ecr", None)
    names.update(seen, printed=printed.getvalue())


def test_all_blocks_pass_the_type_checker(tmp_path: Path) -> None:
    files = 0
    for number, (page, blocks) in enumerate(BLOCKS.items()):
        for name, text in (("page", _as_function(blocks)), ("tests", _as_module(blocks))):
            file = tmp_path / f"{number:02}_{page.stem}_{name}.py"
            file.write_text(text, encoding="utf-8")
            files += 1
    settings = {
        "typeCheckingMode": "standard",
        # Each block of a page may define main().
        "reportRedeclaration": False,
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == files
    above = len(_HEADER.splitlines()) - 1
    found = [
        (Path(problem["file"]).stem, problem["range"]["start"]["line"] - above, problem["message"])
        for problem in report["generalDiagnostics"]
    ]
    assert found == []


def _as_function(blocks: list[Block]) -> str:
    """A function with the page's code, on the lines of the page."""
    own = [block for block in blocks if block.kind in {"run", "types"}]
    return _HEADER + _placed(own, indent="    ") + "\n    ...\n"


def _as_module(blocks: list[Block]) -> str:
    """The page's tests."""
    empty = "\n" * len(_HEADER.splitlines())
    return empty + _placed([block for block in blocks if block.kind == "pytest"], indent="")


def _placed(blocks: list[Block], *, indent: str) -> str:
    lines: list[str] = []
    for block in blocks:
        lines += [""] * (block.line - 1 - len(lines))
        lines += textwrap.indent(block.code, indent).splitlines()
    return "\n".join(lines)


@pytest.mark.parametrize("page", _pages("pytest"))
def test_the_tests_of_a_page_pass(page: Path, tmp_path: Path) -> None:
    blocks = [block for block in BLOCKS[page] if block.kind == "pytest"]
    file = tmp_path / "test_page.py"
    file.write_text("\n\n".join(block.code for block in blocks), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", file.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout

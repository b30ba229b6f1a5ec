"""``python -m codegen``: what it writes, reports and refuses."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import Mock

import botocore
import pytest

from codegen import emit
from codegen.__main__ import main
from ecrclient.operations import MODEL_VERSION, OPERATIONS
from tests.codegen.project import MARK, OVERLAY, ROOT, generated

SHARED = [
    "image",
    "image_failure",
    "image_identifier",
    "image_scan_status",
    "image_scanning_configuration",
    "image_tag_mutability_exclusion_filter",
    "registry_scanning_configuration",
    "replication_backfill_progress",
    "replication_configuration",
    "replication_destination",
    "repository",
    "repository_creation_template",
    "scanning_repository_filter",
    "signing_configuration",
    "subject_identifier",
    "tag",
]
"""The modules of the shapes that several operations use."""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the files that the generator reads and writes."""
    root = tmp_path / "tree"
    ignore = shutil.ignore_patterns("__pycache__")
    for folder in ("codegen", "ecrclient", "docs/reference"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


@dataclass(frozen=True)
class Done:
    """The result of running the generator."""

    returncode: int
    stdout: str
    stderr: str


Codegen = Callable[..., Done]


@pytest.fixture
def codegen(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Codegen:
    """The generator, with the copy as its project."""
    monkeypatch.setattr("codegen.__main__.ROOT", tree)

    def run(*arguments: str) -> Done:
        returncode = main(arguments)
        printed = capsys.readouterr()
        return Done(returncode, printed.out, printed.err)

    return run


def test_committed_files_equal_what_the_sources_produce(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check"]) == 0
    assert capsys.readouterr().out == ""


def test_the_generated_files_are_the_public_modules() -> None:
    """The other tests compare these files, so the list must be complete."""
    methods = [operation.method for operation in OPERATIONS.values()]
    assert generated(ROOT).keys() == {
        "codegen/spec/sources.lock",
        "docs/reference/spec-differences.md",
        "ecrclient/__init__.py",
        "ecrclient/client.py",
        "ecrclient/endpoints.py",
        "ecrclient/enums.py",
        "ecrclient/errors.py",
        "ecrclient/handles.py",
        "ecrclient/operations.py",
        "ecrclient/params.py",
        "ecrclient/waiters.py",
        *(f"ecrclient/models/{name}.py" for name in ["__init__", "scalars", *SHARED, *methods]),
    }


def test_the_lists_of_generated_files_agree() -> None:
    """Those of git and of the hook that checks the files before a commit."""
    attributes = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    patterns = [line.split()[0] for line in attributes if "linguist-generated=true" in line]
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    hook = re.search(r"codegen-check.*?files: (\S+)", hooks, re.DOTALL)
    assert hook is not None
    for name in generated(ROOT):
        assert any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns), name
        assert re.match(hook[1], name), name
    made = [*generated(ROOT), "requirements-dev.txt"]
    for pattern in patterns:
        assert fnmatch.filter(made, pattern), pattern


@pytest.mark.parametrize("name", ["ecrclient/client.py", "docs/reference/spec-differences.md"])
def test_check_reports_a_missing_file(tree: Path, codegen: Codegen, name: str) -> None:
    (tree / name).unlink()
    done = codegen("check")
    assert (done.returncode, done.stdout) == (1, f"missing: {name}\n")


def test_check_shows_the_diff_of_an_edited_file(tree: Path, codegen: Codegen) -> None:
    models = tree / "ecrclient/models/tag.py"
    text = models.read_text(encoding="utf-8")
    (line,) = (line for line in text.splitlines() if line.startswith("class Tag("))
    by_hand = line.replace("Tag", "Label")
    models.write_text(text.replace(line, by_hand), encoding="utf-8")
    done = codegen("check")
    assert done.returncode == 1
    first, *diff = done.stdout.splitlines()
    assert first == "stale: ecrclient/models/tag.py"
    changed = [line for line in diff if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
    assert changed == [f"-{by_hand}", f"+{line}"]


def test_check_reports_converted_line_endings(tree: Path, codegen: Codegen) -> None:
    path = tree / "ecrclient/waiters.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    done = codegen("check")
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == "stale: ecrclient/waiters.py"


def test_check_reports_a_module_that_is_no_longer_generated(tree: Path, codegen: Codegen) -> None:
    (tree / "ecrclient/shapes.py").write_text(f"{MARK} from long ago.\n", encoding="utf-8")
    (tree / "ecrclient/by_hand.py").write_text("# Written by hand.\n", encoding="utf-8")
    done = codegen("check")
    assert (done.returncode, done.stdout) == (1, "extra: ecrclient/shapes.py\n")


def test_build_repairs_the_tree(tree: Path, codegen: Codegen) -> None:
    committed = generated(tree)
    by_hand = tree / "ecrclient/by_hand.py"
    by_hand.write_text("# Written by hand.\n", encoding="utf-8")
    (tree / "ecrclient/client.py").unlink()
    (tree / "ecrclient/models/tag.py").write_text(f"{MARK}; edited.\n", encoding="utf-8")
    (tree / "ecrclient/shapes.py").write_text(f"{MARK} from long ago.\n", encoding="utf-8")
    done = codegen("build")
    assert done.returncode == 0, done.stderr
    assert "3 of 92 files changed" in done.stderr
    assert generated(tree) == committed == generated(ROOT)
    assert by_hand.exists()


def test_build_does_not_write_unchanged_files(tree: Path, codegen: Codegen) -> None:
    before = {path: (tree / path).stat().st_mtime_ns for path in generated(tree)}
    assert codegen("build").returncode == 0
    assert {path: (tree / path).stat().st_mtime_ns for path in generated(tree)} == before


def test_output_does_not_depend_on_the_hash_seed(tree: Path) -> None:
    built: list[dict[str, bytes]] = []
    for seed in ("1", "2"):
        for name in generated(tree).keys() - {"codegen/spec/sources.lock"}:
            (tree / name).unlink()
        done = subprocess.run(
            [sys.executable, "-m", "codegen", "build"],
            cwd=tree,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        built.append(generated(tree))
    assert built[0] == built[1] == generated(ROOT)


def test_build_refuses_sources_that_differ_from_the_lock(tree: Path, codegen: Codegen) -> None:
    with (tree / OVERLAY).open("a", encoding="utf-8") as file:
        file.write("# one more line\n")
    committed = generated(tree)
    done = codegen("build")
    assert done.returncode == 1
    assert "the overlay changed: sha256 " in done.stderr
    assert generated(tree) == committed
    checked = codegen("check")
    assert checked.returncode == 1
    assert checked.stdout.startswith("sources: the overlay changed: sha256 ")
    assert codegen("build", "--relock").returncode == 0
    assert codegen("check").returncode == 0


def test_build_without_a_lock_is_refused(tree: Path, codegen: Codegen) -> None:
    lock = tree / "codegen/spec/sources.lock"
    lock.unlink()
    done = codegen("build")
    assert done.returncode == 1
    assert "sources.lock: does not exist" in done.stderr
    assert not lock.exists()
    assert codegen("build", "--relock").returncode == 0
    assert lock.read_bytes() == generated(ROOT)["codegen/spec/sources.lock"]


def locked(tree: Path) -> str:
    return (tree / "codegen/spec/sources.lock").read_text(encoding="utf-8")


def relocked(tree: Path, **changed: str) -> None:
    """Change the lock: the botocore version, or the digest of a source."""
    lock = tree / "codegen/spec/sources.lock"
    lines = lock.read_text(encoding="utf-8").splitlines(keepends=True)
    for name, value in changed.items():
        found = [i for i, line in enumerate(lines) if line.strip('"').startswith(name)]
        assert len(found) == 1
        lines[found[0]] = f'{lines[found[0]].partition(" = ")[0]} = "{value}"\n'
    lock.write_text("".join(lines), encoding="utf-8")


def test_another_botocore_with_the_same_model_changes_nothing(
    tree: Path, codegen: Codegen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codegen.aws_model._botocore_version", lambda: "9.9.9")
    done = codegen("check")
    assert (done.returncode, done.stdout) == (0, "")
    assert "0 differ; botocore 9.9.9" in done.stderr
    for options in ([], ["--relock"]):
        assert codegen("build", *options).returncode == 0
        assert generated(tree) == generated(ROOT)


def test_the_botocore_version_is_in_the_lock_and_in_one_constant(tree: Path) -> None:
    version = re.search(r'^botocore = "(.*)"$', locked(tree), re.MULTILINE)
    assert version is not None
    assert version[1] == MODEL_VERSION
    found = [name for name, text in generated(tree).items() if version[1].encode() in text]
    assert sorted(found) == ["codegen/spec/sources.lock", "ecrclient/operations.py"]


def test_a_changed_model_is_reported_first_with_its_digests_and_versions(
    tree: Path, codegen: Codegen
) -> None:
    # A consequence of a changed model: the overlay has a name that the model does not have.
    with (tree / OVERLAY).open("a", encoding="utf-8") as file:
        file.write('[[sensitive]]\nmember = "One.gone"\nwhy = "Because."\n')
    lock = generated(ROOT)["codegen/spec/sources.lock"].decode()
    digest = lock.partition('service-2.json" = "')[2][:12]
    relocked(tree, botocore="1.0.0", **{"ecr/2015-09-21/service-2.json": "1" * 64})
    change = (
        f"the model changed: ecr/2015-09-21/service-2.json: sha256 {'1' * 12} in the lock "
        f"(botocore 1.0.0), {digest} now (botocore {botocore.__version__})"
    )
    done = codegen("check")
    assert done.returncode == 2
    first, second = done.stdout.splitlines()
    assert first == f"sources: {change}"
    assert second.startswith("sources: the overlay changed: sha256 ")
    assert "OverlayError" in done.stderr
    lines = codegen("build").stderr.splitlines()
    assert lines[2:4] == ["the sources differ from the lock:", f"  {change}"]


def test_a_lock_that_is_not_one_is_refused(tree: Path, codegen: Codegen) -> None:
    lock = tree / "codegen/spec/sources.lock"
    for text in (b"\xff", b"= 1", b'botocore = "1"\n', b'botocore = "1"\n[sha256]\nspec = 1\n'):
        lock.write_bytes(text)
        done = codegen("check")
        assert done.returncode == 2
        assert done.stderr.splitlines()[-1].startswith(f"SourceError: {lock}: ")


def test_report_prints_the_committed_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report"]) == 0
    committed = (ROOT / "docs/reference/spec-differences.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out == committed


def test_an_error_of_ruff_has_its_output() -> None:
    with pytest.raises(emit.EmitError, match=r"broken\.py:1:5"):
        emit.format_python({"broken.py": "def (:\n"})


def test_without_ruff_nothing_is_written(
    tree: Path, codegen: Codegen, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed = generated(tree)
    monkeypatch.setattr("shutil.which", Mock(return_value=None))
    done = codegen("build")
    assert done.returncode == 2
    assert "EmitError: ruff is not installed" in done.stderr
    assert generated(tree) == committed

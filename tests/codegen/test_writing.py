"""What ``build`` writes and what it must not destroy: all or nothing, and only generated files."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codegen.__main__ import main
from codegen.writing import WriteError, replace_files
from tests.codegen.project import MARK, ROOT

SPEC = """\
@lap v0.3
@api AWS Secrets Manager
@endpoints 1

@endpoint POST /
@desc Generates a random password.
@optional {PasswordLength: int(i64)}
@returns(200) {RandomPassword: str?}

@end
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.lap"
    path.write_text(SPEC, encoding="utf-8")
    return path


def build(spec: Path, out: Path, *options: str, service: str = "secretsmanager") -> int:
    return main(["build", "--spec", str(spec), "--service", service, "--out", str(out), *options])


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """The error, which is one line after the lines of the stages."""
    lines = capsys.readouterr().err.splitlines()
    [error] = [line for line in lines if "Error: " in line]
    assert lines[-1] == error
    return error


# -- files that were not generated ----------------------------------------------------------------


@pytest.mark.parametrize("content", [b"# Written by hand.\n", b"", b"\xff\xfe"])
def test_a_hand_written_file_is_not_overwritten(
    tmp_path: Path, spec: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    out = tmp_path / "client"
    out.mkdir()
    (out / "client.py").write_bytes(content)
    assert build(spec, out) == 2
    expected = f"WriteError: {out}/client.py: was not generated; pass --force to overwrite it"
    assert one_line(capsys) == expected
    assert contents(out) == {"client.py": content}
    assert build(spec, out, "--force") == 0
    assert (out / "client.py").read_text(encoding="utf-8").startswith(MARK)


def test_a_report_is_not_written_over_another_file(
    tmp_path: Path, spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("# Notes\n", encoding="utf-8")
    assert build(spec, tmp_path / "client", "--report", str(notes)) == 2
    assert one_line(capsys).startswith(f"WriteError: {notes}: was not generated")
    assert notes.read_text(encoding="utf-8") == "# Notes\n"
    assert not (tmp_path / "client").exists()
    report = tmp_path / "differences.md"
    for _ in range(2):
        assert build(spec, tmp_path / "client", "--report", str(report)) == 0


def test_hand_written_files_beside_the_generated_ones_are_kept(tmp_path: Path, spec: Path) -> None:
    out = tmp_path / "client"
    assert build(spec, out) == 0
    (out / "by_hand.py").write_text("# Written by hand.\n", encoding="utf-8")
    (out / "old.py").write_text(f"{MARK} from an older spec.\n", encoding="utf-8")
    assert build(spec, out) == 0
    assert (out / "by_hand.py").exists()
    assert not (out / "old.py").exists()


def test_the_package_of_another_service_is_not_replaced(
    tmp_path: Path, spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "client"
    assert build(spec, out) == 0
    before = contents(out)
    other = ROOT / "codegen/spec/amazonaws-com-ecr.lap"
    overlay = ("--overlay", str(ROOT / "codegen/spec/overlay.toml"))
    capsys.readouterr()
    assert build(other, out, *overlay, service="ecr") == 2
    assert one_line(capsys) == (
        f"WriteError: {out}: contains the client of Secrets Manager, not of ECR; "
        "pass --force to replace it"
    )
    assert contents(out) == before
    assert build(other, out, *overlay, "--force", service="ecr") == 0
    assert "ECRClient" in (out / "client.py").read_text(encoding="utf-8")


# -- all or nothing -------------------------------------------------------------------------------


def full_disk(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let a limited number of files be written."""
    write = Path.write_text
    written: list[Path] = []

    def limited(path: Path, text: str, **options: str) -> int:
        if ".codegen-" in str(path):
            written.append(path)
            if len(written) > after:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, text, **options)

    monkeypatch.setattr(Path, "write_text", limited)


def failing_rename(monkeypatch: pytest.MonkeyPatch, after: int, error: BaseException) -> None:
    """Let one rename fail after a number of others."""
    rename = os.replace
    renamed: list[object] = []

    def limited(source: Path, target: Path) -> None:
        renamed.append(source)
        if len(renamed) == after + 1:
            raise error
        rename(source, target)

    monkeypatch.setattr("os.replace", limited)


FAILURES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "a full disk at the first file": lambda patch: full_disk(patch, 0),
    "a full disk at a later file": lambda patch: full_disk(patch, 3),
    "a refused rename": lambda patch: failing_rename(
        patch, 5, PermissionError(errno.EACCES, "Permission denied", "somewhere")
    ),
    "an interrupt": lambda patch: failing_rename(patch, 6, KeyboardInterrupt()),
    "an interrupt after the first rename": lambda patch: failing_rename(
        patch, 1, KeyboardInterrupt()
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("exists", [True, False], ids=["old tree", "no tree"])
def test_a_failure_leaves_everything_as_it_was(
    tmp_path: Path, spec: Path, monkeypatch: pytest.MonkeyPatch, failure: str, *, exists: bool
) -> None:
    out = tmp_path / "there" / "client"
    if exists:
        assert build(spec, out) == 0
        for path in list(out.rglob("*.py"))[::2]:
            path.write_text(f"{MARK}: an older version.\n", encoding="utf-8")
        (out / "left_over.py").write_text(f"{MARK}: an older version.\n", encoding="utf-8")
    before = contents(tmp_path)
    with monkeypatch.context() as patch:
        FAILURES[failure](patch)
        assert build(spec, out) in {2, 130}
    assert contents(tmp_path) == before
    assert out.parent.exists() == exists
    assert build(spec, out) == 0
    assert not (out / "left_over.py").exists()


def test_a_full_disk_is_a_one_line_error(
    tmp_path: Path, spec: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full_disk(monkeypatch, 0)
    assert build(spec, tmp_path / "client") == 2
    assert "No space left on device; nothing was changed" in one_line(capsys)


def test_an_unwritable_folder_is_a_one_line_error(
    tmp_path: Path, spec: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Patched, since root may write to every folder.
    error = PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(tmp_path / "client"))
    make = tempfile.mkdtemp

    def refused(suffix: str | None = None, prefix: str | None = None, dir: Any = None) -> str:
        if prefix == ".codegen-":
            raise error
        return make(suffix, prefix, dir)

    monkeypatch.setattr("tempfile.mkdtemp", refused)
    assert build(spec, tmp_path / "client") == 2
    expected = f"WriteError: {tmp_path}/client: Permission denied; nothing was changed"
    assert one_line(capsys) == expected


def test_a_report_path_that_is_a_folder_is_a_one_line_error(
    tmp_path: Path, spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "report").mkdir()
    for options in ([], ["--force"]):
        assert build(spec, tmp_path / "client", "--report", str(tmp_path / "report"), *options) == 2
        assert one_line(capsys) == f"WriteError: {tmp_path}/report: Is a directory"
    assert not (tmp_path / "client").exists()


def test_a_file_in_place_of_the_package_is_a_one_line_error(
    tmp_path: Path, spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "client").write_text("A file.\n", encoding="utf-8")
    assert build(spec, tmp_path / "client") == 2
    assert "WriteError: " in one_line(capsys)
    assert (tmp_path / "client").read_text(encoding="utf-8") == "A file.\n"


def test_removed_files_come_back_if_a_later_removal_fails(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("1", encoding="utf-8")
    with pytest.raises(WriteError, match="nothing was changed"):
        replace_files({tmp_path / "new" / "two": "2"}, [tmp_path / "one", tmp_path / "missing"])
    assert contents(tmp_path) == {"one": b"1"}
    assert list(tmp_path.iterdir()) == [tmp_path / "one"]


# -- packages anywhere ----------------------------------------------------------------------------


def test_a_sub_package_imports_its_modules_relatively(tmp_path: Path, spec: Path) -> None:
    out = tmp_path / "acme" / "aws" / "secrets"
    for folder in (out.parent.parent, out.parent):
        folder.mkdir()
        (folder / "__init__.py").touch()
    assert build(spec, out) == 0
    assert (out / "py.typed").read_bytes() == b""
    init = (out / "__init__.py").read_text(encoding="utf-8")
    assert "``acme.aws.secrets.models``" in init
    code = (
        "import acme.aws.secrets as made, acme.aws.secrets.operations as operations\n"
        "made.warm_up()\n"
        "print(made.SecretsManagerClient(region='eu-west-1').__module__)\n"
        "print(operations.GET_RANDOM_PASSWORD.response.__module__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "acme.aws.secrets.client",
        "acme.aws.secrets.models.get_random_password",
    ], done.stderr


@pytest.mark.parametrize("name", ["my-client", "1password", "class", "a b", "client.py"])
def test_an_invalid_package_name_is_refused(
    tmp_path: Path, spec: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert build(spec, tmp_path / name) == 2
    error = one_line(capsys)
    assert error.startswith(f"UsageError: --out {tmp_path / name}: '{name}' is not a valid package")
    assert not (tmp_path / name).exists()

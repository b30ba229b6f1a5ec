"""A login through the credential helper that a file configures, as with Docker Desktop."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from pydantic import SecretStr

from ecrclient.logins import LoginFile, LoginFileError, RegistryCredentials, helper_program

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform == "win32", reason="the helpers here are shell scripts"),
]

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
PASSWORD = "canary-password"
CREDENTIALS = RegistryCredentials(
    "AWS", SecretStr(PASSWORD), HOST, datetime(2026, 1, 1, tzinfo=UTC)
)
CONFIG = '{"credsStore": "desktop"}'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A file that configures a helper."""
    path = tmp_path / "config.json"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return folder


def install(programs: Path, script: str) -> None:
    program = programs / "docker-credential-desktop"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def text(path: Path) -> str:
    return path.read_text()


def names(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


async def test_the_password_is_stored_in_the_helper(config: Path, programs: Path) -> None:
    install(programs, f'echo "$1" > {programs}/action; cat > {programs}/given')

    result = await LoginFile(config).log_in(CREDENTIALS, shadowed="helper")

    assert (result.changed, result.shadowed_by) == (False, "credsStore: desktop")
    assert result.stored_by_helper
    assert text(programs / "action") == "store\n"
    assert json.loads(text(programs / "given")) == {
        "ServerURL": HOST,
        "Username": "AWS",
        "Secret": PASSWORD,
    }
    assert text(config) == CONFIG


async def test_the_password_is_erased_in_the_helper(config: Path, programs: Path) -> None:
    install(programs, f'echo "$1" > {programs}/action; cat > {programs}/given')
    await LoginFile(config).log_out(HOST)
    assert names(programs) == ["docker-credential-desktop"]

    result = await LoginFile(config).log_out(HOST, shadowed="helper")

    assert (result.removed, result.shadowed_by) == ((), "credsStore: desktop")
    assert (text(programs / "action"), text(programs / "given")) == ("erase\n", HOST)


async def test_without_a_helper_the_entry_is_written(tmp_path: Path) -> None:
    result = await LoginFile(tmp_path / "new.json").log_in(CREDENTIALS, shadowed="helper")
    assert (result.changed, result.stored_by_helper, result.shadowed_by) == (True, False, None)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'the keychain is locked'; exit 3", "exit code 3: the keychain is locked$"),
        ("cat; exit 1", "failed with exit code 1$"),
        (f"echo 'cannot store {PASSWORD}'; exit 1", "failed with exit code 1$"),
        ("exit 1", "failed with exit code 1$"),
    ],
)
async def test_a_helper_that_fails_is_an_error_without_the_password(
    config: Path, programs: Path, script: str, message: str
) -> None:
    install(programs, script)
    with pytest.raises(LoginFileError, match=message) as info:
        await LoginFile(config).log_in(CREDENTIALS, shadowed="helper")
    assert PASSWORD not in f"{info.value!r}{info.value}"
    assert text(config) == CONFIG


async def test_a_missing_helper_is_an_error(config: Path, programs: Path) -> None:
    with pytest.raises(LoginFileError, match="docker-credential-desktop, which is not installed"):
        await LoginFile(config).log_in(CREDENTIALS, shadowed="helper")


async def test_a_program_that_cannot_be_run_is_an_error(config: Path, programs: Path) -> None:
    (programs / "docker-credential-desktop").mkdir()
    with pytest.raises(LoginFileError, match="docker-credential-desktop"):
        await LoginFile(config).log_in(CREDENTIALS, shadowed="helper")


async def test_a_name_with_a_path_is_not_run(tmp_path: Path, programs: Path) -> None:
    config = tmp_path / "other.json"
    await anyio.Path(config).write_text('{"credsStore": "x/../../evil"}')
    with pytest.raises(LoginFileError, match="cannot be a program"):
        await LoginFile(config).log_in(CREDENTIALS, shadowed="helper")


async def test_a_helper_that_hangs_is_an_error(
    config: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helper_program, "_SECONDS", 0.2)
    install(programs, "exec sleep 30")
    with pytest.raises(LoginFileError, match="did not end within"):
        await LoginFile(config).log_in(CREDENTIALS, shadowed="helper")

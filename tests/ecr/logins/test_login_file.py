"""Logins in files: what is kept, atomic replacement, modes, links, writers and damage."""

from __future__ import annotations

import json
import os
import pickle
import stat
import subprocess
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
from pydantic import SecretStr

from ecrclient import ConfigurationError, RequestValidationError
from ecrclient.logins import (
    LoginFile,
    LoginFileError,
    LoginShadowedError,
    RegistryCredentials,
    file_replacement,
)

pytestmark = pytest.mark.anyio

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
OTHER = "210987654321.dkr.ecr.us-east-1.amazonaws.com"
PASSWORD = "canary-password"
CREDENTIALS = RegistryCredentials(
    "AWS", SecretStr(PASSWORD), HOST, datetime(2026, 1, 1, tzinfo=UTC)
)
AUTH = CREDENTIALS.encoded()
EXISTING = """{
    "HttpHeaders": {"User-Agent": "Docker"},
    "auths": {
        "ghcr.io": {"auth": "b3RoZXI6c2VjcmV0", "email": "a@example.com"}
    },
    "psFormat": "tabl\u00e9"
}
"""
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.json"


def members(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def write(path: Path, content: str | bytes) -> None:
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def inode(path: Path) -> int:
    return path.stat().st_ino


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_a_login_creates_the_file_and_its_folder(tmp_path: Path) -> None:
    file = LoginFile(tmp_path / "new" / "config.json")

    result = await file.log_in(CREDENTIALS)

    assert (result.registry, result.changed, result.shadowed_by) == (HOST, True, None)
    assert members(file.path) == {"auths": {HOST: {"auth": AUTH}}}
    assert read(file.path).startswith('{\n\t"auths"')
    assert [one.name for one in file.path.parent.iterdir()] == ["config.json"]
    if sys.platform != "win32":
        assert (mode(file.path), mode(file.path.parent)) == (0o600, 0o700)


async def test_other_registries_settings_order_and_indentation_are_kept(path: Path) -> None:
    write(path, EXISTING)

    await LoginFile(path).log_in(CREDENTIALS)

    before = json.loads(EXISTING)
    before["auths"][HOST] = {"auth": AUTH}
    assert members(path) == before
    assert list(members(path)) == ["HttpHeaders", "auths", "psFormat"]
    text = read(path)
    assert text.startswith('{\n    "HttpHeaders": {\n        "User-Agent"')
    assert text.endswith("}\n")
    assert "tabl\u00e9" in text


async def test_a_login_and_a_logout_restore_a_file_of_docker(path: Path) -> None:
    text = '{\n\t"auths": {\n\t\t"ghcr.io": {\n\t\t\t"auth": "eDp5"\n\t\t}\n\t},\n\t"a": 1.5\n}'
    write(path, text)
    file = LoginFile(path)

    await file.log_in(CREDENTIALS)
    await file.log_out(HOST)

    assert read(path) == text


async def test_an_older_entry_is_replaced_as_a_whole(path: Path) -> None:
    write(path, json.dumps({"auths": {HOST: {"auth": "eDp5", "identitytoken": "old"}}}))
    await LoginFile(path).log_in(CREDENTIALS)
    assert members(path)["auths"] == {HOST: {"auth": AUTH}}


async def test_the_same_login_does_not_write_the_file(path: Path) -> None:
    file = LoginFile(path)
    await file.log_in(CREDENTIALS)
    before = inode(path)

    result = await file.log_in(CREDENTIALS)

    assert not result.changed
    assert inode(path) == before


@pytest.mark.parametrize("content", ["", "\n", "{}", '{"auths": null}'])
async def test_an_empty_file(path: Path, content: str) -> None:
    write(path, content)
    await LoginFile(path).log_in(CREDENTIALS)
    assert members(path) == {"auths": {HOST: {"auth": AUTH}}}


async def test_another_host_of_the_registry(path: Path) -> None:
    host = "123456789012.dkr-ecr.eu-west-1.on.aws"
    result = await LoginFile(path).log_in(CREDENTIALS, registry=host)
    assert (result.registry, list(members(path)["auths"])) == (host, [host])


async def test_a_logout_removes_every_spelling_and_nothing_else(path: Path) -> None:
    keys = (HOST, f"https://{HOST}", f"http://{HOST}/", f"https://{HOST}/v2/")
    kept = (OTHER, f"{HOST}:5000", f"{HOST}/team/app", f"x{HOST}")
    write(path, json.dumps({"auths": {key: {"auth": "eDp5"} for key in (*keys, *kept)}}))

    result = await LoginFile(path).log_out(HOST)

    assert result.removed == keys
    assert tuple(members(path)["auths"]) == kept


async def test_a_logout_without_an_entry_creates_and_changes_nothing(tmp_path: Path) -> None:
    missing = LoginFile(tmp_path / "none" / "config.json")
    assert (await missing.log_out(HOST)).removed == ()
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("setting", "shadowed_by"),
    [
        ({"credsStore": "desktop"}, "credsStore: desktop"),
        ({"credHelpers": {HOST: "ecr-login"}}, "credHelpers: ecr-login"),
        ({"credsStore": "desktop", "credHelpers": {HOST: "x"}}, "credHelpers: x"),
    ],
)
async def test_a_shadowed_login_is_refused_or_reported(
    path: Path, setting: dict[str, Any], shadowed_by: str
) -> None:
    write(path, json.dumps(setting))
    file = LoginFile(path)

    with pytest.raises(LoginShadowedError, match="would not be used, because the file has") as info:
        await file.log_in(CREDENTIALS)
    assert (info.value.helper, info.value.registry) == (shadowed_by, HOST)
    assert str(pickle.loads(pickle.dumps(info.value))) == str(info.value)
    assert members(path) == setting

    written = await file.log_in(CREDENTIALS, shadowed="write")
    assert (written.changed, written.shadowed_by) == (True, shadowed_by)
    assert members(path) == {**setting, "auths": {HOST: {"auth": AUTH}}}
    removed = await file.log_out(HOST)
    assert (removed.removed, removed.shadowed_by) == ((HOST,), shadowed_by)


@pytest.mark.parametrize(
    "setting", [{"credsStore": ""}, {"credHelpers": {OTHER: "x"}}, {"credHelpers": {HOST: ""}}]
)
async def test_other_helpers_do_not_shadow_a_login(path: Path, setting: dict[str, Any]) -> None:
    write(path, json.dumps(setting))
    assert (await LoginFile(path).log_in(CREDENTIALS)).shadowed_by is None


async def test_podman_does_not_use_the_credentials_store(path: Path) -> None:
    write(path, '{"credsStore": "desktop"}')
    file = LoginFile.containers({"REGISTRY_AUTH_FILE": str(path)})
    assert (await file.log_in(CREDENTIALS)).shadowed_by is None


async def test_a_helper_is_set_and_removed(path: Path) -> None:
    write(path, json.dumps({"credHelpers": {OTHER: "x"}}))
    file = LoginFile(path)
    assert (await file.use_helper(HOST)).changed
    assert not (await file.use_helper(HOST)).changed
    assert members(path) == {"credHelpers": {OTHER: "x", HOST: "ecrclient"}}
    assert (await file.use_helper(HOST, None)).changed
    assert not (await file.use_helper(HOST, None)).changed
    assert members(path) == {"credHelpers": {OTHER: "x"}}


SECRET_TEXT = "c2VjcmV0LWNhbmFyeQ"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (f'{{"auths": {{"a": {{"auth": "{SECRET_TEXT}"}}}}'.encode(), "not JSON: line 1, column"),
        (f'["{SECRET_TEXT}"]'.encode(), "not an object"),
        (f'{{"auths": ["{SECRET_TEXT}"]}}'.encode(), "auths must be an object"),
        (b'{"credHelpers": "x"}', "credHelpers must be an object"),
        (SECRET_TEXT.encode() + b"\xff", "not UTF-8"),
        (b'\xef\xbb\xbf{"auths": {}}', "not JSON"),
        (b'{"auths": {"a": {}, "a": {}}}', "an object has a member twice"),
        (b'{"a": 1e999}', "a number is not finite"),
        (b'{"a": NaN}', "a number is not finite"),
        (b'{"a": ' + b"[" * 100_000, "not JSON that can be read"),
        (b'{"a": ' + b"1" * 10_000 + b"}", "not JSON that can be read"),
    ],
    ids=range(11),
)
async def test_a_damaged_file_is_not_changed_and_not_quoted(
    path: Path, content: bytes, problem: str
) -> None:
    write(path, content)
    file = LoginFile(path)
    for call in (
        lambda: file.log_in(CREDENTIALS),
        lambda: file.log_out(HOST),
        lambda: file.use_helper(HOST),
    ):
        with pytest.raises(LoginFileError, match=f"damaged: {problem}") as info:
            await call()
        assert info.value.path == str(path)
        shown = "".join(traceback.format_exception(info.value)) + repr(info.value)
        assert SECRET_TEXT not in shown
        assert PASSWORD not in shown
        assert info.value.__cause__ is None
        assert info.value.__context__ is None
    assert content_of(path) == content
    assert list(path.parent.iterdir()) == [path]


@posix_only
@pytest.mark.parametrize(
    ("before", "after"), [(0o644, 0o600), (0o666, 0o600), (0o600, 0o600), (0o400, 0o400)]
)
async def test_the_mode_is_0600_or_stricter(path: Path, before: int, after: int) -> None:
    write(path, "{}")
    os.chmod(path, before)
    await LoginFile(path).log_in(CREDENTIALS)
    assert mode(path) == after


@posix_only
async def test_a_new_file_has_mode_0600_with_any_umask(path: Path) -> None:
    old = os.umask(0)
    try:
        await LoginFile(path).log_in(CREDENTIALS)
    finally:
        os.umask(old)
    assert mode(path) == 0o600


@posix_only
async def test_a_link_stays_a_link_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "file.json", tmp_path / "config.json"
    write(target, EXISTING)
    link.symlink_to(Path("real") / "file.json")

    await LoginFile(link).log_in(CREDENTIALS)

    assert link.is_symlink()
    assert members(target)["auths"].keys() == {"ghcr.io", HOST}
    assert names(tmp_path) == ["config.json", "real"]


@posix_only
async def test_a_loop_of_links_and_other_kinds_of_files_are_refused(tmp_path: Path) -> None:
    loop, pipe = tmp_path / "loop.json", tmp_path / "pipe.json"
    loop.symlink_to(loop)
    os.mkfifo(pipe)
    for path in (loop, pipe, tmp_path, Path("/dev/null")):
        with pytest.raises(LoginFileError):
            await LoginFile(path).log_in(CREDENTIALS)
    with pytest.raises(LoginFileError, match="not a regular file"):
        await LoginFile(pipe).log_in(CREDENTIALS)


async def test_a_path_below_a_file_is_refused(path: Path) -> None:
    write(path, "{}")
    with pytest.raises(LoginFileError):
        await LoginFile(path / "config.json").log_in(CREDENTIALS)


async def test_a_long_file_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_replacement, "_MAX_BYTES", 10)
    write(path, EXISTING)
    with pytest.raises(LoginFileError, match="longer than 10 bytes"):
        await LoginFile(path).log_in(CREDENTIALS)


@posix_only
@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="root writes to any folder"
)
async def test_a_folder_that_is_read_only(tmp_path: Path, path: Path) -> None:
    write(path, EXISTING)
    os.chmod(tmp_path, 0o500)
    try:
        with pytest.raises(LoginFileError, match="Permission denied"):
            await LoginFile(path).log_in(CREDENTIALS)
    finally:
        os.chmod(tmp_path, 0o700)
    assert read(path) == EXISTING


@pytest.mark.parametrize("function", ["tempfile.mkstemp", "os.fsync", "pathlib.Path.replace"])
@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(28, "No space left on device")]
)
async def test_a_failed_write_leaves_the_old_file_and_no_other(
    path: Path, monkeypatch: pytest.MonkeyPatch, function: str, error: OSError
) -> None:
    write(path, EXISTING)

    def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(function, fail)
        with pytest.raises(LoginFileError, match=str(error.strerror)) as info:
            await LoginFile(path).log_in(CREDENTIALS)
    assert PASSWORD not in f"{info.value!r}{info.value}"
    assert read(path) == EXISTING
    assert list(path.parent.iterdir()) == [path]
    await LoginFile(path).log_in(CREDENTIALS)
    assert HOST in members(path)["auths"]


KILLED = """
import os, sys
from datetime import UTC, datetime
import anyio
from pydantic import SecretStr
from ecrclient.logins import LoginFile, RegistryCredentials
import pathlib

pathlib.Path.replace = lambda *_: os._exit(9)
credentials = RegistryCredentials("AWS", SecretStr("new"), "{host}", datetime.now(UTC))
anyio.run(LoginFile(sys.argv[1]).log_in, credentials)
"""


async def test_a_process_that_ends_during_the_write_leaves_the_old_file(path: Path) -> None:
    write(path, EXISTING)
    command = [sys.executable, "-c", KILLED.format(host=HOST), str(path)]
    done = await anyio.to_thread.run_sync(lambda: subprocess.run(command, check=False))
    assert done.returncode == 9
    assert read(path) == EXISTING
    left = [one for one in path.parent.iterdir() if one != path]
    if sys.platform != "win32":
        assert [mode(one) for one in left] == [0o600]
    await LoginFile(path).log_in(CREDENTIALS)
    assert HOST in members(path)["auths"]


async def test_concurrent_logins_lose_nothing(path: Path) -> None:
    write(path, EXISTING)
    hosts = [f"{number:012}.dkr.ecr.eu-west-1.amazonaws.com" for number in range(24)]

    async def log_in(host: str) -> None:
        await LoginFile(path).log_in(CREDENTIALS, registry=host)

    async with anyio.create_task_group() as tasks:
        for host in hosts:
            tasks.start_soon(log_in, host)

    assert members(path)["auths"].keys() == {"ghcr.io", *hosts}
    assert list(path.parent.iterdir()) == [path]


WRITER = """
import sys
from datetime import UTC, datetime
import anyio
from pydantic import SecretStr
from ecrclient.logins import LoginFile, RegistryCredentials

async def main():
    for number in range(10):
        host = f"{sys.argv[2]}-{number}.example.com"
        one = RegistryCredentials("AWS", SecretStr("new"), host, datetime.now(UTC))
        await LoginFile(sys.argv[1]).log_in(one)

anyio.run(main)
"""


async def test_concurrent_processes_lose_nothing(path: Path) -> None:
    async def write(name: str) -> None:
        await anyio.run_process([sys.executable, "-c", WRITER, str(path), name])

    async with anyio.create_task_group() as tasks:
        for name in "abc":
            tasks.start_soon(write, name)
    assert len(members(path)["auths"]) == 30


async def test_the_change_of_another_program_is_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program without the lock writes between the reading and the replacement."""
    write(path, EXISTING)
    write_temporary = file_replacement.write_temporary
    changes = iter([json.dumps({"auths": {OTHER: {"auth": "eDp5"}}})])

    def write_late(*args: Any) -> Path:
        written = write_temporary(*args)
        for change in changes:
            write(path, change)
        return written

    monkeypatch.setattr(file_replacement, "write_temporary", write_late)
    await LoginFile(path).log_in(CREDENTIALS)
    assert members(path)["auths"].keys() == {OTHER, HOST}
    assert list(path.parent.iterdir()) == [path]


async def test_a_file_that_never_stops_changing_is_an_error(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, EXISTING)
    write_temporary = file_replacement.write_temporary
    numbers = iter(range(1000))

    def write_late(*args: Any) -> Path:
        write(path, json.dumps({"number": next(numbers)}))
        return write_temporary(*args)

    monkeypatch.setattr(file_replacement, "write_temporary", write_late)
    with pytest.raises(LoginFileError, match="other programs keep changing it"):
        await LoginFile(path).log_in(CREDENTIALS)
    assert list(path.parent.iterdir()) == [path]


@posix_only
async def test_a_lock_that_is_not_released_is_an_error(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_replacement, "_LOCK_SECONDS", 0.0)
    refused = pytest.raises(LoginFileError, match="locked by another program")
    with file_replacement.locked(path.parent), refused:
        await LoginFile(path).log_in(CREDENTIALS)
    await LoginFile(path).log_in(CREDENTIALS)


async def test_a_cancelled_login_has_written_everything_or_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, EXISTING)
    started, go_on = threading.Event(), threading.Event()
    write_temporary = file_replacement.write_temporary

    def write_slowly(*args: Any) -> Path:
        started.set()
        assert go_on.wait(10)
        return write_temporary(*args)

    monkeypatch.setattr(file_replacement, "write_temporary", write_slowly)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(LoginFile(path).log_in, CREDENTIALS)
        await anyio.to_thread.run_sync(started.wait)
        tasks.cancel_scope.cancel()
        go_on.set()
    assert members(path)["auths"].keys() == {"ghcr.io", HOST}
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"DOCKER_CONFIG": "/c", "HOME": "/h"}, "/c/config.json"),
        ({"HOME": "/h"}, "/h/.docker/config.json"),
        ({"DOCKER_CONFIG": "", "HOME": "/h"}, "/h/.docker/config.json"),
    ],
)
@posix_only
async def test_the_file_of_docker(environ: dict[str, str], path: str) -> None:
    assert LoginFile.docker(environ).path == Path(path)


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
async def test_the_file_of_containers() -> None:
    given = {"REGISTRY_AUTH_FILE": "/a.json", "XDG_RUNTIME_DIR": "/r"}
    assert LoginFile.containers(given).path == Path("/a.json")
    assert LoginFile.containers({"XDG_RUNTIME_DIR": "/r"}).path == Path("/r/containers/auth.json")
    assert LoginFile.containers({}).path == Path(f"/run/containers/{os.getuid()}/auth.json")


@pytest.mark.parametrize(
    "registry", ["", "https://a", "a/b", "a b", "a:b", "user:pw@host", "a\n", "*", 1, None]
)
async def test_wrong_registries(path: Path, registry: Any) -> None:
    file = LoginFile(path)
    with pytest.raises(RequestValidationError, match="registry: must be the host of a registry"):
        await file.log_out(registry)
    with pytest.raises(RequestValidationError, match="registry: must be the host of a registry"):
        await file.use_helper(registry)
    assert names(path.parent) == []


async def test_wrong_arguments(path: Path) -> None:
    file = LoginFile(path)
    wrong: Any = "x"
    with pytest.raises(RequestValidationError, match="credentials: must be a RegistryCredentials"):
        await file.log_in(wrong)
    with pytest.raises(RequestValidationError, match='shadowed: must be "refuse", "write"'):
        await file.log_in(CREDENTIALS, shadowed=wrong)
    with pytest.raises(RequestValidationError, match='shadowed: must be "report" or "helper"'):
        await file.log_out(HOST, shadowed=wrong)
    with pytest.raises(RequestValidationError, match="helper: must be what follows"):
        await file.use_helper(HOST, "../x")
    with pytest.raises(ConfigurationError, match="path must be a path"):
        LoginFile(1)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


async def test_nothing_shows_the_password(path: Path) -> None:
    file = LoginFile(path)
    result = await file.log_in(CREDENTIALS)
    shown = f"{file!r} {result!r} {await file.log_out(HOST)!r} {CREDENTIALS!r}"
    assert PASSWORD not in shown
    assert AUTH not in shown

"""``python -m ecrclient.testing``."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.testing import InMemoryECR, StateError
from ecrclient.testing.__main__ import main
from tests.in_memory.builders import digest_of, upload_part

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_command(*arguments: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    """Start the command; return the process and the environment variables that it prints."""
    command = [sys.executable, "-m", "ecrclient.testing", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    exported: dict[str, str] = {}
    # It prints a comment and five export commands.
    for line in [process.stdout.readline() for _ in range(6)][1:]:
        name, _, value = line.removeprefix("export ").strip().partition("=")
        exported[name] = value
    return process, exported


async def create_a_repository() -> str:
    """Create a repository in the ECR of the environment; return the account."""
    async with ECRClient() as client:
        made = await client.create_repository(repository_name="team/app")
    return made.repository.registry_id


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
@pytest.mark.parametrize("stop", SIGNALS)
def test_command_serves_until_a_signal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stop: signal.Signals
) -> None:
    state = tmp_path / "state.json"
    process, exported = run_command(
        *("--region", "eu-west-1", "--account-id", "210987654321", "--state", str(state))
    )
    with process:
        for name, value in exported.items():
            monkeypatch.setenv(name, value)
        assert anyio.run(create_a_repository) == "210987654321"
        process.send_signal(stop)
        assert process.wait() == 0

    kept = InMemoryECR.load(state)
    assert (kept.region, kept.account_id) == ("eu-west-1", "210987654321")
    assert "team/app" in state.read_text(encoding="utf-8")


async def push_an_invalid_manifest() -> int:
    """Push to the ECR of the environment by its ``/v2/`` API; return the status."""
    async with ECRClient() as client:
        await client.create_repository(repository_name="team/app")
        login = await client.registry_credentials()
    auth = (login.username, login.password.get_secret_value())
    async with httpx.AsyncClient(auth=auth) as http:
        url = f"http://{login.registry}/v2/team/app/manifests/v1"
        return (await http.put(url, content=b"not JSON")).status_code


@pytest.mark.parametrize(("options", "status"), [((), 400), (("--deviations",), 405)])
def test_deviations_of_the_registry(
    monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], status: int
) -> None:
    process, exported = run_command(*options)
    with process:
        for name, value in exported.items():
            monkeypatch.setenv(name, value)
        try:
            assert anyio.run(push_an_invalid_manifest) == status
        finally:
            process.terminate()


async def upload_a_layer() -> int:
    """Upload a layer to the ECR of the environment; return the advertised part size."""
    async with ECRClient() as client:
        await client.create_repository(repository_name="team/app")
        started = await client.initiate_layer_upload(repository_name="team/app")
        for first in range(0, len(LAYER), started.part_size or 1):
            part = LAYER[first : first + (started.part_size or 1)]
            await upload_part(client, "team/app", started.upload_id, first, part)
        await client.complete_layer_upload(
            repository_name="team/app",
            upload_id=started.upload_id,
            layer_digests=[digest_of(LAYER)],
        )
    return started.part_size


LAYER = b"0123456789"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
def test_layers_are_stored_in_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    state, folder = tmp_path / "state.json", tmp_path / "layers"
    options = ("--state", str(state), "--layers-dir", str(folder), "--part-size", "4")
    process, exported = run_command(*options)
    with process:
        for name, value in exported.items():
            monkeypatch.setenv(name, value)
        assert anyio.run(upload_a_layer) == 4
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    file = folder / "sha256" / digest_of(LAYER).removeprefix("sha256:")
    assert file.read_bytes() == LAYER

    # A second run accepts the state with the folder. Without the folder, the state is refused.
    process, _ = run_command(*options)
    with process:
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    InMemoryECR.load(state, layers_dir=folder)
    with pytest.raises(StateError, match="is stored in a file"):
        InMemoryECR.load(state)


@pytest.fixture
def handlers() -> Iterator[None]:
    """Restore the signal handlers."""
    before = [signal.getsignal(number) for number in SIGNALS]
    yield
    for number, handler in zip(SIGNALS, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--account-id", "1234"], "account_id must be twelve digits, not '1234'"),
        (
            ["--region", "EU (Ireland)"],
            "region must be a name such as 'us-east-1', not 'EU (Ireland)'",
        ),
        (["--port", "99999"], "port must be from 0 to 65535, not 99999"),
        (["--part-size", "0"], "part_size must be from 1 to 20971520, not 0"),
        (["--layers-dir", "good.json"], "good.json"),
        (["--state", "none/new.json"], "cannot save new.json: the folder none does not exist"),
        (["--state", "damaged.json"], "damaged.json: version: Field required"),
        (
            ["--state", "good.json", "--region", "eu-west-1"],
            "region in good.json is us-east-1, not eu-west-1",
        ),
        (["--state", "new.json", "--port", "taken"], "in use"),
    ],
)
def test_errors_are_reported(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "damaged.json").write_text("{}")
    InMemoryECR().save("good.json")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main([port if one == "taken" else one for one in arguments]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("python -m ecrclient.testing: ")
    assert message in printed.err
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.usefixtures("handlers")
def test_missing_extra_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "ecrclient.testing.http_server", raising=False)
    assert main(["--port", "0"]) == 1
    assert "pip install 'ecrclient[testing]'" in capsys.readouterr().err

"""The credential helper as a process: docker's protocol, hosts, errors and secrets."""

from __future__ import annotations

import importlib
import io
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import anyio
import pytest

from ecrclient.logins import credential_helper
from ecrclient.testing import InMemoryECR, ServedECR

Run = Callable[..., subprocess.CompletedProcess[str]]

REGION = "eu-west-1"
HOST = f"123456789012.dkr.ecr.{REGION}.amazonaws.com"
SUFFIX = "amazonaws.com"
NOT_FOUND = "credentials not found in native keychain\n"
SECRET_KEY = "canary-secret-key"


@pytest.fixture
def ecr() -> InMemoryECR:
    return InMemoryECR(region=REGION)


@pytest.fixture
def server(ecr: InMemoryECR) -> Iterator[ServedECR]:
    with ecr.serve() as server:
        yield server


def run_helper(
    *arguments: str, given: str = "", environ: Mapping[str, str], home: Path
) -> subprocess.CompletedProcess[str]:
    """Run the helper with these AWS settings only."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and not name.lower().endswith("_proxy")
    }
    isolated = {
        "HOME": str(home),
        "AWS_CONFIG_FILE": str(home / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "ecrclient.logins.credential_helper", *arguments],
        input=given,
        env={**kept, **isolated, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def run(server: ServedECR, tmp_path: Path) -> Run:
    """Run the helper with the served ECR as the endpoint."""

    def run(*arguments: str, given: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        return run_helper(
            *arguments, given=given, environ={**server.environment(), **environ}, home=tmp_path
        )

    return run


@pytest.fixture
def call(
    server: ServedECR,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """The same in this process, which is faster."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))

    def call(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        code = credential_helper.main(arguments)
        shown = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, shown.out, shown.err)

    return call


@pytest.mark.parametrize("written", [HOST, f"https://{HOST}", f"https://{HOST}/", HOST.upper()])
def test_get_returns_the_credentials_of_a_host(call: Run, ecr: InMemoryECR, written: str) -> None:
    done = call("get", given=f"{written}\n")

    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found.keys() == {"ServerURL", "Username", "Secret"}
    assert (found["ServerURL"], found["Username"]) == (written, "AWS")
    assert len(found["Secret"]) > 20
    (sent,) = ecr.calls
    assert sent.operation == "GetAuthorizationToken"


def test_get_returns_the_credentials_of_the_served_registry(run: Run, server: ServedECR) -> None:
    done = run("get", given=server.registry)
    assert (done.returncode, json.loads(done.stdout)["Username"]) == (0, "AWS")


@pytest.mark.parametrize(
    "host",
    [
        "docker.io",
        "https://index.docker.io/v1/",
        "public.ecr.aws",
        "127.0.0.1:1",
        "ecr.amazonaws.com",
        f"{HOST}.example.com",
        f"{HOST}@example.com",
        f"user:pw@{HOST}",
        f"{HOST}:8443",
        "1234.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com",
        "/",
    ],
)
def test_get_does_not_know_other_hosts(call: Run, ecr: InMemoryECR, host: str) -> None:
    done = call("get", given=host)
    assert (done.returncode, done.stdout, done.stderr) == (1, NOT_FOUND, "")
    assert list(ecr.calls) == []


def test_other_hosts_need_no_settings(tmp_path: Path) -> None:
    done = run_helper("get", given="docker.io", environ={}, home=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (1, NOT_FOUND, "")


@pytest.mark.parametrize(
    ("host", "region", "settings"),
    [
        (HOST, "eu-west-1", (None, None)),
        ("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", "us-east-1", (True, None)),
        ("123456789012.dkr-ecr.eu-west-1.on.aws", "eu-west-1", (None, True)),
        ("123456789012.dkr-ecr-fips.us-east-1.on.aws", "us-east-1", (True, True)),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1", (None, None)),
        ("123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", "us-iso-east-1", (None, None)),
    ],
)
def test_the_host_determines_the_region_and_the_endpoint(
    monkeypatch: pytest.MonkeyPatch, host: str, region: str, settings: tuple[bool, bool]
) -> None:
    made: list[dict[str, object]] = []
    for name in ("AWS_ENDPOINT_URL_ECR", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)

    class Client:
        def __init__(self, **arguments: object) -> None:
            made.append(arguments)

    monkeypatch.setattr(credential_helper, "ECRClient", Client)
    found = anyio.run(credential_helper.find_registry, host)
    assert found is not None
    assert found.registry_id == "123456789012"
    (arguments,) = made
    assert arguments["region"] == region
    assert (arguments["use_fips"], arguments["use_dualstack"]) == settings


@pytest.mark.parametrize(
    "host",
    [f"123456789012.dkr.ecr-fips.us-east-1.{SUFFIX}", "123456789012.dkr-ecr.us-east-1.on.aws"],
)
def test_a_configured_endpoint_is_used_for_every_kind_of_host(
    call: Run, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = InMemoryECR(region="us-east-1")
    with other.serve() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", server.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", other.credentials.access_key_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", other.credentials.secret_access_key)
        done = call("get", given=host)
    assert (done.returncode, json.loads(done.stdout)["Username"]) == (0, "AWS")


def test_the_console_script_is_declared() -> None:
    text = (Path(__file__).resolve().parents[3] / "pyproject.toml").read_text(encoding="utf-8")
    declared = tomllib.loads(text)["project"]["scripts"]["docker-credential-ecrclient"]
    module, _, function = declared.partition(":")
    assert getattr(importlib.import_module(module), function) is credential_helper.main


def test_a_denied_call_is_an_error_and_not_a_missing_login(call: Run, ecr: InMemoryECR) -> None:
    with ecr.deny("ecr:GetAuthorizationToken"):
        done = call("get", given=HOST)
    assert done.returncode == 1
    assert "AccessDeniedException" in done.stdout
    assert done.stdout.count("\n") == 1
    assert "not found" not in done.stdout


def test_missing_credentials_are_an_error(tmp_path: Path) -> None:
    done = run_helper("get", given=HOST, environ={}, home=tmp_path)
    assert done.returncode == 1
    assert "Credentials" in done.stdout


def test_a_profile_is_used(server: ServedECR, tmp_path: Path) -> None:
    environ = server.environment()
    (tmp_path / "credentials").write_text(
        "[work]\n"
        f"aws_access_key_id = {environ['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {environ['AWS_SECRET_ACCESS_KEY']}\n"
    )
    chosen = {"AWS_PROFILE": "work", "AWS_ENDPOINT_URL_ECR": server.url}
    done = run_helper("get", given=HOST, environ=chosen, home=tmp_path)
    assert done.returncode == 0, done.stdout


def test_secrets_are_not_in_errors(run: Run) -> None:
    done = run("get", given=HOST, AWS_SECRET_ACCESS_KEY=SECRET_KEY)
    assert done.returncode == 1
    assert "InvalidSignatureException" in done.stdout
    assert SECRET_KEY not in done.stdout + done.stderr


def test_list_names_the_registry_of_the_environment(run: Run, server: ServedECR) -> None:
    done = run("list", given="unused")
    assert (done.returncode, json.loads(done.stdout)) == (0, {server.registry: "AWS"})


def test_list_is_empty_without_credentials(tmp_path: Path) -> None:
    done = run_helper("list", environ={"AWS_DEFAULT_REGION": REGION}, home=tmp_path)
    assert (done.returncode, json.loads(done.stdout)) == (0, {})
    assert "Credentials" in done.stderr


@pytest.mark.parametrize("host", [HOST, "served"])
def test_store_accepts_a_password_for_ecr_and_stores_nothing(
    call: Run, server: ServedECR, ecr: InMemoryECR, tmp_path: Path, host: str
) -> None:
    url = server.registry if host == "served" else host
    sent = {"ServerURL": url, "Username": "AWS", "Secret": "canary"}
    done = call("store", given=json.dumps(sent))
    assert (done.returncode, done.stdout) == (0, "")
    assert "the password was not stored" in done.stderr
    assert "canary" not in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert list(ecr.calls) == []


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"ServerURL": "docker.io", "Username": "a", "Secret": "canary"}, "not implemented"),
        ({"Username": "a", "Secret": "canary"}, "no credentials server URL"),
        ({"ServerURL": HOST, "Secret": "canary"}, "no credentials username"),
        ({"ServerURL": 1, "Username": "a"}, "no credentials server URL"),
        (["canary"], "the input must be a JSON object"),
    ],
)
def test_store_refuses_anything_else(call: Run, sent: object, message: str) -> None:
    done = call("store", given=json.dumps(sent))
    assert done.returncode == 1
    assert done.stdout.startswith(message)
    assert "canary" not in done.stdout + done.stderr


@pytest.mark.parametrize("host", [HOST, "docker.io"])
def test_erase_succeeds(call: Run, host: str) -> None:
    done = call("erase", given=host)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("action", ["get", "erase"])
def test_an_empty_input_has_no_server(call: Run, action: str) -> None:
    done = call(action, given="\n")
    assert (done.returncode, done.stdout) == (1, "no credentials server URL\n")


@pytest.mark.parametrize("arguments", [(), ("GET",), ("get", "x"), ("help",)])
def test_wrong_arguments_show_the_usage(call: Run, arguments: tuple[str, ...]) -> None:
    done = call(*arguments)
    assert done.returncode == 1
    assert done.stdout == "usage: docker-credential-ecrclient get|list|store|erase|version\n"


def test_the_version(run: Run) -> None:
    assert run("version").stdout.startswith("docker-credential-ecrclient (ecrclient) ")


def test_an_unexpected_error_shows_its_type_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> str:
        raise RuntimeError("canary")

    monkeypatch.setattr(credential_helper, "_read", fail)
    assert credential_helper.main(["get"]) == 1
    assert capsys.readouterr().out == "unexpected error: RuntimeError\n"


def test_a_long_or_undecodable_input_is_refused(tmp_path: Path) -> None:
    for given, message in ((b"x" * (1024 * 1024 + 1), "longer than"), (b"\xff", "not UTF-8")):
        done = subprocess.run(
            [sys.executable, "-m", "ecrclient.logins.credential_helper", "get"],
            input=given,
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 1
        assert message in done.stdout.decode()

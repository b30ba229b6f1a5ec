"""botocore is imported only for its parser of files, and for the sources of its chain."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import anyio
import pytest

import ecrclient
from ecrclient import BotocoreCredentials, ConfigurationError, CredentialsError
from ecrclient._awsjson.settings.shared_config import load_profile
from ecrclient.testing import InMemoryECR
from tests.awsjson.credentials import metadata_server

CALL = """
import sys
import anyio
import httpx
from ecrclient import Credentials, ECRClient

async def main():
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={}))
    async with ECRClient(transport=transport, **ARGUMENTS) as ecr:
        await ecr.describe_registry()

anyio.run(main)
print(*sorted(name for name in sys.modules if name.split(".")[0] == "botocore"))
"""
KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}


def imported(home: Path, arguments: str, environ: Mapping[str, str]) -> list[str]:
    """The modules of botocore that a process has imported after one call."""
    return run(CALL.replace("ARGUMENTS", arguments), home, environ).split()


def run(code: str, home: Path, environ: Mapping[str, str], *arguments: str) -> str:
    """Run a process with an empty home directory; return what it prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={
            **kept,
            "PYTHONPATH": str(Path(ecrclient.__file__).parents[1]),
            "HOME": str(home),
            "USERPROFILE": str(home),
            "AWS_EC2_METADATA_DISABLED": "true",
            **environ,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [
        ("dict(region='eu-west-1')", KEYS),
        ("dict(region='eu-west-1', credentials=Credentials('AKID', 'secret'))", {}),
        ("dict()", {**KEYS, "AWS_DEFAULT_REGION": "eu-west-1", "AWS_RETRY_MODE": "standard"}),
        ("dict()", {**KEYS, "AWS_REGION": "eu-west-1", "AWS_DEFAULTS_MODE": "auto"}),
        ("dict(region='eu-west-1', use_fips=True)", {**KEYS, "AWS_MAX_ATTEMPTS": "4"}),
    ],
)
def test_arguments_and_environment_need_no_botocore(
    arguments: str, environ: Mapping[str, str], tmp_path: Path
) -> None:
    assert imported(tmp_path, arguments, environ) == []


def test_a_file_is_read_with_botocores_parser_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[default]\nregion = eu-west-1\n")

    modules = imported(tmp_path, "{}", {**KEYS, "AWS_CONFIG_FILE": str(tmp_path / "config")})

    assert "botocore.configloader" in modules
    assert not {"botocore.session", "botocore.credentials", "botocore.client"} & set(modules)


SERVED_CALL = """
import sys
import anyio
from ecrclient import ECRClient

async def main():
    async with ECRClient(region="eu-west-1", endpoint_url=sys.argv[1]) as ecr:
        registry = await ecr.describe_registry()
        names = [each.repository_name async for each in ecr.describe_repositories()]
    print(registry.registry_id, *names)

anyio.run(main, backend=sys.argv[2])
print(*sorted(name for name in sys.modules if name.split(".")[0] == "botocore"))
"""


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("setup", ["environment", "container", "instance"])
def test_a_call_in_production_needs_no_botocore(setup: str, backend: str, tmp_path: Path) -> None:
    memory = InMemoryECR(region="eu-west-1")
    memory.add_image("team/app", [b"a layer"])
    key = memory.credentials
    keys = {
        "AccessKeyId": key.access_key_id,
        "SecretAccessKey": key.secret_access_key,
        "Token": key.session_token or "",
    }
    with memory.serve() as server, metadata_server.serving() as service:
        service.set("container", metadata_server.Reply(body=metadata_server.document(**keys)))
        service.set("credentials", metadata_server.Reply(body=metadata_server.document(**keys)))
        environ = {
            "environment": {
                "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
                "AWS_SESSION_TOKEN": keys["Token"],
            },
            "container": {
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": service.url + metadata_server.CONTAINER_PATH
            },
            "instance": {
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url,
                "AWS_EC2_METADATA_DISABLED": "false",
            },
        }[setup]
        done = run(SERVED_CALL, tmp_path, environ, server.url, backend)
        assert [line.split() for line in done.splitlines()] == [
            [memory.account_id, "team/app"],
            [],
        ]
        assert len(service.requests) == {"environment": 0, "container": 1, "instance": 3}[setup]


def test_files_without_botocore_are_a_configuration_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "botocore"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "botocore", None)
    config = tmp_path / "the config"
    config.touch()

    with pytest.raises(ConfigurationError, match=f"botocore is needed to read {config}: "):
        load_profile(None, {"AWS_CONFIG_FILE": str(config)})
    with pytest.raises(CredentialsError, match="botocore is needed: "):
        anyio.run(BotocoreCredentials().get)

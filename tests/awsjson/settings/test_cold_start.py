"""botocore is imported only if there is a file that its parser must read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import ecrclient

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
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-c", CALL.replace("ARGUMENTS", arguments)],
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
    return done.stdout.split()


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

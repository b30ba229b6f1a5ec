"""The HTTP server in a process whose clock is stopped by freezegun or time-machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pydantic
import pytest

LIMIT = 120.0
"""The time limit of a run, in seconds. A run usually takes a few seconds."""

CONFTEST = 'pytest_plugins = ["ecrclient.testing.pytest"]\n'

TESTS = """
from datetime import UTC, datetime

import boto3
import pytest
{imports}

FROZEN = datetime(2030, 1, 1, tzinfo=UTC)


def client(served_ecr):
    environment = served_ecr.environment()
    return boto3.client(
        "ecr",
        endpoint_url=served_ecr.url,
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )


def check(served_ecr):
    made = client(served_ecr).create_repository(repositoryName="team/app")
    assert made["repository"]["createdAt"] == FROZEN


def test_server_started_before_the_freeze(served_ecr):
    with {freeze}:
        check(served_ecr)


def test_server_stopped_during_the_freeze(in_memory_ecr):
    with {freeze}, in_memory_ecr.serve() as served:
        check(served)


@pytest.mark.anyio
async def test_async_server_with_a_freeze(in_memory_ecr, anyio_backend_name):
    if anyio_backend_name == "trio":
        pytest.skip("trio's clock is stopped, too")
    async with in_memory_ecr.serve() as served:
        with {freeze}:
            check(served)


@pytest.mark.anyio
async def test_client_in_the_process(in_memory_ecr, ecr_client):
    with {freeze}:
        made = await ecr_client.create_repository(repository_name="team/app")
        assert made.repository.created_at == FROZEN == in_memory_ecr.clock()
        in_memory_ecr.add_image("team/app", [b"layer"])
        in_memory_ecr.clock.advance(days=1)
        (image,) = await ecr_client.describe_images(repository_name="team/app").collect()
        assert image.image_pushed_at == FROZEN


def test_delayed_response_arrives_during_the_freeze(in_memory_ecr, served_ecr):
    in_memory_ecr.faults.latency(0.05, times=None)
    with {freeze}:
        check(served_ecr)


@{decorator}
def test_whole_test_frozen(served_ecr):
    check(served_ecr)


@pytest.fixture
def frozen():
    with {freeze}:
        yield


def test_frozen_before_the_server_fixture(frozen, served_ecr):
    check(served_ecr)


def test_frozen_after_the_server_fixture(served_ecr, frozen):
    check(served_ecr)
"""

LIBRARIES = {
    "freezegun": {
        "imports": "from freezegun import freeze_time",
        "freeze": "freeze_time(FROZEN)",
        "decorator": "freeze_time(FROZEN)",
    },
    "time-machine": {
        "imports": "import time_machine",
        "freeze": "time_machine.travel(FROZEN, tick=False)",
        "decorator": "time_machine.travel(FROZEN, tick=False)",
    },
}


OLD_PYDANTIC = pytest.mark.skipif(
    tuple(map(int, pydantic.VERSION.split(".")[:2])) < (2, 14),
    reason="older versions of pydantic cannot build models while freezegun replaces datetime",
)


@pytest.mark.parametrize("library", [pytest.param("freezegun", marks=OLD_PYDANTIC), "time-machine"])
def test_frozen_tests_complete(tmp_path: Path, library: str) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "test_it.py").write_text(TESTS.format(**LIBRARIES[library]), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    run = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "9 passed, 1 skipped" in run.stdout

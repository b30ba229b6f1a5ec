"""The first call imports neither httpx nor botocore if it does not need them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from tests.awsjson.transport.conftest import server_context
from tests.integration.test_lifetimes import ROOT, loopback

HEAVY = ("botocore", "certifi", "httpcore", "httpx", "urllib.request")


SCRIPT = """
import json, sys
import anyio
from ecrclient import ECRClient

async def look(request, call_next):
    return await call_next(request)

async def main():
    middleware = {{"middleware": (look,), "alone": ()}}["{how}"]
    async with ECRClient(endpoint_url="{url}", middleware=middleware) as ecr:
        await ecr.describe_registry()
    print(json.dumps([name for name in {heavy} if name in sys.modules]))

anyio.run(main, backend="{backend}")
"""


@pytest.fixture
def imported(anyio_backend: str, tmp_path: Path) -> Callable[[str], set[str]]:
    """Make a call in a separate process; return which of the heavy modules it imports."""

    def call(how: str) -> set[str]:
        ca = trustme.CA()
        ca.cert_pem.write_to_path(tmp_path / "ca.pem")
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("AWS_") and not name.lower().endswith("_proxy")
        } | {
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_CA_BUNDLE": str(tmp_path / "ca.pem"),
        }
        with loopback(server_context(ca.issue_cert("localhost"))) as server:
            code = SCRIPT.format(url=server.url, backend=anyio_backend, how=how, heavy=HEAVY)
            done = subprocess.run(
                [sys.executable, "-c", code],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                check=True,
                text=True,
            )
            assert server.requests == 1
        found: list[str] = json.loads(done.stdout)
        return set(found)

    return call


def test_a_call_needs_neither_httpx_nor_botocore(imported: Callable[[str], set[str]]) -> None:
    assert imported("alone") == set()


def test_middleware_imports_httpx(imported: Callable[[str], set[str]]) -> None:
    assert {"httpx"} <= imported("middleware") <= {*HEAVY} - {"botocore"}

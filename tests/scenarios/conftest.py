"""The services that the scenarios run against, each behind a client.

``in-memory`` is :class:`~ecrclient.testing.InMemoryECR` in the process, ``served`` is the same over
HTTP, and ``moto`` is the server of the moto project, an independent implementation that
tests/conformance uses too.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial

import httpx
import pytest

from ecrclient import CallOptions, Credentials, ECRClient, RetryPolicy
from ecrclient.testing import InMemoryECR
from tests.conformance.tally import Reference

MOTO = Reference("moto's server: scenarios of ECR")
STAGES = [
    ("in-memory", "asyncio"),
    ("in-memory", "trio"),
    ("served", "asyncio"),
    ("served", "trio"),
    ("moto", "asyncio"),  # slow, and independent of the event loop
]
MOTO_STAGES = [stage for stage in STAGES if stage[0] == "moto"]
STARTS_WITHIN = 60.0


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "moto_differs(what, source): what moto does instead, and the AWS document that settles it",
    )


@pytest.fixture(params=STAGES, ids="-".join)
def stage(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A service and an event loop. A scenario marked ``moto_differs`` must fail with moto."""
    stage: tuple[str, str] = request.param
    node: pytest.Item = request.node
    differs = node.get_closest_marker("moto_differs")
    if stage[0] == "moto" and differs is not None:
        what, source = differs.args
        reason = f"{what}; settled by: {source}"
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
    return stage


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count moto's passed and failed scenarios for the table of ``nox -s conformance``."""
    report = yield
    assert isinstance(item, pytest.Function)
    if report.when == "call" and item.callspec.params["stage"] in MOTO_STAGES:
        MOTO.count(report)
    return report


@pytest.fixture
def target(stage: tuple[str, str]) -> str:
    """The name of the service."""
    return stage[0]


@pytest.fixture
def anyio_backend(stage: tuple[str, str]) -> str:
    """The event loop."""
    return stage[1]


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """The URL of moto's server, which runs in a separate process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    given_up = time.monotonic() + STARTS_WITHIN
    while process.poll() is None and time.monotonic() < given_up:
        try:
            httpx.get(f"{url}/moto-api/data.json").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"moto's server must respond within {STARTS_WITHIN:g} s")


@dataclass(frozen=True)
class Service:
    """An empty service, and a factory of clients for it."""

    credentials: Credentials
    connect: Callable[[Credentials], ECRClient]


@pytest.fixture
async def service(
    target: str, anyio_backend: str, request: pytest.FixtureRequest
) -> AsyncIterator[Service]:
    in_memory = InMemoryECR()
    if target == "in-memory":
        yield Service(
            in_memory.credentials, lambda credentials: in_memory.client(credentials=credentials)
        )
    elif target == "served":
        async with in_memory.serve() as server:
            yield Service(in_memory.credentials, partial(_client_of, server.url))
    else:
        url = str(request.getfixturevalue("moto_url"))
        async with httpx.AsyncClient() as http:
            (await http.post(f"{url}/moto-api/reset")).raise_for_status()
        yield Service(Credentials("AKIAMOTO", "moto"), partial(_client_of, url))


@pytest.fixture
async def ecr(service: Service) -> AsyncIterator[ECRClient]:
    """A client of the service."""
    async with service.connect(service.credentials) as client:
        yield client


def _client_of(url: str, credentials: Credentials) -> ECRClient:
    return ECRClient(
        region="us-east-1",
        credentials=credentials,
        endpoint_url=url,
        # The scenarios provoke errors, which must not be retried.
        options=CallOptions(timeout=30, retry=RetryPolicy(max_attempts=1)),
    )

"""An event loop for each unit of work, as in AWS Lambda, Celery and tests: what is kept."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ecrclient import Credentials, ECRClient, RefreshingCredentials
from tests.integration.test_lifetimes import KEY, Loopback, loopback, settled
from tests.integration.test_lifetimes import no_settings as no_settings


class Source:
    """A source of credentials that counts how often it is asked."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> Credentials:
        self.calls += 1
        return KEY


@pytest.fixture
def server() -> Generator[Loopback]:
    with loopback() as server:
        yield server


def client(server: Loopback, source: Source) -> ECRClient:
    return ECRClient(
        region="eu-west-1", credentials=RefreshingCredentials(source), endpoint_url=server.url
    )


def test_invocations_share_a_connection_and_credentials(server: Loopback) -> None:
    source = Source()
    ecr = client(server, source)

    async def work() -> int:
        return (await ecr.describe_registry()).response_metadata.attempts

    assert [asyncio.run(work()) for _ in range(5)] == [1] * 5
    assert (server.requests, server.connections, source.calls) == (5, 1, 1)
    asyncio.run(ecr.aclose())
    assert settled(server, 0)


def test_a_connection_that_was_closed_between_two_loops_is_not_a_failure(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while the environment of a function is frozen."""
    monkeypatch.setattr("tests.integration.test_lifetimes._Handler.timeout", 0.05)
    ecr = client(server, Source())

    async def work() -> int:
        return (await ecr.describe_registry()).response_metadata.attempts

    for _ in range(3):
        assert asyncio.run(work()) == 1
        assert settled(server, 0), "the server closes an idle connection"
    assert (server.requests, server.connections) == (3, 3)
    asyncio.run(ecr.aclose())


def test_clients_of_threads_share_a_provider(server: Loopback) -> None:
    source = Source()
    provider = RefreshingCredentials(source)
    of_thread = threading.local()
    made: list[ECRClient] = []
    meet = threading.Barrier(4)

    def task(_: int) -> int:
        if not hasattr(of_thread, "ecr"):
            of_thread.ecr = ECRClient(
                region="eu-west-1", credentials=provider, endpoint_url=server.url
            )
            made.append(of_thread.ecr)
            meet.wait(10)

        ecr: ECRClient = of_thread.ecr

        async def work() -> int:
            return (await ecr.describe_registry()).response_metadata.attempts

        return asyncio.run(work())

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(task, range(40))) == [1] * 40
    assert (len(made), source.calls, server.requests) == (4, 1, 40)
    assert server.connections == 4
    for ecr in made:
        asyncio.run(ecr.aclose())
    assert settled(server, 0)

"""The fixtures, in a user's project."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

CONFTEST = 'pytest_plugins = ["ecrclient.testing.pytest"]\n'

TESTS = """
import pytest
from ecrclient.models import ListImagesResponse
from ecrclient.operations import LIST_IMAGES
from ecrclient.testing import InMemoryECR

@pytest.mark.anyio
async def test_a_client(in_memory_ecr, ecr_client):
    await ecr_client.create_repository(repository_name="team/app")
    assert in_memory_ecr.calls.operations == ["CreateRepository"]

@pytest.mark.anyio
async def test_each_test_has_its_own(ecr_client):
    assert await ecr_client.describe_repositories().collect() == []

@pytest.mark.anyio
async def test_a_stub(stub_transport):
    stub_transport.respond(LIST_IMAGES, ListImagesResponse(image_ids=[]))
    await stub_transport.client().list_images(repository_name="team/app")

def test_an_unused_answer(stub_transport):
    stub_transport.respond(LIST_IMAGES, ListImagesResponse(image_ids=[]))

@pytest.mark.anyio
async def test_the_clock(in_memory_ecr, ecr_client, ecr_clock):
    assert ecr_clock is in_memory_ecr.clock
    ecr_clock.freeze()
    ecr_clock.advance(days=31)
    made = await ecr_client.create_repository(repository_name="team/app")
    assert made.repository.created_at == ecr_clock()

def test_served(in_memory_ecr, served_ecr):
    assert served_ecr.url.startswith("http://127.0.0.1:")

class TestElsewhere:
    @pytest.fixture
    def in_memory_ecr(self):
        return InMemoryECR(region="eu-west-1")

    @pytest.mark.anyio
    async def test_an_override(self, ecr_client):
        made = await ecr_client.create_repository(repository_name="team/app")
        assert ":eu-west-1:" in made.repository.repository_arn
"""


def test_the_fixtures(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS)
    # In this process the modules are there already, which pytest warns of.
    result = pytester.runpytest("-W", "ignore::pytest.PytestAssertRewriteWarning")
    # anyio's plugin runs async tests on asyncio and trio: 5 of them, and 2 others.
    result.assert_outcomes(passed=12, errors=1)
    result.stdout.fnmatch_lines(["E *AssertionError: not called: ListImages"])

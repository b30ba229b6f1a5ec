"""The pytest fixtures in a user's project."""

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
async def test_client(in_memory_ecr, ecr_client):
    await ecr_client.create_repository(repository_name="team/app")
    assert in_memory_ecr.calls.operations == ["CreateRepository"]

@pytest.mark.anyio
async def test_registry_is_new_in_each_test(ecr_client):
    assert await ecr_client.describe_repositories().collect() == []

@pytest.mark.anyio
async def test_stub(stub_transport):
    stub_transport.respond(LIST_IMAGES, ListImagesResponse(image_ids=[]))
    await stub_transport.client().list_images(repository_name="team/app")

def test_unused_response(stub_transport):
    stub_transport.respond(LIST_IMAGES, ListImagesResponse(image_ids=[]))

@pytest.mark.anyio
async def test_clock(in_memory_ecr, ecr_client, ecr_clock):
    assert ecr_clock is in_memory_ecr.clock
    ecr_clock.freeze()
    ecr_clock.advance(days=31)
    made = await ecr_client.create_repository(repository_name="team/app")
    assert made.repository.created_at == ecr_clock()

def test_served(in_memory_ecr, served_ecr):
    assert served_ecr.url.startswith("http://127.0.0.1:")

class TestAnotherRegion:
    @pytest.fixture
    def in_memory_ecr(self):
        return InMemoryECR(region="eu-west-1")

    @pytest.mark.anyio
    async def test_an_override(self, ecr_client):
        made = await ecr_client.create_repository(repository_name="team/app")
        assert ":eu-west-1:" in made.repository.repository_arn
"""


def test_fixtures_in_a_users_project(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS)
    # The modules are already imported in this process, which pytest reports as a warning.
    result = pytester.runpytest("-W", "ignore::pytest.PytestAssertRewriteWarning")
    # anyio's plugin runs the 5 async tests on asyncio and trio; 2 tests are synchronous.
    result.assert_outcomes(passed=12, errors=1)
    result.stdout.fnmatch_lines(["E *AssertionError: not called: ListImages"])

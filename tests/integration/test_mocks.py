"""``unittest.mock`` and web frameworks take every method of the client for ``async def``."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable
from typing import Any
from unittest.mock import AsyncMock, MagicMock, Mock, create_autospec, patch

import httpx
import pytest
from fastapi import BackgroundTasks, FastAPI

import ecrclient
from ecrclient import ECRClient
from ecrclient.handles import RepositoryHandle
from ecrclient.models import ImageIdentifier
from ecrclient.testing import InMemoryECR

pytestmark = pytest.mark.anyio

CLIENT = ECRClient(region="eu-west-1")
SPECS: dict[str, Callable[[Any], Any]] = {
    "create_autospec of the class": lambda one: create_autospec(one.__class__, instance=True),
    "create_autospec of an instance": lambda one: create_autospec(one, instance=True),
    "Mock(spec=class)": lambda one: Mock(spec=one.__class__),
    "Mock(spec=instance)": lambda one: Mock(spec=one),
    "MagicMock(spec_set=class)": lambda one: MagicMock(spec_set=one.__class__),
    "AsyncMock(spec=class)": lambda one: AsyncMock(spec=one.__class__),
}
ONES = {"client": CLIENT, "handle": CLIENT.repository("team/app")}
if sys.version_info >= (3, 12):
    is_coroutine_function = inspect.iscoroutinefunction
else:
    is_coroutine_function = asyncio.iscoroutinefunction
NOT_ASYNC = {"images", "repository", "with_options"}


def methods(one: object) -> list[str]:
    """The public methods, except those that return another client or a handle."""
    found = [name for name, _ in inspect.getmembers(type(one), callable) if name[0] != "_"]
    return [name for name in found if name not in NOT_ASYNC]


METHODS = [(which, name) for which, one in ONES.items() for name in methods(one)]


def required(one: object, method: str) -> dict[str, object]:
    """A value for each required argument."""
    parameters = inspect.signature(getattr(one, method)).parameters.values()
    return {each.name: object() for each in parameters if each.default is each.empty}


def test_the_methods_are_found() -> None:
    found = {name for _, name in METHODS}
    assert {"list_images", "put_image", "delete_images", "latest_images", "aclose"} <= found


@pytest.mark.parametrize("which", ONES)
@pytest.mark.parametrize("spec", SPECS)
async def test_every_method_of_a_mock_can_be_awaited(which: str, spec: str) -> None:
    one = ONES[which]
    mock = SPECS[spec](one)
    for method in methods(one):
        arguments = required(one, method)
        mocked = getattr(mock, method)
        mocked.return_value = "a result"
        assert await mocked(**arguments) == "a result", method
        mocked.assert_awaited_once_with(**arguments)


@pytest.mark.parametrize(("which", "method"), METHODS)
async def test_every_method_can_be_patched(which: str, method: str) -> None:
    one = ONES[which]
    arguments = required(one, method)
    with patch.object(type(one), method, autospec=True, return_value="a result") as mocked:
        assert await getattr(one, method)(**arguments) == "a result"
    mocked.assert_awaited_once_with(one, **arguments)


async def test_autospec_checks_the_arguments() -> None:
    mocked = create_autospec(ECRClient, instance=True)
    with pytest.raises(TypeError, match="got an unexpected keyword argument 'name'"):
        mocked.list_images(repository_name="team/app", name="v1")


async def test_a_patched_client_can_be_entered() -> None:
    with patch("ecrclient.ECRClient", autospec=True) as made:
        client = made.return_value
        client.__aenter__.return_value = client
        client.describe_repositories.return_value = "a page"
        async with ecrclient.ECRClient(region="eu-west-1") as ecr:
            assert await ecr.describe_repositories() == "a page"
    client.describe_repositories.assert_awaited_once_with()


@pytest.mark.parametrize(("which", "method"), METHODS)
def test_every_method_is_a_coroutine_function(which: str, method: str) -> None:
    assert is_coroutine_function(getattr(ONES[which], method))


def test_methods_without_a_call_are_ordinary_functions() -> None:
    for method in NOT_ASYNC:
        assert not is_coroutine_function(getattr(CLIENT, method))
    assert not is_coroutine_function(RepositoryHandle)


async def test_fastapi_awaits_a_batch_in_the_background() -> None:
    memory = InMemoryECR()
    memory.add_image("team/app", [b"a layer"], tags=["v1"])
    ecr = memory.client()
    app = FastAPI()

    @app.delete("/images/{tag}")
    async def delete(tag: str, background: BackgroundTasks) -> None:
        ids = [ImageIdentifier(image_tag=tag)]
        background.add_task(ecr.delete_images, repository_name="team/app", image_ids=ids)

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        assert (await http.delete("/images/v1")).status_code == 200
    assert memory.calls.operations == ["BatchDeleteImage"]

"""What every generated handle inherits."""

from __future__ import annotations

import pytest

from ecrclient import CallOptions, ClientClosedError, ConfigurationError
from ecrclient.handles import RepositoryHandle
from tests.paths import only_httpx
from tests.tools.scripted import MakeClient, Scripted, ok

pytestmark = pytest.mark.anyio


@only_httpx
async def test_with_options_keeps_the_resource_and_the_clients_options(client: MakeClient) -> None:
    transport = Scripted(ok({"imageIds": []}), ok({"imageIds": []}))
    handle = client(transport, options=CallOptions(timeout=9)).repository("team/app", "1" * 12)

    brief = handle.with_options(pool_timeout=4)
    assert isinstance(brief, RepositoryHandle)
    assert (brief.repository_name, brief.registry_id) == ("team/app", "1" * 12)
    await brief.list_images()
    await handle.with_options(CallOptions(timeout=8)).list_images()

    timeouts = [request.extensions["timeout"] for request in transport.requests]
    assert [(each["read"], each["pool"]) for each in timeouts] == [(9, 4), (8, 8)]


async def test_with_options_shares_the_client(client: MakeClient) -> None:
    ecr = client(Scripted())
    brief = ecr.repository("team/app").with_options(timeout=3)
    await ecr.aclose()

    with pytest.raises(ClientClosedError):
        await brief.list_images()


async def test_options_together_with_keywords_are_refused(client: MakeClient) -> None:
    handle = client(Scripted()).repository("team/app")
    with pytest.raises(ConfigurationError, match="not together with deadline"):
        handle.with_options(CallOptions(), deadline=3)

"""The registry over HTTP: the addresses that tools use."""

from __future__ import annotations

import base64
import json

import anyio
import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.testing import InMemoryECR, ServedECR
from tests.in_memory.distribution.registry_client import create, push, start

pytestmark = pytest.mark.anyio


def client_of(ecr: InMemoryECR, server: ServedECR) -> ECRClient:
    return ECRClient(region=ecr.region, credentials=ecr.credentials, endpoint_url=server.url)


async def test_uris_name_the_server(ecr: InMemoryECR) -> None:
    async with ecr.serve() as server, client_of(ecr, server) as client:
        made = await client.create_repository(repository_name="team/app")
        assert made.repository.repository_uri == f"{server.registry}/team/app"
        assert f"http://{server.registry}" == server.url
        own, other = (
            await client.get_authorization_token(registry_ids=[ecr.account_id, "210987654321"])
        ).authorization_data
        assert own.proxy_endpoint == server.url
        assert other.proxy_endpoint == "https://210987654321.dkr.ecr.us-east-1.amazonaws.com"

        ecr.registry_behavior.local_uris = False
        page = await client.describe_repositories(repository_names=["team/app"])
        (described,) = page.repositories
        assert described.repository_uri == "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app"


async def test_uris_within_the_process_are_those_of_aws(
    ecr: InMemoryECR, client: ECRClient
) -> None:
    async with ecr.serve() as server, client_of(ecr, server) as outside:
        await create(outside, "team/app")
        page = await client.describe_repositories(repository_names=["team/app"])
    (described,) = page.repositories
    assert described.repository_uri == "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app"


async def test_credentials_for_tools(ecr: InMemoryECR) -> None:
    async with ecr.serve() as server, client_of(ecr, server) as client:
        credentials = await client.registry_credentials()
        assert credentials.registry == server.registry
        document = json.loads(credentials.docker_config())
        login = base64.b64decode(document["auths"][server.registry]["auth"]).decode()
        user, _, password = login.partition(":")
        async with httpx.AsyncClient(base_url=server.url, auth=(user, password)) as http:
            assert (await http.get("/v2/")).status_code == 200
        async with httpx.AsyncClient(base_url=server.url) as http:
            challenge = (await http.get("/v2/")).headers["www-authenticate"]
        assert challenge == f'Basic realm="{server.url}/",service="ecr.amazonaws.com"'


async def test_concurrent_pushes(ecr: InMemoryECR) -> None:
    async with ecr.serve() as server, client_of(ecr, server) as client:
        await create(client, "team/app")
        credentials = await client.registry_credentials()
        auth = (credentials.username, credentials.password.get_secret_value())
        async with (
            httpx.AsyncClient(base_url=server.url, auth=auth) as http,
            anyio.create_task_group() as group,
        ):
            for number in range(10):
                group.start_soon(push, http, f"v{number}", f"image {number}")
        assert len(await client.list_images(repository_name="team/app").collect()) == 10


async def test_a_broken_upload_over_http(ecr: InMemoryECR) -> None:
    async with ecr.serve() as server, client_of(ecr, server) as client:
        await create(client, "team/app")
        credentials = await client.registry_credentials()
        login = f"AWS:{credentials.password.get_secret_value()}"
        token = base64.b64encode(login.encode()).decode()
        headers = {"authorization": f"Basic {token}"}
        async with httpx.AsyncClient(base_url=server.url, headers=headers) as http:
            location = await start(http)
        async with await anyio.connect_tcp("127.0.0.1", int(server.url.rpartition(":")[2])) as raw:
            head = (
                f"PATCH {location} HTTP/1.1\r\nhost: x\r\nauthorization: Basic {token}\r\n"
                "content-length: 100\r\n\r\n"
            )
            await raw.send(head.encode() + b"only ten b")
        async with httpx.AsyncClient(base_url=server.url, headers=headers) as http:
            state = await http.get(location)
        assert (state.status_code, state.headers["range"]) == (204, "0-0")

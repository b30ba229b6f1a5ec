"""Authentication with authorization tokens."""

from __future__ import annotations

import base64
from pathlib import Path

import httpx
import pytest

from ecrclient import Credentials, ECRClient
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import HandClock
from tests.in_memory.distribution.registry_client import BASE, code_of, login, open_http

pytestmark = pytest.mark.anyio


async def ping(ecr: InMemoryECR, authorization: str | None) -> httpx.Response:
    headers = {} if authorization is None else {"authorization": authorization}
    async with httpx.AsyncClient(transport=ecr.transport(), base_url=BASE) as http:
        return await http.get("/v2/", headers=headers)


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


async def test_a_token_is_accepted(any_http: httpx.AsyncClient) -> None:
    for path in ("/v2/", "/v2"):
        response = await any_http.get(path)
        assert (response.status_code, response.json()) == (200, {})
        assert response.headers["docker-distribution-api-version"] == "registry/2.0"


async def test_a_request_without_a_token_is_challenged(ecr: InMemoryECR) -> None:
    response = await ping(ecr, None)
    assert code_of(response) == (401, "UNAUTHORIZED")
    assert response.headers["www-authenticate"] == (
        'Basic realm="https://123456789012.dkr.ecr.us-east-1.amazonaws.com/",'
        'service="ecr.amazonaws.com"'
    )


async def test_other_credentials_are_refused(ecr: InMemoryECR) -> None:
    user, password = await login(ecr)
    for wrong in (
        basic("me", password),
        basic(user, f"{password}x"),
        basic(user, ""),
        f"Bearer {password}",
        "Basic",
        "Basic not-base64!",
        "Basic /w==",
    ):
        assert code_of(await ping(ecr, wrong)) == (401, "UNAUTHORIZED")
    assert (await ping(ecr, basic(user, password).replace("Basic", "basic"))).status_code == 200


async def test_a_token_expires_after_twelve_hours(ecr: InMemoryECR, clock: HandClock) -> None:
    authorization = basic(*await login(ecr))
    clock.advance(hours=11, minutes=59)
    assert (await ping(ecr, authorization)).status_code == 200
    clock.advance(minutes=1)
    assert code_of(await ping(ecr, authorization)) == (401, "UNAUTHORIZED")
    assert (await ping(ecr, basic(*await login(ecr)))).status_code == 200


async def test_a_token_of_another_registry_is_refused(ecr: InMemoryECR, client: ECRClient) -> None:
    other, own = (
        await client.get_authorization_token(registry_ids=["210987654321", ecr.account_id])
    ).authorization_data
    assert (await ping(ecr, f"Basic {other.authorization_token}")).status_code == 401
    assert (await ping(ecr, f"Basic {own.authorization_token}")).status_code == 200


async def test_a_token_has_the_permissions_of_its_principal(ecr: InMemoryECR) -> None:
    reader = Credentials("AKIAREADER", "secret")
    ecr.accept(reader, principal_arn="arn:aws:iam::123456789012:user/reader")
    ecr.add_image("team/app", [b"a layer"], tags=["v1"])
    ecr.deny("ecr:BatchGetImage", access_key_id="AKIAREADER")
    async with open_http(ecr, auth=await login(ecr, reader)) as http:
        refused = await http.get("/v2/team/app/manifests/v1")
    assert code_of(refused) == (403, "DENIED")
    assert "user/reader is not authorized to perform: ecr:BatchGetImage" in refused.text
    async with open_http(ecr) as http:
        assert (await http.get("/v2/team/app/manifests/v1")).status_code == 200


async def test_a_saved_state_does_not_contain_tokens(ecr: InMemoryECR, tmp_path: Path) -> None:
    _, password = await login(ecr)
    ecr.save(tmp_path / "state.json")
    assert password not in (tmp_path / "state.json").read_text(encoding="utf-8")


async def test_unknown_resources_and_methods(http: httpx.AsyncClient) -> None:
    assert code_of(await http.get("/v2/nothing")) == (404, "UNSUPPORTED")
    response = await http.post("/v2/team/app/tags/list")
    assert code_of(response) == (405, "UNSUPPORTED")
    assert response.headers["allow"] == "GET"


async def test_a_missing_repository_and_an_invalid_name(http: httpx.AsyncClient) -> None:
    for name, expected in (
        ("team/missing", (404, "NAME_UNKNOWN")),
        ("Team/App", (400, "NAME_INVALID")),
    ):
        path = f"/v2/{name}"
        responses = [
            await http.get(f"{path}/manifests/v1"),
            await http.put(f"{path}/manifests/v1", content=b'{"schemaVersion": 2}'),
            await http.delete(f"{path}/manifests/v1"),
            await http.get(f"{path}/blobs/sha256:{'a' * 64}"),
            await http.post(f"{path}/blobs/uploads/"),
            await http.get(f"{path}/referrers/sha256:{'a' * 64}"),
        ]
        assert {code_of(one) for one in responses} == {expected}
    assert code_of(await http.get("/v2/team/missing/tags/list")) == (404, "NAME_UNKNOWN")
    assert code_of(await http.patch("/v2/team/missing/blobs/uploads/1")) == (404, "NAME_UNKNOWN")
    head = await http.head("/v2/team/missing/manifests/v1")
    assert (head.status_code, head.content) == (404, b"")

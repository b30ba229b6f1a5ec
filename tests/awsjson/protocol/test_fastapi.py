"""Models as the responses and request bodies of a FastAPI service."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI

from ecrclient.models import CreateRepositoryRequest, ImageDetail, Repository
from tests.tools.operation_examples import read
from tests.virtual_time import anyio_backend as anyio_backend

pytestmark = pytest.mark.anyio

SENT = {
    "registryId": "123456789012",
    "repositoryName": "team/app",
    "imageDigest": "sha256:0",
    "imagePushedAt": 1714979289.5,
}
DUMPED = {
    "registry_id": "123456789012",
    "repository_name": "team/app",
    "image_digest": "sha256:0",
    "image_pushed_at": "2024-05-06T07:08:09.500000Z",
}
APP = FastAPI()


@APP.get("/images", response_model_exclude_unset=True)
async def images() -> list[ImageDetail]:
    return [read(ImageDetail, json.dumps(SENT))]


@APP.post("/images", response_model_exclude_unset=True)
async def echo(image: ImageDetail) -> ImageDetail:
    return image


@APP.post("/repositories", response_model_exclude_unset=True)
async def create(request: CreateRepositoryRequest) -> Repository:
    return Repository(
        repository_arn="arn",
        registry_id="123456789012",
        repository_name=request.repository_name,
        repository_uri="uri",
        created_at=datetime(2024, 5, 6, tzinfo=UTC),
        image_tag_mutability="MUTABLE",
    )


@asynccontextmanager
async def web() -> AsyncGenerator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(APP)
    async with httpx.AsyncClient(transport=transport, base_url="http://web") as client:
        yield client


async def test_a_response_is_the_dump() -> None:
    async with web() as client:
        assert (await client.get("/images")).json() == [DUMPED]


@pytest.mark.parametrize("body", [DUMPED, SENT])
async def test_a_request_body_may_have_both_spellings(body: dict[str, object]) -> None:
    async with web() as client:
        assert (await client.post("/images", json=body)).json() == DUMPED


@pytest.mark.parametrize("name", ["repository_name", "repositoryName"])
async def test_a_request_body_keeps_the_limits(name: str) -> None:
    async with web() as client:
        created = await client.post("/repositories", json={name: "team/app"})
        refused = await client.post("/repositories", json={name: "--"})

    assert created.json()["repository_name"] == "team/app"
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["body", name]


async def test_the_openapi_document_has_the_names_and_formats_of_the_dump() -> None:
    async with web() as client:
        document = (await client.get("/openapi.json")).json()
    shown = document["components"]["schemas"]

    assert shown["ImageDetail"]["properties"]["image_pushed_at"]["format"] == "date-time"
    assert shown["CreateRepositoryRequest"]["required"] == ["repository_name"]
    for name in ("ImageDetail", "Repository", "CreateRepositoryRequest", "Tag"):
        assert all(member == member.lower() for member in shown[name]["properties"])

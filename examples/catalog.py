"""A FastAPI service whose request and response models are the client's.

    uvicorn --app-dir examples catalog:app        run the service against AWS
    python examples/catalog.py                    send some requests, against an in-memory registry

The OpenAPI document, at ``/docs``, has snake_case names and the format ``date-time``.
Requires fastapi.
"""

from __future__ import annotations

import argparse
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Annotated

import anyio
import httpx
from demo import sample_registry
from fastapi import APIRouter, Depends, FastAPI, Request

from ecrclient import ECRClient
from ecrclient.models import CreateRepositoryRequest, ImageDetail, Repository

router = APIRouter()


def client_of(request: Request) -> ECRClient:
    """The shared client, as a dependency."""
    ecr: ECRClient = request.app.state.ecr
    return ecr


Ecr = Annotated[ECRClient, Depends(client_of)]


# Without the members that ECR did not send.
@router.get("/images/{repository:path}", response_model_exclude_unset=True)
async def images(repository: str, ecr: Ecr) -> list[ImageDetail]:
    return await ecr.describe_images(repository_name=repository).collect(limit=100)


@router.post("/repositories", status_code=201, response_model_exclude_unset=True)
async def create(request: CreateRepositoryRequest, ecr: Ecr) -> Repository:
    return (await ecr.invoke(request)).repository


def create_app(make_client: Callable[[], ECRClient]) -> FastAPI:
    """Create the application; a test passes a function that returns an in-memory client."""

    @asynccontextmanager
    async def lifespan(service: FastAPI) -> AsyncGenerator[None]:
        async with make_client() as service.state.ecr:
            yield

    made = FastAPI(title="Catalog", lifespan=lifespan)
    made.include_router(router)
    return made


app = create_app(ECRClient)


async def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.parse_args()
    memory = await sample_registry()
    service = create_app(memory.client)
    async with (
        service.router.lifespan_context(service),
        httpx.AsyncClient(transport=httpx.ASGITransport(service), base_url="http://demo") as http,
    ):
        (image, *_) = (await http.get("/images/team/api")).json()
        print(f"{image['repository_name']} {image['image_tags']} {image['image_pushed_at']}")
        new = {"repository_name": "team/new", "tags": [{"key": "env", "value": "dev"}]}
        print((await http.post("/repositories", json=new)).json()["repository_uri"])
        document = (await http.get("/openapi.json")).json()
    members = document["components"]["schemas"]["ImageDetail"]["properties"]
    for name in ("repository_name", "image_pushed_at"):
        print(f"{name}: {members[name].get('format', members[name]['type'])}")


if __name__ == "__main__":
    anyio.run(main)

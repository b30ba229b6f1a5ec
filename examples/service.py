"""A FastAPI service: one client for its life, errors mapped to HTTP, and a demonstration.

    uvicorn --app-dir examples service:app        the service, against AWS
    python examples/service.py                    some requests, against the registry in memory

Needs fastapi.
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
from fastapi.responses import JSONResponse

from ecrclient import CallOptions, ECRClient, ServiceError, TransportError
from ecrclient.errors import ImageNotFoundException, RepositoryNotFoundException

router = APIRouter()


def of_request(request: Request) -> ECRClient:
    """The client, as a dependency."""
    ecr: ECRClient = request.app.state.ecr
    return ecr


Ecr = Annotated[ECRClient, Depends(of_request)]


@router.get("/repositories")
async def repositories(ecr: Ecr) -> list[str]:
    return [each.repository_name async for each in ecr.describe_repositories()]


@router.get("/repositories/{name:path}/latest")
async def latest(name: str, ecr: Ecr, n: int = 1) -> list[dict[str, object]]:
    images = await ecr.latest_images(name, n)
    return [
        {"digest": image.image_digest, "tags": image.image_tags, "pushed": image.image_pushed_at}
        for image in images
    ]


async def refused(_: Request, error: Exception) -> JSONResponse:
    """ECR's answer in this service's words; the request id is what AWS support asks for."""
    assert isinstance(error, ServiceError)
    missing = isinstance(error, RepositoryNotFoundException | ImageNotFoundException)
    body = {"error": error.code, "request_id": error.request_id}
    return JSONResponse(body, 404 if missing else 503 if error.is_retryable else 502)


async def unreachable(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": type(error).__name__}, 503)


def create_app(make_client: Callable[[], ECRClient]) -> FastAPI:
    """The application; a test passes the client of an in-memory ECR."""

    @asynccontextmanager
    async def lifespan(service: FastAPI) -> AsyncGenerator[None]:
        async with make_client() as service.state.ecr:
            yield

    made = FastAPI(lifespan=lifespan)
    made.include_router(router)
    made.add_exception_handler(ServiceError, refused)
    made.add_exception_handler(TransportError, unreachable)
    return made


# A user waits for the answer: better a quick 503 than a slow one.
app = create_app(lambda: ECRClient(options=CallOptions(timeout=2, deadline=5)))


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
        for path in ("/repositories", "/repositories/team/api/latest", "/repositories/x/y/latest"):
            answer = await http.get(path)
            print(answer.status_code, path, answer.text)


if __name__ == "__main__":
    anyio.run(main)

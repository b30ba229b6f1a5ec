"""A FastAPI service with one shared client, which maps errors to HTTP responses.

    uvicorn --app-dir examples service:app        run the service against AWS
    python examples/service.py                    send some requests, against an in-memory registry

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
from fastapi.responses import JSONResponse

from ecrclient import CallOptions, ECRClient, ServiceError, TransportError
from ecrclient.errors import ImageNotFoundException, RepositoryNotFoundException

router = APIRouter()


def client_of(request: Request) -> ECRClient:
    """The shared client, as a dependency."""
    ecr: ECRClient = request.app.state.ecr
    return ecr


Ecr = Annotated[ECRClient, Depends(client_of)]


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
    """Map an error of ECR to a response; AWS support asks for the request id."""
    assert isinstance(error, ServiceError)
    missing = isinstance(error, RepositoryNotFoundException | ImageNotFoundException)
    body = {"error": error.code, "request_id": error.request_id}
    return JSONResponse(body, 404 if missing else 503 if error.is_retryable else 502)


async def unreachable(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": type(error).__name__}, 503)


def create_app(make_client: Callable[[], ECRClient]) -> FastAPI:
    """Create the application; a test passes a function that returns an in-memory client."""

    @asynccontextmanager
    async def lifespan(service: FastAPI) -> AsyncGenerator[None]:
        async with make_client() as service.state.ecr:
            yield

    made = FastAPI(lifespan=lifespan)
    made.include_router(router)
    made.add_exception_handler(ServiceError, refused)
    made.add_exception_handler(TransportError, unreachable)
    return made


# A user is waiting: fail early.
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
            response = await http.get(path)
            print(response.status_code, path, response.text)


if __name__ == "__main__":
    anyio.run(main)

"""A small client of the registry's ``/v2/`` API: plain requests, and the steps of a push."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx

from ecrclient import Credentials, ECRClient
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import (
    CONFIG,
    LAYERS,
    OCI_MANIFEST,
    digest_of,
    image_manifest,
)

APP = "/v2/team/app"
COPY = "/v2/team/copy"
BLOB = b"0123456789" * 20
BLOB_DIGEST = digest_of(BLOB)
OTHER_DIGEST = digest_of(b"something else")
BASE = "http://registry.test:5001"


async def login(ecr: InMemoryECR, credentials: Credentials | None = None) -> tuple[str, str]:
    """Return the user name and the password of a new authorization token."""
    async with ecr.client(credentials=credentials) as client:
        (data,) = (await client.get_authorization_token()).authorization_data
    user, _, password = base64.b64decode(data.authorization_token).decode().partition(":")
    return user, password


@asynccontextmanager
async def open_http(
    ecr: InMemoryECR, way: str = "process", auth: tuple[str, str] | None = None
) -> AsyncGenerator[httpx.AsyncClient]:
    """Yield a client with a login: in the process, of the ASGI application, or over HTTP."""
    auth = auth or await login(ecr)
    if way == "served":
        async with ecr.serve() as server, httpx.AsyncClient(base_url=server.url, auth=auth) as http:
            yield http
        return
    transport = ecr.transport() if way == "process" else httpx.ASGITransport(ecr.asgi_app())
    async with httpx.AsyncClient(transport=transport, base_url=BASE, auth=auth) as http:
        yield http


def code_of(response: httpx.Response) -> tuple[int, str]:
    """Return the status and the code of an error of the specification's form."""
    assert response.headers["content-type"] == "application/json"
    (error,) = response.json()["errors"]
    assert error["message"]
    return response.status_code, error["code"]


async def start(http: httpx.AsyncClient, repository: str = APP) -> str:
    """Start an upload, and return its location."""
    response = await http.post(f"{repository}/blobs/uploads/")
    assert response.status_code == 202
    location: str = response.headers["location"]
    return location


async def push_blob(http: httpx.AsyncClient, content: bytes, repository: str = APP) -> None:
    response = await http.post(
        f"{repository}/blobs/uploads/", params={"digest": digest_of(content)}, content=content
    )
    assert response.status_code == 201


async def put(
    http: httpx.AsyncClient,
    reference: str,
    manifest: str,
    media_type: str = OCI_MANIFEST,
    repository: str = APP,
) -> httpx.Response:
    return await http.put(
        f"{repository}/manifests/{reference}",
        content=manifest.encode(),
        headers={"content-type": media_type},
    )


async def push(http: httpx.AsyncClient, tag: str = "v1", content: str = "app") -> str:
    """Push an image with its blobs, and return its digest."""
    for blob in (CONFIG, *LAYERS):
        await push_blob(http, blob)
    manifest = image_manifest(content)
    response = await put(http, tag, manifest)
    assert response.status_code == 201
    return digest_of(manifest)


async def create(client: ECRClient, *names: str) -> None:
    for name in names:
        await client.create_repository(repository_name=name)

"""Use ecrclient in one process with packages that are often installed beside it.

``nox -s neighbours`` runs this in an environment with the dependency group of that name. Several of
these packages need an older botocore than the one that ecrclient is generated from.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import runpy
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx

from ecrclient import ECRClient
from ecrclient.models import Repository
from ecrclient.testing import InMemoryECR

QUICKSTART = Path(__file__).resolve().parents[2] / "examples/quickstart.py"
PACKAGES = ("aiobotocore", "aioboto3", "fastapi", "langchain-aws")
NAME = "team/app"


async def main() -> None:
    """Run the quickstart, then a call through each package."""
    modules = {name: importlib.import_module(name.replace("-", "_")) for name in PACKAGES}
    sys.path.insert(0, str(QUICKSTART.parent))  # as in `python examples/quickstart.py`
    await runpy.run_path(str(QUICKSTART))["main"]()
    memory = InMemoryECR(region="eu-west-1")
    async with memory.client() as ecr, memory.serve() as server:
        created = (await ecr.create_repository(repository_name=NAME)).repository
        os.environ.update(server.environment())  # Region, endpoint and credentials
        for session in (
            importlib.import_module("aiobotocore.session").get_session(),
            modules["aioboto3"].Session(),
        ):
            assert await repositories(session) == [created.repository_arn]
        assert created.repository_uri in await through_fastapi(modules["fastapi"], ecr)
    print("\nOne process:")
    for name in (*PACKAGES, "boto3", "botocore", "ecrclient"):
        print(f"{name:<14}{version(name)}")


async def repositories(session: Any) -> list[str]:
    """The ARNs of all repositories, through a session of aiobotocore or aioboto3."""
    create = getattr(session, "create_client", None) or session.client
    async with create("ecr") as client:
        response = await client.describe_repositories()
    return [found["repositoryArn"] for found in response["repositories"]]


async def through_fastapi(fastapi: Any, ecr: ECRClient) -> str:
    """A repository as the response of an application."""

    async def repository() -> Repository:
        [found] = await ecr.describe_repositories(repository_names=[NAME]).collect()
        return found

    app = fastapi.FastAPI()
    app.add_api_route("/", repository, response_model=Repository)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        return (await client.get("/")).raise_for_status().text


if __name__ == "__main__":
    asyncio.run(main())

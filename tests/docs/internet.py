"""What the pages see of the world: an account in AWS whose every region is in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from contextlib import contextmanager

import httpx
import pytest

from ecrclient import ECRClient
from ecrclient._runtime import core
from ecrclient.testing import InMemoryECR
from tests.testing.builders import OCI_INDEX

__all__ = ["REGION", "Internet", "fill"]

REGION = "eu-west-1"
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]")


class Internet(httpx.AsyncBaseTransport):
    """The one place that clients connect to: the registry of the region that the host names."""

    def __init__(self) -> None:
        self._registries: dict[str, InMemoryECR] = {}

    def registry(self, region: str = REGION) -> InMemoryECR:
        """The registry of a region."""
        if region not in self._registries:
            self._registries[region] = InMemoryECR(region=region)
        return self._registries[region]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        found = _REGION.search(request.url.host)
        assert found, f"{request.url.host} is no host of ECR"
        return await self.registry(found[0]).transport().handle_async_request(request)

    @contextmanager
    def connected(self) -> Generator[None]:
        """Clients that are made here come to this and to nothing else."""
        key = self.registry().credentials
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(core, "default_transport", self._transport)
            patch.setenv("AWS_ACCESS_KEY_ID", key.access_key_id)
            patch.setenv("AWS_SECRET_ACCESS_KEY", key.secret_access_key)
            patch.setenv("AWS_DEFAULT_REGION", REGION)
            yield

    def _transport(self, *_: object, **__: object) -> Internet:
        return self


async def fill(ecr: ECRClient) -> None:
    """What every page finds: a repository with three tagged images, and one without its tag."""
    await ecr.create_repository(repository_name="team/app")
    pushed = {"one": "v1", "two": "v2", "lost": "latest", "three": "latest"}
    for content, tag in pushed.items():
        await ecr.put_image(
            repository_name="team/app", image_manifest=_manifest(content), image_tag=tag
        )


def _manifest(content: str) -> str:
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [],
            "annotations": {"org.opencontainers.image.description": content},
        }
    )

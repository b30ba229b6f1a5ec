"""A simulated AWS account for the pages, with every region in memory."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import httpx
import pytest

from ecrclient._awsjson.calling import client_state
from ecrclient._awsjson.over_httpx import origins
from ecrclient.models import Attribute, ImageScanFinding
from ecrclient.testing import InMemoryECR
from tests.tools.sts import sts_server

__all__ = ["REGION", "Internet", "fill"]

REGION = "eu-west-1"
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]")


class Internet(httpx.AsyncBaseTransport):
    """The only server for clients: the registry of the region that the host names."""

    _patch: pytest.MonkeyPatch
    _stack: ExitStack

    def __init__(self) -> None:
        self._registries: dict[str, InMemoryECR] = {}

    def start_sts(self) -> list[dict[str, str]]:
        """Start an AWS STS whose roles may use every registry; return the list of its requests."""
        url, requests = self._stack.enter_context(sts_server(self.registry().credentials))
        self._patch.setenv("AWS_ENDPOINT_URL_STS", url)
        return requests

    def registry(self, region: str = REGION) -> InMemoryECR:
        """The registry of a region."""
        if region not in self._registries:
            self._registries[region] = InMemoryECR(region=region)
        return self._registries[region]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        found = _REGION.search(request.url.host)
        assert found, f"{request.url.host} is not a host of ECR"
        return await self.registry(found[0]).transport().handle_async_request(request)

    @contextmanager
    def connected(self) -> Generator[None]:
        """Connect all clients that are made in this context to this server only."""
        key = self.registry().credentials
        with pytest.MonkeyPatch.context() as patch, ExitStack() as self._stack:
            self._patch = patch
            for module in (client_state, origins):
                patch.setattr(module, "default_transport", self._transport)
            patch.setenv("AWS_ACCESS_KEY_ID", key.access_key_id)
            patch.setenv("AWS_SECRET_ACCESS_KEY", key.secret_access_key)
            patch.setenv("AWS_DEFAULT_REGION", REGION)
            yield

    def _transport(self, *_: object, **__: object) -> Internet:
        return self


def fill(registry: InMemoryECR) -> None:
    """Create the data of every page: a repository with three tagged images and an untagged one."""
    for content, tag in {"one": "v1", "two": "v2", "lost": "latest", "three": "latest"}.items():
        registry.add_image("team/app", [content.encode()], tags=[tag])
    found = ImageScanFinding(
        name="CVE-2024-3094",
        severity="CRITICAL",
        attributes=[
            Attribute(key="package_name", value="xz-utils"),
            Attribute(key="package_version", value="5.6.0"),
        ],
    )
    for work in (registry.scans, registry.lifecycle, registry.replication):
        work.takes = timedelta(0)
    registry.scans.set_findings("team/app", "v1", [found])

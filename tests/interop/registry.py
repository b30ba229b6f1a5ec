"""Registries: the in-memory ECR with this client, and Docker's own registry."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import anyio
import httpx

from ecrclient import ECRClient
from ecrclient.images import ImageStore, TransferReport
from ecrclient.testing import InMemoryECR, ServedECR
from tests.interop.tools import Command

ResultT = TypeVar("ResultT")
_START_SECONDS = 20


@dataclass(frozen=True)
class Registry:
    """The served in-memory ECR, and what this client does with it over HTTP."""

    ecr: InMemoryECR
    server: ServedECR

    def address(self, image: str) -> str:
        """Return the name by which tools know an image such as ``team/app:v1``."""
        return f"{self.server.registry}/{image}"

    def pull(
        self,
        repository: str,
        to: ImageStore,
        *,
        platforms: Sequence[str] | None = None,
        referrers: bool = False,
    ) -> TransferReport:
        """Pull the image ``v1``."""
        return self.run(
            lambda client: client.images(repository).pull(
                "v1", to, platforms=platforms, referrers=referrers
            )
        )

    def push(
        self,
        source: ImageStore,
        repository: str,
        reference: str | None = "v1",
        *,
        platforms: Sequence[str] | None = None,
        referrers: bool = False,
    ) -> TransferReport:
        """Push an image of a file; it gets the tag ``v1``."""
        return self.run(
            lambda client: client.images(repository).push(
                source, reference, tags=["v1"], platforms=platforms, referrers=referrers
            )
        )

    def copy(self, source: str, target: str) -> TransferReport:
        """Copy the image ``v1`` with its referrers from a repository to another one."""
        return self.run(
            lambda client: client.images(source).copy(
                "v1", to=client.images(target), referrers=True
            )
        )

    def digest(self, repository: str) -> str:
        """Return the digest of the image ``v1``, by the ECR API."""

        async def get(client: ECRClient) -> str:
            return (await client.images(repository).resolve("v1")).digest

        return self.run(get)

    def run(self, call: Callable[[ECRClient], Awaitable[ResultT]]) -> ResultT:
        """Run a function with a client of the registry."""

        async def run() -> ResultT:
            async with ECRClient(
                region=self.ecr.region,
                credentials=self.ecr.credentials,
                endpoint_url=self.server.url,
            ) as client:
                return await call(client)

        return anyio.run(run)


class DockerRegistry(Command):
    """Docker's registry, called "distribution"."""

    name = "docker-registry"
    install = "Debian: apt-get install docker-registry"

    @classmethod
    @contextmanager
    def serve(cls, folder: Path) -> Generator[str]:
        """Run the registry without authentication, and return its host and port."""
        command = cls.find()
        assert command is not None, "the fixture skips the test"
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        settings = folder / "registry.yml"
        settings.write_text(
            f"version: 0.1\nhttp: {{addr: '{address}'}}\n"
            f"storage: {{filesystem: {{rootdirectory: '{folder / 'registry'}'}}}}\n"
        )
        with (folder / "registry.log").open("wb") as log:
            process = subprocess.Popen([*command, "serve", settings], stdout=log, stderr=log)
            try:
                _wait_for(f"http://{address}/v2/")
                yield address
            finally:
                process.terminate()
                process.wait()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            httpx.get(url)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return

"""This client: with its defaults, with ``httptools``, and over the transport of httpx."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncGenerator, AsyncIterator

import httpx

from benchmarks.cases import CASES, LAYER, MANIFEST, PAGE_SIZE, WORK
from benchmarks.peers import KEY_ID, REGION, SECRET, Calls
from benchmarks.server import Target
from ecrclient import Credentials, ECRClient, Paginator
from ecrclient.errors import RepositoryNotFoundException
from ecrclient.models import DescribeImagesResponse, ImageDetail

__all__ = ["default", "fast", "over_httpx"]


@contextlib.asynccontextmanager
async def default(target: Target, connections: int) -> AsyncGenerator[Calls]:
    """Installed without extras."""
    sys.modules["httptools"] = None  # type: ignore[assignment] # simulate that it is not installed
    async with _client(target, connections) as ecr:
        yield calls(ecr)


@contextlib.asynccontextmanager
async def fast(target: Target, connections: int) -> AsyncGenerator[Calls]:
    """With the extra ``[fast]``."""
    async with _client(target, connections) as ecr:
        yield calls(ecr)


@contextlib.asynccontextmanager
async def over_httpx(target: Target, connections: int) -> AsyncGenerator[Calls]:
    """With a user-supplied transport: httpx's."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    context = httpx.create_ssl_context()
    context.load_verify_locations(target.ca)
    async with (
        httpx.AsyncHTTPTransport(verify=context, limits=limits) as transport,
        _client(target, connections, transport) as ecr,
    ):
        yield calls(ecr)


def _client(
    target: Target, connections: int, transport: httpx.AsyncBaseTransport | None = None
) -> ECRClient:
    return ECRClient(
        region=REGION,
        credentials=Credentials(KEY_ID, SECRET),
        endpoint_url=target.url,
        max_connections=connections,
        transport=transport,
    )


def calls(ecr: ECRClient) -> Calls:
    """The cases."""

    async def tiny() -> int:
        return len((await ecr.get_authorization_token()).authorization_data)

    async def images_100() -> int:
        page = await ecr.describe_images(repository_name="bench/100", max_results=100)
        return len(page.image_details)

    async def images_1000() -> int:
        page = await ecr.describe_images(repository_name="bench/1000", max_results=1000)
        return len(page.image_details)

    async def repositories_100() -> int:
        return len((await ecr.describe_repositories(max_results=100)).repositories)

    async def repositories_1000() -> int:
        return len((await ecr.describe_repositories(max_results=1000)).repositories)

    async def collect() -> int:
        return len(await ecr.describe_images(repository_name="bench/pages").collect())

    async def manifest() -> int:
        made = await ecr.put_image(
            repository_name="bench/image", image_manifest=MANIFEST, image_tag="v1"
        )
        return made.image.image_id.image_tag == "v1"

    async def layer() -> int:
        done = await ecr.upload_layer_part(
            repository_name="bench/layer",
            upload_id="12345678-1234-1234-1234-123456789012",
            part_first_byte=0,
            part_last_byte=len(LAYER) - 1,
            layer_part_blob=LAYER,
        )
        return done.last_byte_received == len(LAYER) - 1

    async def error() -> int:
        try:
            page = await ecr.describe_images(repository_name="bench/error")
        except RepositoryNotFoundException:
            return 0
        return len(page.image_details) + 1

    async def retry() -> int:
        return len((await ecr.describe_images(repository_name="bench/retry")).image_details)

    def pages() -> Paginator[DescribeImagesResponse, ImageDetail]:
        return ecr.describe_images(repository_name="bench/pages", max_results=PAGE_SIZE)

    async def walk() -> int:
        return sum([len(page.image_details) async for page in pages().pages()])

    async def walk_and_work() -> int:
        return await _work_on(pages().pages())

    async def walk_ahead() -> int:
        async with pages().prefetch(1) as ahead:
            return await _work_on(ahead.pages())

    pages_of = (images_100, images_1000, repositories_100, repositories_1000)
    made = (tiny, *pages_of, collect, manifest, layer, error, retry)
    walks = {"walk": walk, "walk-and-work": walk_and_work, "walk-ahead": walk_ahead}
    return dict(zip(CASES, made, strict=True)) | walks


async def _work_on(pages: AsyncIterator[DescribeImagesResponse]) -> int:
    count = 0
    async for page in pages:
        count += len(page.image_details)
        await asyncio.sleep(WORK)
    return count

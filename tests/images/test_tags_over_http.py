"""Tags, promotion, referrers and deletion over real sockets, as boto3 sees the results.

boto3 has no types, so its values are Any.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from ecrclient import ECRClient, RetryPolicy
from ecrclient.images import ArtifactTypes, DeletionReport, LastTagError, TagConflictError
from ecrclient.testing import InMemoryECR
from tests.images.graphs import PLATFORMS, Graph

pytestmark = pytest.mark.anyio
_LISTS_REFERRERS = pytest.mark.generator  # older versions of boto3 do not

SOURCE, TARGET = "team/app", "prod/app"


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """In real time: the server is in another thread."""
    backend: str = request.param
    return backend


class World:
    """A served registry with an index, this client, and boto3 as the observer."""

    def __init__(self, ecr: InMemoryECR, client: ECRClient, boto: Any, graph: Graph) -> None:
        self.ecr, self.client, self._boto, self.graph = ecr, client, boto, graph
        self.app, self.prod = client.images(SOURCE), client.images(TARGET)
        self.digest = graph.tags["v1"]

    async def boto(self, operation: str, **members: Any) -> Any:
        """Call boto3 in a thread."""
        return await anyio.to_thread.run_sync(partial(getattr(self._boto, operation), **members))

    async def tags(self, repository: str) -> dict[str, str]:
        """The digests of the tags, as boto3 lists them."""
        response = await self.boto("list_images", repositoryName=repository)
        ids = response["imageIds"]
        return {one["imageTag"]: one["imageDigest"] for one in ids if "imageTag" in one}

    async def digests(self, repository: str) -> set[str]:
        """All images of a repository, as boto3 describes them."""
        response = await self.boto("describe_images", repositoryName=repository)
        return {one["imageDigest"] for one in response["imageDetails"]}

    async def manifests(self, repository: str) -> dict[str, str]:
        """The manifests of a repository, as boto3 gets them."""
        ids = [{"imageDigest": digest} for digest in await self.digests(repository)]
        response = await self.boto("batch_get_image", repositoryName=repository, imageIds=ids)
        assert response["failures"] == []
        return {one["imageId"]["imageDigest"]: one["imageManifest"] for one in response["images"]}

    async def referrers(self, repository: str) -> dict[str, str]:
        """The types of the index's referrers, as boto3 lists them."""
        response = await self.boto(
            "list_image_referrers",
            repositoryName=repository,
            subjectId={"imageDigest": self.digest},
        )
        return {one["digest"]: one["artifactType"] for one in response["referrers"]}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    ecr = InMemoryECR()
    graph = Graph()
    children = [graph.add_image([b"common"], platform=platform) for platform in PLATFORMS[:2]]
    graph.add_index(children, tag="v1")
    async with ecr.client() as direct:
        await direct.create_repository(repository_name=SOURCE)
        await graph.push(direct, SOURCE)
    boto3: Any = importlib.import_module("boto3")
    with ecr.serve() as server:
        boto = boto3.session.Session().client(
            "ecr",
            region_name=ecr.region,
            endpoint_url=server.url,
            aws_access_key_id=ecr.credentials.access_key_id,
            aws_secret_access_key=ecr.credentials.secret_access_key,
        )
        async with ECRClient(
            region=ecr.region,
            credentials=ecr.credentials,
            endpoint_url=server.url,
            retry=RetryPolicy(max_attempts=3, base_delay=0.0),
        ) as client:
            yield World(ecr, client, boto, graph)
        boto.close()


async def test_tags(world: World) -> None:
    await world.app.retag("v1", "stable", "latest")
    assert await world.tags(SOURCE) == dict.fromkeys(("v1", "stable", "latest"), world.digest)
    await world.app.untag("v1")
    await world.app.untag("latest")
    with pytest.raises(LastTagError):
        await world.app.untag("stable")
    assert await world.tags(SOURCE) == {"stable": world.digest}
    assert len(await world.digests(SOURCE)) == 3


@_LISTS_REFERRERS
async def test_an_sbom_from_a_file_to_its_deletion(world: World, tmp_path: Path) -> None:
    path = tmp_path / "sbom.spdx.json"
    path.write_bytes(b'{"spdxVersion": "SPDX-2.3"}')
    sbom = await world.app.attach("v1", path, artifact_type=ArtifactTypes.SPDX_JSON)
    assert await world.referrers(SOURCE) == {sbom.digest: ArtifactTypes.SPDX_JSON}
    assert json.loads((await world.manifests(SOURCE))[sbom.digest])["subject"]["digest"] == (
        world.digest
    )
    async with world.app.open_referrer(sbom) as stream:
        assert await stream.read() == path.read_bytes()
    report = await world.app.delete_referrers("v1")
    assert report == DeletionReport(repository=SOURCE, deleted=(sbom.digest,))
    assert await world.referrers(SOURCE) == {}


@_LISTS_REFERRERS
async def test_a_release(world: World) -> None:
    """An image is signed, promoted under an immutable tag, verified, and deleted at its source."""
    bundle = await world.app.attach("v1", b"{}", artifact_type=ArtifactTypes.SIGSTORE_BUNDLE)
    report = await world.app.promote(
        "v1", to=world.prod, tags=["1.0.0", "stable"], create_repository="if missing"
    )
    assert report.tags.added == ("1.0.0", "stable")
    assert await world.tags(TARGET) == dict.fromkeys(("1.0.0", "stable"), world.digest)
    assert await world.referrers(TARGET) == {bundle.digest: ArtifactTypes.SIGSTORE_BUNDLE}
    assert await world.manifests(TARGET) == await world.manifests(SOURCE)

    await world.boto(
        "put_image_tag_mutability", repositoryName=TARGET, imageTagMutability="IMMUTABLE"
    )
    other = Graph()
    other.add_image([b"other"], tag="v2")
    await other.push(world.client, SOURCE)
    with pytest.raises(TagConflictError):
        await world.app.promote("v2", to=world.prod, tags=["1.0.1", "stable"])
    assert set(await world.tags(TARGET)) == {"1.0.0", "stable"}

    verified = await world.prod.verify(deep=True)
    assert (verified.ok, verified.images) == (True, 4)
    deleted = await world.app.delete("v1")
    assert deleted.deleted == (world.digest, bundle.digest)
    assert bundle.digest not in await world.digests(SOURCE)
    assert bundle.digest in await world.digests(TARGET)


@pytest.mark.parametrize("mutability", ["MUTABLE", "IMMUTABLE"])
async def test_writes_whose_responses_are_lost_are_repeated(world: World, mutability: str) -> None:
    """The second attempt finds that the first one has arrived."""
    await world.boto(
        "put_image_tag_mutability", repositoryName=SOURCE, imageTagMutability=mutability
    )
    world.ecr.faults.drop(executed=True, operation="PutImage")
    assert (await world.app.retag("v1", "stable")).added == ("stable",)
    world.ecr.faults.drop(executed=True, operation="BatchDeleteImage")
    assert (await world.app.untag("v1")).remaining == ("stable",)
    world.ecr.faults.drop(executed=True, operation="BatchDeleteImage")
    report = await world.app.untag("stable", last_tag="delete image")
    assert (report.digest, report.image_deleted) == (world.digest, True)
    assert await world.tags(SOURCE) == {}


async def test_a_deletion_whose_responses_are_lost_is_complete(world: World) -> None:
    sbom = await world.app.attach("v1", b"{}", artifact_type=ArtifactTypes.SPDX_JSON)
    world.ecr.faults.drop(executed=True, operation="BatchDeleteImage", times=2)
    report = await world.app.delete("v1")
    assert (report.deleted, report.failed) == ((world.digest, sbom.digest), ())
    assert not {world.digest, sbom.digest} & await world.digests(SOURCE)


@_LISTS_REFERRERS
@pytest.mark.parametrize("operation", ["PutImage", "UploadLayerPart", "CompleteLayerUpload"])
async def test_an_attachment_whose_responses_are_lost_is_complete(
    world: World, operation: str
) -> None:
    world.ecr.faults.drop(executed=True, operation=operation)
    sbom = await world.app.attach("v1", b"{1}", artifact_type=ArtifactTypes.SPDX_JSON)
    assert await world.referrers(SOURCE) == {sbom.digest: ArtifactTypes.SPDX_JSON}
    assert (await world.app.verify(sbom.digest, deep=True)).ok

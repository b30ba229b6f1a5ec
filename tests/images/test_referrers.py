"""Referrers: lists, reading, and deletion with and without the subject."""

from __future__ import annotations

from typing import Any

import pytest

from ecrclient import ECRClient, RequestValidationError, ServiceError
from ecrclient.images import (
    ArtifactTypes,
    Attachment,
    DeletionError,
    ImageNotFoundError,
    Images,
    ManifestError,
    OtherTagsError,
    Referrer,
)
from ecrclient.testing import InMemoryECR
from tests.images.calls import Calls
from tests.images.graphs import CONFIG, PLATFORMS, Graph
from tests.images.stores import repository_contents

pytestmark = pytest.mark.anyio


@pytest.fixture
def graph() -> Graph:
    """An index, and another image."""
    graph = Graph()
    children = [graph.add_image([b"a"], platform=platform) for platform in PLATFORMS[:2]]
    graph.add_index(children, tag="v1")
    graph.add_image([b"b"], tag="v2")
    return graph


@pytest.fixture
async def images(client: ECRClient, graph: Graph) -> Images:
    await graph.push(client, "team/app")
    return client.images("team/app")


async def listed(images: Images, reference: str, artifact_type: str | None = None) -> set[str]:
    """The digests of the referrers of an image."""
    return {one.digest async for one in images.referrers(reference, artifact_type=artifact_type)}


async def sign(client: ECRClient, digest: str, suffix: str = "sig") -> str:
    """Push what cosign finds by a tag, and return its digest."""
    graph = Graph()
    tag = f"{digest.replace(':', '-')}.{suffix}"
    graph.add_image([f"{suffix} of {digest}".encode()], tag=tag)
    await graph.push(client, "team/app")
    return graph.tags[tag]


# -- lists -----------------------------------------------------------------------------------------


async def test_referrers_have_their_type_their_annotations_and_the_tag_of_cosign(
    client: ECRClient, images: Images, graph: Graph
) -> None:
    sbom = await images.attach(
        "v1", b"{}", artifact_type=ArtifactTypes.SPDX_JSON, annotations={"tool": "syft"}
    )
    signature = await sign(client, graph.tags["v1"])
    found = [one async for one in images.referrers("v1")]
    assert found[0] == sbom
    assert (found[0].artifact_type, found[0].annotations) == (
        "application/spdx+json",
        {"tool": "syft"},
    )
    assert found[0].tag is None
    assert (found[1].digest, found[1].artifact_type) == (signature, CONFIG)
    assert found[1].tag == f"{graph.tags['v1'].replace(':', '-')}.sig"
    assert found[1].size == len((await images.manifest(found[1])).raw)


async def test_referrers_of_a_type(client: ECRClient, images: Images, graph: Graph) -> None:
    sbom = await images.attach("v1", b"{}", artifact_type=ArtifactTypes.SPDX_JSON)
    await images.attach("v1", b"{}", artifact_type=ArtifactTypes.DSSE)
    signature = await sign(client, graph.tags["v1"])
    assert await listed(images, "v1", ArtifactTypes.SPDX_JSON) == {sbom.digest}
    assert await listed(images, "v1", CONFIG) == {signature}
    assert await listed(images, "v1", "application/none") == set()


async def test_more_referrers_than_a_page(images: Images) -> None:
    attached = {
        (await images.attach("v1", str(number).encode(), artifact_type="a/b")).digest
        for number in range(23)
    }
    assert await listed(images, "v1") == attached


async def test_listing_referrers_is_no_pull_of_the_image(
    ecr: InMemoryECR, client: ECRClient, images: Images, graph: Graph
) -> None:
    calls = Calls(ecr)
    assert await listed(images, "v1") == set()
    assert "BatchGetImage" not in calls.new()
    (detail,) = await client.describe_images(
        repository_name="team/app", image_ids=[{"image_tag": "v1"}]
    ).collect()
    assert detail.last_recorded_pull_time is None


async def test_a_caller_that_may_only_pull_lists_referrers(
    ecr: InMemoryECR, client: ECRClient, images: Images, graph: Graph
) -> None:
    sbom = await images.attach("v1", b"{}", artifact_type=ArtifactTypes.SPDX_JSON)
    signature = await sign(client, graph.tags["v1"])
    expected = [one async for one in images.referrers("v1")]
    with ecr.deny("ecr:Describe*"):
        found = [one async for one in images.referrers("v1")]
        with pytest.raises(ImageNotFoundError):
            await listed(images, "v9")
    assert found == expected
    assert [one.digest for one in found] == [sbom.digest, signature]


@pytest.mark.parametrize("call", [1, 2])
async def test_another_error_while_images_are_described_is_raised(
    ecr: InMemoryECR, images: Images, call: int
) -> None:
    seen = 0

    def is_it(_: object) -> bool:
        nonlocal seen
        seen += 1
        return seen == call

    ecr.faults.error("InvalidParameterException", operation="DescribeImages", when=is_it)
    with pytest.raises(ServiceError, match="InvalidParameter"):
        await listed(images, "v1")


async def test_archived_referrers_are_left_out(
    client: ECRClient, images: Images, graph: Graph
) -> None:
    sbom = await images.attach("v1", b"{}", artifact_type=ArtifactTypes.SPDX_JSON)
    signature = await sign(client, graph.tags["v1"])
    for digest in (sbom.digest, signature):
        await client.update_image_storage_class(
            repository_name="team/app",
            image_id={"image_digest": digest},
            target_storage_class="ARCHIVE",
        )
    assert await listed(images, "v1") == set()


async def test_referrers_of_an_unknown_image(images: Images) -> None:
    with pytest.raises(ImageNotFoundError):
        await listed(images, "v9")


# -- reading ---------------------------------------------------------------------------------------


async def test_the_only_file_of_an_artifact(images: Images) -> None:
    sbom = await images.attach("v1", b'{"spdx": 1}', artifact_type=ArtifactTypes.SPDX_JSON)
    for referrer in (sbom, sbom.digest):
        async with images.open_referrer(referrer) as stream:
            assert await stream.read() == b'{"spdx": 1}'


async def test_a_named_file_of_an_artifact(images: Images) -> None:
    files = [Attachment(name.encode(), title=name) for name in ("a.json", "b.json")]
    artifact = await images.attach("v1", *files, artifact_type="a/b")
    async with images.open_referrer(artifact, title="b.json") as stream:
        assert await stream.read() == b"b.json"
    for title, wanted in ((None, "one file;"), ("c.json", "one file 'c.json';")):
        with pytest.raises(ManifestError, match=f"exactly {wanted} it has: a.json, b.json"):
            async with images.open_referrer(artifact, title=title):
                pass


async def test_an_artifact_without_files(images: Images) -> None:
    artifact = await images.attach("v1", artifact_type="a/b", annotations={"end-of-life": "2027"})
    with pytest.raises(ManifestError, match="it has: none"):
        async with images.open_referrer(artifact):
            pass
    with pytest.raises(ManifestError, match="has no files"):
        async with images.open_referrer("v1"):
            pass


# -- deletion --------------------------------------------------------------------------------------


async def attach_all(client: ECRClient, images: Images, digest: str) -> list[str]:
    """Attach an SBOM with a signature of it, and a signature of cosign.

    They are returned in the order in which they are deleted.
    """
    sbom = await images.attach(digest, b"{}", artifact_type=ArtifactTypes.SPDX_JSON)
    dsse = await images.attach(sbom.digest, b"{}", artifact_type=ArtifactTypes.DSSE)
    return [dsse.digest, sbom.digest, await sign(client, digest)]


async def test_delete_removes_the_image_and_all_its_referrers(
    ecr: InMemoryECR, client: ECRClient, images: Images, graph: Graph
) -> None:
    digest = graph.tags["v1"]
    attached = await attach_all(client, images, digest)
    other = await images.attach("v2", b"{}", artifact_type=ArtifactTypes.SPDX_JSON)
    report = await images.delete("v1")
    assert (report.deleted, report.failed) == ((digest, *attached), ())
    contents = await repository_contents(ecr, "team/app")
    children = {one for one in graph.manifests if one not in graph.tags.values()}
    assert set(contents.tags.values()) == {graph.tags["v2"], other.digest, *children}


async def test_an_image_with_other_tags_is_deleted_only_by_its_digest(
    ecr: InMemoryECR, images: Images, graph: Graph
) -> None:
    await images.retag("v1", "stable", "latest")
    calls = Calls(ecr)
    with pytest.raises(OtherTagsError) as caught:
        await images.delete("v1")
    assert (caught.value.others, caught.value.digest) == (("stable", "latest"), graph.tags["v1"])
    assert calls.new() == {"DescribeImages": 1}
    assert (await images.delete(caught.value.digest)).deleted == (graph.tags["v1"],)
    with pytest.raises(ImageNotFoundError):
        await images.resolve("stable")


async def test_delete_may_keep_the_referrers(
    client: ECRClient, images: Images, graph: Graph
) -> None:
    attached = await attach_all(client, images, graph.tags["v1"])
    assert (await images.delete("v1", referrers=False)).deleted == (graph.tags["v1"],)
    # The digest still finds the referrers of an image that has gone.
    assert (await images.delete(graph.tags["v1"])).deleted == tuple(attached)
    with pytest.raises(ImageNotFoundError):
        await images.delete(graph.tags["v1"])


async def test_an_image_that_cannot_be_deleted_keeps_its_referrers(
    client: ECRClient, images: Images, graph: Graph
) -> None:
    child = next(iter(graph.manifests))
    attached = await attach_all(client, images, child)
    with pytest.raises(DeletionError, match="ImageReferencedByManifestList"):
        await images.delete(child)
    assert await listed(images, child) == set(attached[1:])


async def test_a_referrer_that_an_index_lists_is_a_failure_of_the_report(
    client: ECRClient, images: Images, graph: Graph
) -> None:
    """Clients for registries without referrers list them in an index under a tag."""
    digest = graph.tags["v2"]
    sbom = await images.attach("v2", b"{}", artifact_type=ArtifactTypes.SPDX_JSON)
    index = Graph()
    index.add_index([sbom.model_dump(by_alias=True, include={"media_type", "digest", "size"})])
    await index.push(client, "team/app")
    report = await images.delete("v2")
    assert report.deleted == (digest,)
    (failure,) = report.failed
    assert (failure.digest, failure.code) == (sbom.digest, "ImageReferencedByManifestList")


@pytest.mark.parametrize("failing", [1, 2, 3])
async def test_an_interrupted_deletion_is_completed_by_the_digest(
    ecr: InMemoryECR, client: ECRClient, images: Images, graph: Graph, failing: int
) -> None:
    digest = graph.tags["v1"]
    attached = await attach_all(client, images, digest)
    seen = 0

    def is_it(_: object) -> bool:
        nonlocal seen
        seen += 1
        return seen == failing

    ecr.faults.error("AccessDeniedException", operation="BatchDeleteImage", when=is_it)
    with pytest.raises(ServiceError, match="AccessDenied"):
        await images.delete("v1")
    await images.delete(digest)
    contents = await repository_contents(ecr, "team/app")
    assert not contents.blobs.keys() & {digest, *attached}


async def test_delete_referrers_keeps_the_image(
    client: ECRClient, images: Images, graph: Graph
) -> None:
    attached = await attach_all(client, images, graph.tags["v1"])
    report = await images.delete_referrers("v1")
    assert report.deleted == tuple(attached)
    assert (await images.resolve("v1")).digest == graph.tags["v1"]
    assert (await images.delete_referrers("v1")).deleted == ()


async def test_delete_referrers_of_a_type(client: ECRClient, images: Images, graph: Graph) -> None:
    dsse, sbom, signature = await attach_all(client, images, graph.tags["v1"])
    other = await images.attach("v1", b"{}", artifact_type=ArtifactTypes.IN_TOTO)
    report = await images.delete_referrers("v1", artifact_type=ArtifactTypes.SPDX_JSON)
    assert report.deleted == (dsse, sbom)
    assert await listed(images, "v1") == {signature, other.digest}


async def test_archived_referrers_are_deleted_too(
    client: ECRClient, images: Images, graph: Graph
) -> None:
    sbom = await images.attach("v1", b"{}", artifact_type=ArtifactTypes.SPDX_JSON)
    await client.update_image_storage_class(
        repository_name="team/app",
        image_id={"image_digest": sbom.digest},
        target_storage_class="ARCHIVE",
    )
    assert (await images.delete_referrers("v1")).deleted == (sbom.digest,)


async def test_deletion_of_an_unknown_tag(ecr: InMemoryECR, images: Images) -> None:
    calls = Calls(ecr)
    for delete in (images.delete, images.delete_referrers):
        with pytest.raises(ImageNotFoundError):
            await delete("v9")
    assert calls.new() == {"DescribeImages": 2}


@pytest.mark.parametrize(
    ("method", "arguments", "problem"),
    [
        ("delete", {"reference": None}, "reference: must be a tag or a digest"),
        ("delete", {"reference": "v1", "referrers": "yes"}, "referrers: must be True or False"),
        ("delete_referrers", {"reference": 1}, "reference: must be a tag or a digest"),
        ("delete_referrers", {"reference": "v1", "artifact_type": 1}, "artifact_type: must be"),
    ],
)
async def test_wrong_arguments(
    ecr: InMemoryECR, images: Images, method: str, arguments: dict[str, Any], problem: str
) -> None:
    calls = Calls(ecr)
    with pytest.raises(RequestValidationError, match=f"{method}: {problem}"):
        await getattr(images, method)(**arguments)
    assert not calls.new()


def test_a_referrer_is_a_descriptor_as_json() -> None:
    referrer = Referrer(media_type="a/b", digest="sha256:" + "0" * 64, size=1, tag="t")
    assert Referrer.model_validate_json(referrer.model_dump_json()) == referrer

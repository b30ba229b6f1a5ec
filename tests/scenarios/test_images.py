"""Push, tag, find, pull and delete images."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ecrclient import ECRClient
from ecrclient.errors import (
    ImageAlreadyExistsException,
    ImageNotFoundException,
    ImageTagAlreadyExistsException,
    LayersNotFoundException,
    ReferencedImagesNotFoundException,
)
from ecrclient.models import ImageIdentifier
from tests.scenarios.pushing import OCI_MANIFEST, image, index_of, push, put

pytestmark = pytest.mark.anyio

A, B = image("a"), image("b")


@pytest.fixture
async def app(ecr: ECRClient) -> str:
    """The name of an empty repository."""
    await ecr.create_repository(repository_name="app")
    return "app"


async def tags_of(ecr: ECRClient, repository: str) -> dict[str, list[str]]:
    return {
        found.image_digest: sorted(found.image_tags)
        async for found in ecr.describe_images(repository_name=repository)
    }


async def test_push_and_pull(ecr: ECRClient, app: str) -> None:
    digest = await push(ecr, app, A, "v1")
    pulled = await ecr.batch_get_image(repository_name=app, image_ids=[{"image_tag": "v1"}])
    (found,) = pulled.raise_for_failures().images
    assert found.image_manifest == A.manifest
    assert found.image_manifest_media_type == OCI_MANIFEST
    assert found.image_id is not None
    assert (found.image_id.image_digest, found.image_id.image_tag) == (digest, "v1")


@pytest.mark.moto_differs(
    "moto does not hash the manifest's bytes",
    '"Pulling manifests", OCI Distribution Specification: a digest is that of the bytes',
)
async def test_the_digest_is_that_of_the_manifests_bytes(ecr: ECRClient, app: str) -> None:
    assert await push(ecr, app, A, "v1") == A.digest


async def test_description_of_an_image(ecr: ECRClient, app: str) -> None:
    digest = await push(ecr, app, A, "v1")
    (detail,) = await ecr.describe_images(repository_name=app).collect()
    assert detail.image_digest == digest
    assert detail.image_tags == ["v1"]
    assert detail.image_manifest_media_type == OCI_MANIFEST
    assert abs(detail.image_pushed_at - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.moto_differs(
    "moto invents sizes", '"ImageDetail", Amazon ECR API Reference: the size in the repository'
)
async def test_the_size_of_an_image(ecr: ECRClient, app: str) -> None:
    await push(ecr, app, A, "v1")
    (detail,) = await ecr.describe_images(repository_name=app).collect()
    assert detail.image_size_in_bytes == sum(map(len, (A.config, *A.layers)))


async def test_add_a_second_tag(ecr: ECRClient, app: str) -> None:
    digest = await push(ecr, app, A, "v1")
    await put(ecr, app, A.manifest, "latest")
    assert await tags_of(ecr, app) == {digest: ["latest", "v1"]}


@pytest.mark.moto_differs("moto deletes the image", '"Image tag mutability", Amazon ECR User Guide')
async def test_a_moved_tag_leaves_the_old_image_untagged(ecr: ECRClient, app: str) -> None:
    before = await push(ecr, app, A, "latest")
    after = await push(ecr, app, B, "latest")
    assert await tags_of(ecr, app) == {before: [], after: ["latest"]}


async def test_the_same_push_again_is_refused(ecr: ECRClient, app: str) -> None:
    await push(ecr, app, A, "v1")
    with pytest.raises(ImageAlreadyExistsException):
        await put(ecr, app, A.manifest, "v1")


@pytest.mark.moto_differs(
    "moto returns ImageAlreadyExistsException",
    '"PutImage", Amazon ECR API Reference: ImageTagAlreadyExistsException',
)
async def test_an_immutable_tag_does_not_move(ecr: ECRClient, app: str) -> None:
    await ecr.put_image_tag_mutability(repository_name=app, image_tag_mutability="IMMUTABLE")
    digest = await push(ecr, app, A, "v1")
    with pytest.raises(ImageTagAlreadyExistsException):
        await push(ecr, app, B, "v1")
    assert (await tags_of(ecr, app))[digest] == ["v1"]


@pytest.mark.moto_differs(
    "moto does not check what a manifest references",
    '"PutImage", Amazon ECR API Reference: LayersNotFoundException',
)
async def test_an_image_requires_its_layers(ecr: ECRClient, app: str) -> None:
    with pytest.raises(LayersNotFoundException):
        await put(ecr, app, A.manifest, "v1")


@pytest.mark.moto_differs(
    "moto does not check what a manifest references",
    '"PutImage", Amazon ECR API Reference: ReferencedImagesNotFoundException',
)
async def test_an_index_requires_its_images(ecr: ECRClient, app: str) -> None:
    with pytest.raises(ReferencedImagesNotFoundException):
        await put(ecr, app, index_of(A), "v1")


async def test_missing_images_are_failures(ecr: ECRClient, app: str) -> None:
    await push(ecr, app, A, "v1")
    response = await ecr.batch_get_image(
        repository_name=app, image_ids=[{"image_tag": "v1"}, {"image_tag": "v2"}]
    )
    assert [found.image_manifest for found in response.images] == [A.manifest]
    assert [failure.failure_code for failure in response.failures] == ["ImageNotFound"]
    with pytest.raises(ImageNotFoundException):
        await ecr.describe_images(repository_name=app, image_ids=[{"image_tag": "v2"}])


async def test_list_by_tag_status(ecr: ECRClient, app: str) -> None:
    untagged_one = await push(ecr, app, A)
    tagged_one = await push(ecr, app, B, "v1")
    tagged = await ecr.list_images(repository_name=app, filter={"tag_status": "TAGGED"}).collect()
    untagged = await ecr.list_images(
        repository_name=app, filter={"tag_status": "UNTAGGED"}
    ).collect()
    assert [(found.image_digest, found.image_tag) for found in tagged] == [(tagged_one, "v1")]
    assert [(found.image_digest, found.image_tag) for found in untagged] == [(untagged_one, None)]


@pytest.mark.moto_differs(
    "moto returns everything in one page", '"ListImages", Amazon ECR API Reference'
)
async def test_images_in_pages(ecr: ECRClient, app: str) -> None:
    for name in "abcde":
        await push(ecr, app, image(name), name)
    pages = [page async for page in ecr.list_images(repository_name=app, max_results=2).pages()]
    assert [len(page.image_ids) for page in pages] == [2, 2, 1]
    assert {found.image_tag for page in pages for found in page.image_ids} == set("abcde")


async def test_delete_a_tag_and_an_image(ecr: ECRClient, app: str) -> None:
    digest = await push(ecr, app, A, "v1")
    await put(ecr, app, A.manifest, "v2")
    deleted = await ecr.batch_delete_image(repository_name=app, image_ids=[{"image_tag": "v1"}])
    assert [(gone.image_digest, gone.image_tag) for gone in deleted.image_ids] == [(digest, "v1")]
    assert await tags_of(ecr, app) == {digest: ["v2"]}
    await ecr.batch_delete_image(repository_name=app, image_ids=[{"image_digest": digest}])
    assert await tags_of(ecr, app) == {}


@pytest.mark.moto_differs(
    "moto deletes the image", '"Deleting an image in Amazon ECR", Amazon ECR User Guide'
)
async def test_an_image_of_an_index_is_not_deleted(ecr: ECRClient, app: str) -> None:
    await push(ecr, app, A)
    await put(ecr, app, index_of(A), "v1")
    response = await ecr.batch_delete_image(
        repository_name=app, image_ids=[{"image_digest": A.digest}]
    )
    assert [failure.failure_code for failure in response.failures] == [
        "ImageReferencedByManifestList"
    ]
    assert A.digest in await tags_of(ecr, app)


async def test_push_and_pull_an_index(ecr: ECRClient, app: str) -> None:
    platforms = [await push(ecr, app, platform) for platform in (A, B)]
    index = index_of(A, B)
    await put(ecr, app, index, "v1")
    response = await ecr.batch_get_image(
        repository_name=app,
        image_ids=[{"image_tag": "v1"}, *(ImageIdentifier(image_digest=one) for one in platforms)],
    )
    assert [found.image_manifest for found in response.raise_for_failures().images] == [
        index,
        A.manifest,
        B.manifest,
    ]

"""PutImage."""

from __future__ import annotations

import json

import pytest

from ecrclient import ECRClient
from ecrclient.errors import (
    ImageAlreadyExistsException,
    ImageDigestDoesNotMatchException,
    ImageTagAlreadyExistsException,
    InvalidParameterException,
    LayersNotFoundException,
    ReferencedImagesNotFoundException,
    RepositoryNotFoundException,
)
from ecrclient.models import ImageDetail, ImageIdentifier
from tests.in_memory.builders import (
    CONFIG,
    LAYERS,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    HandClock,
    descriptor,
    digest_of,
    image_manifest,
    index_of,
    upload,
)

pytestmark = pytest.mark.anyio

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
FIRST_SCHEMA = "application/vnd.docker.distribution.manifest.v1+prettyjws"


async def put(
    client: ECRClient, repository: str, manifest: str, tag: str | None = None
) -> ImageIdentifier:
    pushed = await client.put_image(
        repository_name=repository, image_manifest=manifest, image_tag=tag
    )
    return pushed.image.image_id


async def tags_of(client: ECRClient, repository: str) -> dict[str, list[str]]:
    return {
        image.image_digest: image.image_tags
        async for image in client.describe_images(repository_name=repository)
    }


async def only_image(client: ECRClient, repository: str) -> ImageDetail:
    (image,) = await client.describe_images(repository_name=repository).collect()
    return image


async def test_the_digest_is_that_of_the_exact_bytes(client: ECRClient, repository: str) -> None:
    manifest = image_manifest("ümlaut \N{SNOWMAN}", annotations={"of": "ü"}) + " \r\n"
    image = (
        await client.put_image(repository_name=repository, image_manifest=manifest, image_tag="v1")
    ).image

    assert (image.registry_id, image.repository_name) == ("123456789012", repository)
    assert image.image_id == ImageIdentifier(image_digest=digest_of(manifest), image_tag="v1")
    assert image.image_manifest == manifest
    assert image.image_manifest_media_type == OCI_MANIFEST


async def test_description_of_an_image(
    client: ECRClient, repository: str, clock: HandClock
) -> None:
    subject = {"mediaType": OCI_MANIFEST, "digest": digest_of("subject"), "size": 7}
    manifest = image_manifest(subject=subject)
    await put(client, repository, manifest, "v1")
    assert await only_image(client, repository) == ImageDetail(
        registry_id="123456789012",
        repository_name=repository,
        image_digest=digest_of(manifest),
        image_tags=["v1"],
        image_size_in_bytes=3210,
        image_pushed_at=clock.now,
        image_manifest_media_type=OCI_MANIFEST,
        artifact_media_type=OCI_CONFIG,
        subject_manifest_digest=digest_of("subject"),
        image_status="ACTIVE",
    )


async def test_an_artifact_has_its_declared_type(client: ECRClient, repository: str) -> None:
    await put(client, repository, image_manifest(artifactType="application/x.sbom"))
    assert (await only_image(client, repository)).artifact_media_type == "application/x.sbom"


async def test_a_missing_repository(client: ECRClient) -> None:
    with pytest.raises(RepositoryNotFoundException):
        await client.put_image(repository_name="none", image_manifest=image_manifest())


async def test_the_expected_digest_is_checked(client: ECRClient, repository: str) -> None:
    manifest = image_manifest()
    with pytest.raises(ImageDigestDoesNotMatchException, match=digest_of(manifest)):
        await client.put_image(
            repository_name=repository, image_manifest=manifest, image_digest=digest_of("other")
        )
    await client.put_image(
        repository_name=repository, image_manifest=manifest, image_digest=digest_of(manifest)
    )


@pytest.mark.parametrize("tag", ["v1", None])
async def test_the_same_push_again_is_refused(
    client: ECRClient, repository: str, tag: str | None
) -> None:
    manifest = image_manifest()
    await put(client, repository, manifest, tag)
    with pytest.raises(ImageAlreadyExistsException, match=digest_of(manifest)):
        await put(client, repository, manifest, tag)


async def test_an_untagged_push_of_a_tagged_image_is_refused(
    client: ECRClient, repository: str
) -> None:
    await put(client, repository, image_manifest(), "v1")
    with pytest.raises(ImageAlreadyExistsException):
        await put(client, repository, image_manifest())


async def test_another_tag_is_added(client: ECRClient, repository: str, clock: HandClock) -> None:
    manifest = image_manifest()
    pushed_at = clock.now
    await put(client, repository, manifest, "v1")
    clock.advance(hours=1)
    await put(client, repository, manifest, "latest")
    assert await tags_of(client, repository) == {digest_of(manifest): ["v1", "latest"]}
    assert (await only_image(client, repository)).image_pushed_at == pushed_at


async def test_a_moved_tag_leaves_the_old_image_untagged(
    client: ECRClient, repository: str
) -> None:
    old, new = image_manifest("old"), image_manifest("new")
    await put(client, repository, old, "latest")
    await put(client, repository, new, "latest")
    assert await tags_of(client, repository) == {digest_of(old): [], digest_of(new): ["latest"]}


@pytest.mark.parametrize(
    ("mutability", "filters", "tag", "moves"),
    [
        ("MUTABLE", [], "v1", True),
        ("IMMUTABLE", [], "v1", False),
        ("IMMUTABLE_WITH_EXCLUSION", ["dev-*"], "v1", False),
        ("IMMUTABLE_WITH_EXCLUSION", ["dev-*"], "dev-1", True),
        ("IMMUTABLE_WITH_EXCLUSION", ["dev-*"], "my-dev-1", False),
        ("IMMUTABLE_WITH_EXCLUSION", ["*-dev-*"], "my-dev-1", True),
        ("IMMUTABLE_WITH_EXCLUSION", ["v.1"], "v-1", False),
        ("IMMUTABLE_WITH_EXCLUSION", ["nightly", "latest"], "latest", True),
        ("IMMUTABLE_WITH_EXCLUSION", ["latest"], "latest-2", False),
        ("MUTABLE_WITH_EXCLUSION", ["v*"], "v1", False),
        ("MUTABLE_WITH_EXCLUSION", ["v*"], "latest", True),
    ],
)
async def test_tags_that_can_be_moved(
    client: ECRClient,
    repository: str,
    mutability: str,
    filters: list[str],
    tag: str,
    *,
    moves: bool,
) -> None:
    await client.put_image_tag_mutability(
        repository_name=repository,
        image_tag_mutability=mutability,
        image_tag_mutability_exclusion_filters=[
            {"filter_type": "WILDCARD", "filter": one} for one in filters
        ]
        or None,
    )
    await put(client, repository, image_manifest("old"), tag)
    if moves:
        await put(client, repository, image_manifest("new"), tag)
    else:
        with pytest.raises(ImageTagAlreadyExistsException, match="immutable"):
            await put(client, repository, image_manifest("new"), tag)
        assert list(await tags_of(client, repository)) == [digest_of(image_manifest("old"))]


async def test_an_immutable_tag_of_the_same_image_already_exists(
    client: ECRClient, repository: str
) -> None:
    await client.put_image_tag_mutability(
        repository_name=repository, image_tag_mutability="IMMUTABLE"
    )
    await put(client, repository, image_manifest(), "v1")
    with pytest.raises(ImageAlreadyExistsException):
        await put(client, repository, image_manifest(), "v1")
    await put(client, repository, image_manifest(), "v2")


@pytest.mark.parametrize("tag", ["v 1", "v/1", "ü", "v1\n"])
async def test_refused_characters_of_a_tag(client: ECRClient, repository: str, tag: str) -> None:
    with pytest.raises(InvalidParameterException, match="'imageTag'"):
        await put(client, repository, image_manifest(), tag)


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param("{", id="not JSON"),
        pytest.param("[]", id="a list"),
        pytest.param('{"schemaVersion": 2}', id="without a media type"),
        pytest.param('{"mediaType": 7}', id="a number as media type"),
        pytest.param(json.dumps({"mediaType": "text/plain"}), id="not a manifest type"),
        pytest.param(json.dumps({"mediaType": OCI_MANIFEST}), id="an image without layers"),
        pytest.param(json.dumps({"mediaType": OCI_INDEX}), id="an index without manifests"),
        pytest.param(
            json.dumps({"mediaType": OCI_INDEX, "manifests": [{"digest": "sha256:00"}]}),
            id="a descriptor without size",
        ),
    ],
)
async def test_invalid_manifests(client: ECRClient, repository: str, manifest: str) -> None:
    with pytest.raises(InvalidParameterException, match="'ImageManifest'"):
        await put(client, repository, manifest)


async def test_the_media_type_of_the_request_has_precedence(
    client: ECRClient, repository: str
) -> None:
    for manifest in (image_manifest("a", media_type=None), image_manifest("b")):
        pushed = await client.put_image(
            repository_name=repository,
            image_manifest=manifest,
            image_manifest_media_type=DOCKER_MANIFEST,
        )
        assert pushed.image.image_manifest_media_type == DOCKER_MANIFEST


async def test_the_first_schema_has_no_sizes(client: ECRClient, repository: str) -> None:
    await client.put_image(
        repository_name=repository,
        image_manifest='{"schemaVersion": 1, "fsLayers": [], "signatures": []}',
        image_manifest_media_type=FIRST_SCHEMA,
    )
    assert (await only_image(client, repository)).image_size_in_bytes == 0


async def test_an_image_requires_its_layers(client: ECRClient, repository: str) -> None:
    await client.create_repository(repository_name="other")
    await upload(client, "other", LAYERS[0])
    with pytest.raises(LayersNotFoundException) as caught:
        await put(client, "other", image_manifest())
    assert digest_of(LAYERS[1]) in caught.value.message
    assert digest_of(CONFIG) in caught.value.message
    assert digest_of(LAYERS[0]) not in caught.value.message
    assert await tags_of(client, "other") == {}

    await upload(client, "other", LAYERS[1])
    await upload(client, "other", CONFIG)
    await put(client, "other", image_manifest())


@pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    ],
)
async def test_foreign_layers_are_not_required(
    client: ECRClient, repository: str, media_type: str
) -> None:
    layers = [descriptor(b"windows", media_type), descriptor(LAYERS[0], OCI_LAYER)]
    await put(client, repository, image_manifest(layers=layers))
    assert (await only_image(client, repository)).image_size_in_bytes == 217


async def test_the_first_schema_requires_its_layers(client: ECRClient, repository: str) -> None:
    async def put_layer(content: bytes) -> None:
        manifest = {"schemaVersion": 1, "fsLayers": [{"blobSum": digest_of(content)}]}
        await client.put_image(
            repository_name=repository,
            image_manifest=json.dumps(manifest),
            image_manifest_media_type=FIRST_SCHEMA,
        )

    with pytest.raises(LayersNotFoundException, match=digest_of(b"none")):
        await put_layer(b"none")
    await put_layer(LAYERS[0])


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST])
async def test_an_index_requires_its_images(
    client: ECRClient, repository: str, media_type: str
) -> None:
    images = [image_manifest("arm"), image_manifest("amd")]
    index = index_of(images, media_type)
    await put(client, repository, images[0])
    with pytest.raises(ReferencedImagesNotFoundException) as caught:
        await put(client, repository, index)
    assert digest_of(images[1]) in caught.value.message
    assert digest_of(images[0]) not in caught.value.message

    await put(client, repository, images[1])
    assert (await put(client, repository, index, "v1")).image_digest == digest_of(index)


async def test_the_size_of_an_index_is_that_of_its_largest_image(
    client: ECRClient, repository: str
) -> None:
    small = image_manifest("small", layers=[])
    large = image_manifest("large")
    for manifest in (small, large):
        await put(client, repository, manifest)
    index = await put(client, repository, index_of([small, large]), "v1")
    described = await client.describe_images(
        repository_name=repository, image_ids=[{"image_digest": index.image_digest or ""}]
    )
    (image,) = described.image_details
    assert image.image_size_in_bytes == 3210
    assert image.image_manifest_media_type == OCI_INDEX

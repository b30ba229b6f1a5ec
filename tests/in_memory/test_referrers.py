"""Referrers of an image."""

from __future__ import annotations

import pytest

from ecrclient import ECRClient
from ecrclient.errors import InvalidParameterException, RepositoryNotFoundException
from ecrclient.models import ImageReferrer, ListImageReferrersFilter, SubjectIdentifier
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import OCI_MANIFEST, REPOSITORY, digest_of, image_manifest

pytestmark = pytest.mark.anyio

SBOM, SIGNATURE = "application/spdx+json", "application/vnd.cncf.notary.signature"


@pytest.fixture
def subject(ecr: InMemoryECR) -> str:
    """The digest of an image."""
    return ecr.add_image(REPOSITORY, [b"subject"], tags=["v1"])


def attach(ecr: InMemoryECR, subject: str, kind: str, content: bytes = b"{}") -> str:
    return ecr.add_image(REPOSITORY, [content], artifact_type=kind, subject=subject)


async def referrers(
    client: ECRClient, subject: str, wanted: ListImageReferrersFilter | None = None
) -> set[str]:
    found = client.list_image_referrers(
        repository_name=REPOSITORY, subject_id={"image_digest": subject}, filter=wanted
    )
    return {one.digest async for one in found}


async def test_descriptors(client: ECRClient, repository: str) -> None:
    subject = digest_of(image_manifest())
    manifest = image_manifest(
        "sbom",
        artifactType=SBOM,
        subject={"mediaType": OCI_MANIFEST, "digest": subject, "size": len(image_manifest())},
    )
    # The subject may be pushed later.
    await client.put_image(repository_name=repository, image_manifest=manifest)
    await client.put_image(repository_name=repository, image_manifest=image_manifest())
    response = await client.list_image_referrers(
        repository_name=repository, subject_id={"image_digest": subject}
    )
    assert response.referrers == [
        ImageReferrer(
            digest=digest_of(manifest),
            media_type=OCI_MANIFEST,
            artifact_type=SBOM,
            size=len(manifest),
            annotations={"content": "sbom"},
            artifact_status="ACTIVE",
        )
    ]


async def test_filters(ecr: InMemoryECR, client: ECRClient, subject: str) -> None:
    sbom, signature = attach(ecr, subject, SBOM), attach(ecr, subject, SIGNATURE)
    other = ecr.add_image(REPOSITORY, [b"other"])
    attach(ecr, other, SBOM)
    await client.update_image_storage_class(
        repository_name=REPOSITORY,
        image_id={"image_digest": signature},
        target_storage_class="ARCHIVE",
    )

    async def found(status: str | None, *types: str) -> set[str]:
        wanted = ListImageReferrersFilter(artifact_types=list(types), artifact_status=status)
        return await referrers(client, subject, wanted)

    assert await referrers(client, subject) == await found("ACTIVE") == {sbom}
    assert await found("ARCHIVED") == {signature}
    assert await found("ACTIVATING") == set()
    assert await found("ANY") == {sbom, signature}
    assert await found("ANY", SBOM) == {sbom}
    assert await found("ANY", SBOM, SIGNATURE) == {sbom, signature}
    assert await found(None, SIGNATURE) == set()
    assert await found(None, "text/plain") == set()


async def test_pages(ecr: InMemoryECR, client: ECRClient, subject: str) -> None:
    attached = sorted(attach(ecr, subject, SBOM, b"%d" % number) for number in range(21))
    where = SubjectIdentifier(image_digest=subject)
    first = await client.list_image_referrers(repository_name=REPOSITORY, subject_id=where)
    assert [one.digest for one in first.referrers] == attached[:20]
    second = await client.list_image_referrers(
        repository_name=REPOSITORY, subject_id=where, next_token=first.next_token
    )
    assert ([one.digest for one in second.referrers], second.next_token) == (attached[20:], None)

    larger = await client.list_image_referrers(
        repository_name=REPOSITORY, subject_id=where, max_results=50
    )
    assert (len(larger.referrers), larger.next_token) == (21, None)
    with pytest.raises(InvalidParameterException, match="nextToken"):
        await client.list_image_referrers(
            repository_name=REPOSITORY,
            subject_id={"image_digest": attached[0]},
            next_token=first.next_token,
        )


async def test_without_referrers(ecr: InMemoryECR, client: ECRClient, subject: str) -> None:
    assert await referrers(client, subject) == set()
    assert await referrers(client, digest_of("none")) == set()


async def test_referrers_stay_without_their_subject(
    ecr: InMemoryECR, client: ECRClient, subject: str
) -> None:
    sbom = attach(ecr, subject, SBOM)
    await client.batch_delete_image(repository_name=REPOSITORY, image_ids=[{"image_tag": "v1"}])
    assert await referrers(client, subject) == {sbom}


async def test_a_malformed_subject(client: ECRClient, repository: str) -> None:
    with pytest.raises(InvalidParameterException, match="imageDigest"):
        await referrers(client, "v1")


async def test_no_repository(client: ECRClient) -> None:
    with pytest.raises(RepositoryNotFoundException):
        await referrers(client, digest_of("any"))

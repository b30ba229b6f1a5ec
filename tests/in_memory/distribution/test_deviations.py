"""ECR's reported deviations from the specification, which are off by default."""

from __future__ import annotations

import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.errors import InvalidParameterException
from ecrclient.testing import InMemoryECR, RegistryBehavior
from tests.in_memory.builders import (
    CONFIG,
    LAYERS,
    OCI_MANIFEST,
    add_blobs,
    descriptor,
    image_manifest,
)
from tests.in_memory.distribution.registry_client import (
    APP,
    BLOB,
    BLOB_DIGEST,
    code_of,
    push,
    put,
    start,
)

pytestmark = pytest.mark.anyio

PARAMETER = "application/vnd.dev.sigstore.bundle+json;version=0.2"


async def chunk(http: httpx.AsyncClient, location: str, first: int, last: int) -> httpx.Response:
    headers = {"content-range": f"{first}-{last}"}
    return await http.patch(location, content=BLOB[first : last + 1], headers=headers)


async def test_a_chunk_is_accepted_with_201(ecr: InMemoryECR, http: httpx.AsyncClient) -> None:
    ecr.registry_behavior.patch_responds_201 = True
    assert (await chunk(http, await start(http), 0, 9)).status_code == 201


async def test_a_stale_range(ecr: InMemoryECR, http: httpx.AsyncClient) -> None:
    ecr.registry_behavior.stale_range = True
    location = await start(http)
    for first, last in ((0, 9), (10, 29), (30, 149)):
        assert (await chunk(http, location, first, last)).headers["range"] == "0-9"
        assert (await http.get(location)).headers["range"] == "0-9"
    # All bytes are stored nevertheless.
    done = await http.put(location, params={"digest": BLOB_DIGEST}, content=BLOB[150:])
    assert done.status_code == 201


MANIFESTS = {
    "artifact": image_manifest(artifactType=PARAMETER),
    "config": image_manifest(config=descriptor(CONFIG, PARAMETER)),
    "layer": image_manifest(layers=[descriptor(LAYERS[0], PARAMETER)]),
}


@pytest.mark.parametrize("name", MANIFESTS)
async def test_a_media_type_with_a_semicolon(
    ecr: InMemoryECR, http: httpx.AsyncClient, client: ECRClient, name: str
) -> None:
    add_blobs(ecr)
    assert (await put(http, "v1", MANIFESTS[name])).status_code == 201
    ecr.registry_behavior.refuse_semicolons = True
    assert code_of(await put(http, "v2", MANIFESTS[name])) == (400, "MANIFEST_INVALID")
    with pytest.raises(InvalidParameterException, match="Invalid JSON syntax"):
        await client.put_image(
            repository_name="team/app", image_manifest=MANIFESTS[name], image_tag="v3"
        )
    assert (await put(http, "v2", image_manifest())).status_code == 201


async def test_an_invalid_manifest_is_unsupported(
    ecr: InMemoryECR, http: httpx.AsyncClient
) -> None:
    ecr.registry_behavior.invalid_manifest_is_unsupported = True
    response = await put(http, "v1", "not JSON")
    assert code_of(response) == (405, "UNSUPPORTED")
    assert "Invalid JSON syntax" in response.text
    assert code_of(await put(http, "v1", image_manifest())) == (404, "MANIFEST_BLOB_UNKNOWN")


async def test_a_pull_without_the_digest(ecr: InMemoryECR, http: httpx.AsyncClient) -> None:
    digest = await push(http)
    ecr.registry_behavior.omit_manifest_digest = True
    pulled = await http.get(f"{APP}/manifests/v1")
    assert "docker-content-digest" not in pulled.headers
    assert pulled.headers["content-type"] == OCI_MANIFEST
    checked = await http.head(f"{APP}/manifests/v1")
    assert checked.headers["docker-content-digest"] == digest


def test_all_deviations_are_turned_on() -> None:
    behavior = RegistryBehavior()
    behavior.imitate_deviations()
    assert behavior == RegistryBehavior(
        patch_responds_201=True,
        stale_range=True,
        refuse_semicolons=True,
        invalid_manifest_is_unsupported=True,
        omit_manifest_digest=True,
    )

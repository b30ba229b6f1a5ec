"""Uploads of blobs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.errors import LayerPartTooSmallException
from ecrclient.models import RepositoryCreationTemplate
from ecrclient.testing import InMemoryECR
from ecrclient.testing.http_messages import HttpRequest
from tests.in_memory.builders import HandClock, digest_of, upload_part
from tests.in_memory.distribution.registry_client import (
    APP,
    BLOB,
    BLOB_DIGEST,
    OTHER_DIGEST,
    code_of,
    open_http,
    push_blob,
    start,
)

pytestmark = pytest.mark.anyio

DIGEST = {"digest": BLOB_DIGEST}


async def size_of(client: ECRClient, digest: str = BLOB_DIGEST) -> int | None:
    """Return the size of a layer by the ECR API; None if it is not there."""
    page = await client.batch_check_layer_availability(
        repository_name="team/app", layer_digests=[digest]
    )
    (layer,) = page.layers
    return layer.layer_size if layer.layer_availability == "AVAILABLE" else None


def assert_created(response: httpx.Response) -> None:
    assert (response.status_code, response.content) == (201, b"")
    assert response.headers["location"] == f"{APP}/blobs/{BLOB_DIGEST}"
    assert response.headers["docker-content-digest"] == BLOB_DIGEST


def assert_range(response: httpx.Response, status: int, location: str, last: int) -> None:
    assert (response.status_code, response.headers["range"]) == (status, f"0-{last}")
    assert response.headers["location"] == location
    assert response.headers["docker-upload-uuid"] == location.rpartition("/")[2]


async def test_one_request(any_http: httpx.AsyncClient, client: ECRClient) -> None:
    assert_created(await any_http.post(f"{APP}/blobs/uploads/", params=DIGEST, content=BLOB))
    assert await size_of(client) == len(BLOB)


async def test_post_and_put(any_http: httpx.AsyncClient, client: ECRClient) -> None:
    location = await start(any_http)
    assert_created(await any_http.put(location, params=DIGEST, content=BLOB))
    assert await size_of(client) == len(BLOB)


async def test_a_stream(any_http: httpx.AsyncClient, client: ECRClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for first in range(0, len(BLOB), 7):
            yield BLOB[first : first + 7]

    location = await start(any_http)
    assert_range(await any_http.patch(location, content=pieces()), 202, location, len(BLOB) - 1)
    assert_created(await any_http.put(location, params=DIGEST))
    assert await size_of(client) == len(BLOB)


async def test_chunks(any_http: httpx.AsyncClient, client: ECRClient) -> None:
    location = await start(any_http)
    for first, last in ((0, 9), (10, 149)):
        chunk = await any_http.patch(
            location,
            content=BLOB[first : last + 1],
            headers={"content-range": f"{first}-{last}"},
        )
        assert_range(chunk, 202, location, last)
        assert_range(await any_http.get(location), 204, location, last)
    done = await any_http.put(
        location, params=DIGEST, content=BLOB[150:], headers={"content-range": "150-199"}
    )
    assert_created(done)
    assert await size_of(client) == len(BLOB)
    assert code_of(await any_http.get(location)) == (404, "BLOB_UPLOAD_UNKNOWN")


async def test_a_request_with_its_body(
    ecr: InMemoryECR, http: httpx.AsyncClient, client: ECRClient
) -> None:
    authorization = (await http.get("/v2/")).request.headers["authorization"]
    response = ecr.handle(
        HttpRequest(
            method="POST",
            path=f"{APP}/blobs/uploads/",
            query=f"digest={BLOB_DIGEST}",
            headers={"authorization": authorization},
            body=BLOB,
        )
    )
    assert response.status == 201
    assert await size_of(client) == len(BLOB)


async def test_the_range_of_an_empty_upload(http: httpx.AsyncClient) -> None:
    assert (await http.get(await start(http))).headers["range"] == "0-0"


@pytest.mark.parametrize("given", ["5-14", "0-9", "11-20", "words", "10", "bytes 10-19"])
async def test_a_chunk_that_is_not_the_next(http: httpx.AsyncClient, given: str) -> None:
    location = await start(http)
    await http.patch(location, content=BLOB[:10], headers={"content-range": "0-9"})
    for response in (
        await http.patch(location, content=BLOB[:10], headers={"content-range": given}),
        await http.put(
            location, params=DIGEST, content=BLOB[:10], headers={"content-range": given}
        ),
    ):
        assert code_of(response) == (416, "BLOB_UPLOAD_INVALID")
        assert_range(response, 416, location, 9)
    assert_created(await http.put(location, params=DIGEST, content=BLOB[10:]))


async def test_a_chunk_of_another_size(http: httpx.AsyncClient) -> None:
    location = await start(http)
    response = await http.patch(location, content=BLOB, headers={"content-range": "0-9"})
    assert code_of(response) == (400, "SIZE_INVALID")
    assert (await http.get(location)).headers["range"] == "0-0"


@pytest.mark.parametrize("wrong", [OTHER_DIGEST, f"{BLOB_DIGEST}0", "sha512:ab", "", "BLOB"])
async def test_a_wrong_digest(http: httpx.AsyncClient, client: ECRClient, wrong: str) -> None:
    location = await start(http)
    for response in (
        await http.put(location, params={"digest": wrong}, content=BLOB),
        await http.post(f"{APP}/blobs/uploads/", params={"digest": wrong}, content=BLOB),
    ):
        assert code_of(response) == (400, "DIGEST_INVALID")
    assert await size_of(client) is None


async def test_a_wrong_digest_ends_the_upload(http: httpx.AsyncClient) -> None:
    location = await start(http)
    await http.put(location, params={"digest": OTHER_DIGEST}, content=BLOB)
    again = await http.put(location, params=DIGEST, content=BLOB)
    assert code_of(again) == (404, "BLOB_UPLOAD_UNKNOWN")


async def test_the_digest_is_required(http: httpx.AsyncClient) -> None:
    assert code_of(await http.put(await start(http), content=BLOB)) == (400, "DIGEST_INVALID")


async def test_another_digest_algorithm_is_refused(http: httpx.AsyncClient) -> None:
    response = await http.post(f"{APP}/blobs/uploads/?digest-algorithm=sha512")
    assert code_of(response) == (400, "DIGEST_INVALID")
    response = await http.post(f"{APP}/blobs/uploads/?digest-algorithm=sha256")
    assert response.status_code == 202


async def test_an_empty_blob_is_refused(http: httpx.AsyncClient) -> None:
    empty = {"digest": digest_of(b"")}
    refused = await http.put(await start(http), params=empty)
    assert code_of(refused) == (400, "BLOB_UPLOAD_INVALID")
    # Without content, the request only starts an upload, as the specification allows.
    assert (await http.post(f"{APP}/blobs/uploads/", params=empty)).status_code == 202


async def test_an_existing_blob_is_uploaded_again(http: httpx.AsyncClient) -> None:
    await push_blob(http, BLOB)
    assert_created(await http.post(f"{APP}/blobs/uploads/", params=DIGEST, content=BLOB))


async def test_a_cancelled_upload(http: httpx.AsyncClient) -> None:
    location = await start(http)
    await http.patch(location, content=BLOB)
    assert (await http.delete(location)).status_code == 204
    for response in (
        await http.delete(location),
        await http.get(location),
        await http.patch(location, content=BLOB),
        await http.put(location, params=DIGEST),
    ):
        assert code_of(response) == (404, "BLOB_UPLOAD_UNKNOWN")


async def test_an_upload_expires_after_24_hours(
    ecr: InMemoryECR, http: httpx.AsyncClient, clock: HandClock
) -> None:
    location = await start(http)
    clock.advance(hours=11)
    assert (await http.patch(location, content=BLOB)).status_code == 202
    clock.advance(hours=23)
    async with open_http(ecr) as later:
        assert (await later.get(location)).status_code == 204
        clock.advance(hours=1)
        assert code_of(await later.get(location)) == (404, "BLOB_UPLOAD_UNKNOWN")


async def test_an_upload_of_another_repository(http: httpx.AsyncClient) -> None:
    location = (await start(http)).replace("team/app", "team/copy")
    assert code_of(await http.patch(location, content=BLOB)) == (404, "BLOB_UPLOAD_UNKNOWN")


async def test_an_upload_is_shared_with_the_ecr_api(
    http: httpx.AsyncClient, client: ECRClient
) -> None:
    started = await client.initiate_layer_upload(repository_name="team/app")
    await upload_part(client, "team/app", started.upload_id, 0, BLOB[:10])
    location = f"{APP}/blobs/uploads/{started.upload_id}"
    assert_range(await http.get(location), 204, location, 9)
    with pytest.raises(LayerPartTooSmallException):
        await upload_part(client, "team/app", started.upload_id, 10, BLOB[10:20])
        await client.complete_layer_upload(
            repository_name="team/app", upload_id=started.upload_id, layer_digests=[BLOB_DIGEST]
        )
    await http.patch(location, content=BLOB[20:])
    await client.complete_layer_upload(
        repository_name="team/app", upload_id=started.upload_id, layer_digests=[BLOB_DIGEST]
    )
    assert await size_of(client) == len(BLOB)


async def test_a_repository_is_created_on_push(
    ecr: InMemoryECR, http: httpx.AsyncClient, client: ECRClient
) -> None:
    made = await client.create_repository_creation_template(
        prefix="made", applied_for=["CREATE_ON_PUSH"], image_tag_mutability="IMMUTABLE"
    )
    assert isinstance(made.repository_creation_template, RepositoryCreationTemplate)
    await start(http, "/v2/made/here")
    page = await client.describe_repositories(repository_names=["made/here"])
    assert page.repositories[0].image_tag_mutability == "IMMUTABLE"
    assert ecr.calls[-2].operation == "POST /v2/made/here/blobs/uploads/"

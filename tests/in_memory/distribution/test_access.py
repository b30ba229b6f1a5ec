"""Denied requests, faults and recorded calls."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from ecrclient import ECRClient, ServiceError
from ecrclient.errors import ServerException
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import LAYERS, OCI_MANIFEST, digest_of, image_manifest
from tests.in_memory.distribution.registry_client import (
    APP,
    BLOB,
    BLOB_DIGEST,
    code_of,
    push,
    start,
)

pytestmark = pytest.mark.anyio

Request = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]

LAYER = f"{APP}/blobs/{digest_of(LAYERS[0])}"
UPLOADS = f"{APP}/blobs/uploads/"
ACTIONS: dict[str, tuple[str, Request]] = {
    "pull": ("BatchGetImage", lambda http: http.get(f"{APP}/manifests/v1")),
    "check-manifest": ("BatchGetImage", lambda http: http.head(f"{APP}/manifests/v1")),
    "push": (
        "PutImage",
        lambda http: http.put(
            f"{APP}/manifests/v2",
            content=image_manifest(),
            headers={"content-type": OCI_MANIFEST},
        ),
    ),
    "delete": ("BatchDeleteImage", lambda http: http.delete(f"{APP}/manifests/v1")),
    "check-blob": ("BatchCheckLayerAvailability", lambda http: http.head(LAYER)),
    "download": ("GetDownloadUrlForLayer", lambda http: http.get(LAYER)),
    "tags": ("ListImages", lambda http: http.get(f"{APP}/tags/list")),
    "referrers": (
        "BatchGetImage",
        lambda http: http.get(f"{APP}/referrers/{BLOB_DIGEST}"),
    ),
    "catalog": ("DescribeRepositories", lambda http: http.get("/v2/_catalog")),
    "start": ("InitiateLayerUpload", lambda http: http.post(UPLOADS)),
    "whole": (
        "UploadLayerPart",
        lambda http: http.post(UPLOADS, params={"digest": BLOB_DIGEST}, content=BLOB),
    ),
    "completed": (
        "CompleteLayerUpload",
        lambda http: http.post(UPLOADS, params={"digest": BLOB_DIGEST}, content=BLOB),
    ),
}


@pytest.mark.parametrize("name", ACTIONS)
async def test_an_action_is_denied(ecr: InMemoryECR, http: httpx.AsyncClient, name: str) -> None:
    action, request = ACTIONS[name]
    await push(http)
    with ecr.deny(f"ecr:{action}"):
        refused = await request(http)
        assert refused.status_code == 403
        if refused.request.method != "HEAD":
            assert code_of(refused) == (403, "DENIED")
            assert f"is not authorized to perform: ecr:{action} on resource" in refused.text
    assert (await request(http)).status_code < 400


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
async def test_an_upload_in_progress_is_denied(
    ecr: InMemoryECR, http: httpx.AsyncClient, method: str
) -> None:
    location = await start(http)
    with ecr.deny("ecr:UploadLayerPart"):
        refused = await http.request(method, location, params={"digest": BLOB_DIGEST}, content=BLOB)
        assert code_of(refused) == (403, "DENIED")
    assert (await http.get(location)).headers["range"] == "0-0"


async def test_a_denied_request_keeps_the_upload_and_starts_none(
    ecr: InMemoryECR, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    location, digest = await start(http), {"digest": BLOB_DIGEST}
    with ecr.deny("ecr:CompleteLayerUpload"):
        for refused in (
            await http.put(location, params=digest, content=BLOB),
            await http.post(UPLOADS, params=digest, content=BLOB),
        ):
            assert code_of(refused) == (403, "DENIED")
    ecr.save(tmp_path / "state.json")
    state = json.loads((tmp_path / "state.json").read_bytes())
    assert list(state["repositories"]["team/app"]["uploads"]) == [location.rpartition("/")[2]]
    assert (await http.put(location, params=digest, content=BLOB)).status_code == 201


async def test_a_repository_policy_denies(http: httpx.AsyncClient, client: ECRClient) -> None:
    await push(http)
    statement = {
        "Sid": "no pulls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "ecr:BatchGetImage",
    }
    await client.set_repository_policy(
        repository_name="team/app",
        policy_text=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    refused = await http.get(f"{APP}/manifests/v1")
    assert code_of(refused) == (403, "DENIED")
    assert "explicit deny in a resource-based policy" in refused.text


async def test_faults(ecr: InMemoryECR, http: httpx.AsyncClient) -> None:
    ecr.faults.throttle()
    assert code_of(await http.get("/v2/")) == (429, "TOOMANYREQUESTS")
    ecr.faults.error(ServiceError("ThrottlingException", "slow down", retry_after=3))
    assert (await http.get("/v2/")).headers["retry-after"] == "3"
    ecr.faults.error(ServerException, "failed")
    assert code_of(await http.get("/v2/")) == (500, "UNKNOWN")
    ecr.faults.error("SomeException", "not known")
    assert code_of(await http.get("/v2/")) == (400, "DENIED")
    ecr.faults.error("LimitExceededException", "too many tags")
    assert code_of(await http.get("/v2/")) == (403, "DENIED")


async def test_a_lost_request_changes_nothing(ecr: InMemoryECR, http: httpx.AsyncClient) -> None:
    location = await start(http)
    for executed, last in ((False, 0), (True, len(BLOB) - 1)):
        ecr.faults.drop(executed=executed, when=lambda call: call.operation.startswith("PATCH "))
        with pytest.raises(httpx.RemoteProtocolError):
            await http.patch(location, content=BLOB)
        assert (await http.get(location)).headers["range"] == f"0-{last}"


async def test_calls_are_recorded(ecr: InMemoryECR, http: httpx.AsyncClient) -> None:
    ecr.calls.clear()
    await push(http)
    await http.get(f"{APP}/manifests/v2")
    assert ecr.calls.operations == [
        *[f"POST {UPLOADS}"] * 3,
        f"PUT {APP}/manifests/v1",
        f"GET {APP}/manifests/v2",
    ]
    assert [call.status for call in ecr.calls] == [201] * 4 + [404]
    assert ecr.calls[-1].error == "MANIFEST_UNKNOWN"
    # The bytes of blobs are not kept a second time.
    assert [len(call.body) for call in ecr.calls[:3]] == [0, 0, 0]
    assert ecr.calls[3].body == image_manifest().encode()

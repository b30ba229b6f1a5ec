"""What ECR did not send: images whose times or children are not known stay."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.images import (
    CleanupRule,
    KeepNewest,
    KeepPulledWithin,
    KeepTagged,
    SpareYoungerThan,
)
from ecrclient.testing import InMemoryECR

pytestmark = pytest.mark.anyio

URI = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app"


def responder(
    details: list[dict[str, Any]], manifests: list[dict[str, Any]] | None = None
) -> httpx.MockTransport:
    repository = {"repositoryArn": "arn:aws:ecr:us-east-1:123456789012:repository/team/app"}

    def respond(request: httpx.Request) -> httpx.Response:
        operation = request.headers["x-amz-target"].rpartition(".")[2]
        bodies: dict[str, Any] = {
            "DescribeRepositories": {"repositories": [{**repository, "repositoryUri": URI}]},
            "DescribeImages": {"imageDetails": details},
            "BatchGetImage": {"images": manifests or []},
        }
        return httpx.Response(200, json=bodies[operation])

    return httpx.MockTransport(respond)


@pytest.mark.parametrize(
    "rule", [KeepNewest(1), KeepPulledWithin(1), SpareYoungerThan(1)], ids=lambda rule: rule.rule
)
async def test_an_image_without_a_push_time_stays(rule: CleanupRule, ecr: InMemoryECR) -> None:
    detail = {
        "imageDigest": "sha256:" + "1" * 64,
        "imageTags": ["v1"],
        "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
    }
    async with ECRClient(
        region="us-east-1", credentials=ecr.credentials, transport=responder([detail])
    ) as client:
        plan = await client.images("team/app").plan_cleanup(rule)
    assert [(item.tags, item.why) for item in plan.keep] == [
        (("v1",), "ECR did not send when it was pushed")
    ]


INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.mark.parametrize(
    ("media_type", "text"), [(INDEX, "[]"), (INDEX, '{"schemaVersion": 2}'), (None, None)]
)
async def test_what_an_index_that_cannot_be_read_may_list_stays(
    media_type: str | None, text: str | None, ecr: InMemoryECR
) -> None:
    index, child = ("sha256:" + digit * 64 for digit in "12")
    details: list[dict[str, Any]] = [
        {"imageDigest": index, "imageTags": ["v1"], "imageManifestMediaType": media_type},
        {"imageDigest": child, "imageManifestMediaType": "application/example"},
    ]
    manifests: list[dict[str, Any]] = [
        {"imageId": {"imageDigest": index}, "imageManifest": text, "imageManifestMediaType": INDEX}
    ]
    async with ECRClient(
        region="us-east-1",
        credentials=ecr.credentials,
        transport=responder(details, manifests if text else None),
    ) as client:
        plan = await client.images("team/app").plan_cleanup(KeepTagged(["none"]))
        assert (await client.images("team/app").graph()).unread == (index,)
    assert {item.digest: item.why for item in plan.keep} == {
        index: "its manifest could not be read",
        child: f"it may belong to the index {index}, which was not read",
    }

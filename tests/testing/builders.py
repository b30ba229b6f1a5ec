"""What the tests push, and how they send what the client would not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import httpx

from ecrclient import Credentials, ECRClient
from ecrclient._runtime.signing import Signer
from ecrclient.models import RegistryScanningRule, ScanningRepositoryFilter
from ecrclient.testing import InMemoryECR

REPOSITORY = "team/app"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
TARGET_PREFIX = "AmazonEC2ContainerRegistry_V20150921."


class HandClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


def digest_of(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def image_manifest(
    content: str = "app", *, media_type: str | None = OCI_MANIFEST, **members: object
) -> str:
    """A manifest of a configuration of 10 bytes and layers of 200 and 3000."""
    document: dict[str, object] = {
        "schemaVersion": 2,
        "config": _descriptor(f"{content} config", 10, OCI_CONFIG),
        "layers": [
            _descriptor(f"{content} layer {size}", size, "application/vnd.oci.image.layer.v1.tar")
            for size in (200, 3000)
        ],
        **members,
    }
    if media_type is not None:
        document["mediaType"] = media_type
    return json.dumps(document)


def index_of(manifests: Iterable[str], media_type: str = OCI_INDEX) -> str:
    """An index that lists manifests."""
    listed = [
        {"mediaType": OCI_MANIFEST, "digest": digest_of(one), "size": len(one)} for one in manifests
    ]
    return json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": listed})


def scanning_rule(frequency: str, *filters: str) -> RegistryScanningRule:
    """A rule of the registry's scanning configuration."""
    return RegistryScanningRule(
        scan_frequency=frequency,
        repository_filters=[
            ScanningRepositoryFilter(filter=one, filter_type="WILDCARD") for one in filters
        ],
    )


async def push(
    client: ECRClient, repository: str, tag: str | None = "v1", manifest: str | None = None
) -> None:
    """Push an image, the same one if nothing else is said."""
    text = manifest or image_manifest()
    if tag is None:
        await client.put_image(repository_name=repository, image_manifest=text)
    else:
        await client.put_image(repository_name=repository, image_manifest=text, image_tag=tag)


def _descriptor(content: str, size: int, media_type: str) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": size}


async def post(
    ecr: InMemoryECR,
    operation: str,
    body: bytes = b"{}",
    *,
    credentials: Credentials | None = None,
    region: str | None = None,
    service: str = "ecr",
    now: datetime | None = None,
    change: Mapping[str, str | None] | None = None,
    signed_body: bytes | None = None,
    content_type: str = "application/x-amz-json-1.1",
    method: str = "POST",
) -> httpx.Response:
    """Send any body to any operation, signed well.

    Args:
        ecr: Where to.
        operation: The operation, which need not exist.
        body: The body.
        credentials: What to sign with, if not what is accepted.
        region: What to sign for, if not the service's own region.
        service: What to sign for.
        now: The time of signing.
        change: Headers to change after signing; None takes one away.
        signed_body: What to sign, if not the body.
        content_type: The content type.
        method: The HTTP method.
    """
    host, target = "ecr.test", f"{TARGET_PREFIX}{operation}"
    headers: dict[str, str] = {"host": host, "content-type": content_type, "x-amz-target": target}
    signature = Signer(region or ecr.region, service).sign(
        credentials or ecr.credentials,
        host=host.encode(),
        content_type=content_type.encode(),
        target=target.encode(),
        body=body if signed_body is None else signed_body,
        now=now,
    )
    headers |= {name.decode(): value.decode() for name, value in signature}
    for name, value in (change or {}).items():
        if value is None:
            del headers[name]
        else:
            headers[name] = value
    async with httpx.AsyncClient(transport=ecr.transport()) as http:
        return await http.request(method, f"https://{host}/", headers=headers, content=body)

"""Images for the tests, and requests that the client would not send."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import httpx

from ecrclient import Credentials, ECRClient
from ecrclient._awsjson.attempts.signing import Signer
from ecrclient.models import RegistryScanningRule, ScanningRepositoryFilter, UploadLayerPartResponse
from ecrclient.testing import InMemoryECR

REPOSITORY = "team/app"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
TARGET_PREFIX = "AmazonEC2ContainerRegistry_V20150921."


class HandClock:
    """A clock that advances only when a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


def digest_of(content: str | bytes) -> str:
    content = content.encode() if isinstance(content, str) else content
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


CONFIG = b"0123456789"
LAYERS = (b"small" * 40, b"large" * 600)
"""The blobs of every image here, which the fixture's repository contains."""


def image_manifest(
    content: str = "app", *, media_type: str | None = OCI_MANIFEST, **members: object
) -> str:
    """Return a manifest of a configuration of 10 bytes and layers of 200 and 3000 bytes.

    Images differ only in an annotation, so that they all have the same blobs.
    """
    document: dict[str, object] = {
        "schemaVersion": 2,
        "config": descriptor(CONFIG, OCI_CONFIG),
        "layers": [descriptor(layer, OCI_LAYER) for layer in LAYERS],
        "annotations": {"content": content},
        **members,
    }
    if media_type is not None:
        document["mediaType"] = media_type
    return json.dumps(document)


def index_of(manifests: Iterable[str], media_type: str = OCI_INDEX) -> str:
    """Return an index that lists *manifests*."""
    listed = [
        {"mediaType": OCI_MANIFEST, "digest": digest_of(one), "size": len(one)} for one in manifests
    ]
    return json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": listed})


def descriptor(content: bytes, media_type: str) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


async def upload(
    client: ECRClient, repository: str, content: bytes, part_size: int = 20_971_520
) -> str:
    """Upload a layer, and return its digest."""
    upload_id = (await client.initiate_layer_upload(repository_name=repository)).upload_id
    for first in range(0, len(content), part_size):
        await upload_part(client, repository, upload_id, first, content[first : first + part_size])
    done = await client.complete_layer_upload(
        repository_name=repository, upload_id=upload_id, layer_digests=[digest_of(content)]
    )
    return done.layer_digest


async def upload_part(
    client: ECRClient, repository: str, upload_id: str, first: int, part: bytes
) -> UploadLayerPartResponse:
    """Upload a part that starts at byte *first* of the layer."""
    return await client.upload_layer_part(
        repository_name=repository,
        upload_id=upload_id,
        part_first_byte=first,
        part_last_byte=first + len(part) - 1,
        layer_part_blob=part,
    )


def add_blobs(ecr: InMemoryECR, repository: str = REPOSITORY) -> None:
    """Store the blobs of ``image_manifest`` in a repository, which is created if necessary."""
    for blob in (CONFIG, *LAYERS):
        ecr.add_layer(repository, blob)


def scanning_rule(frequency: str, *filters: str) -> RegistryScanningRule:
    """Return a rule of the registry's scanning configuration."""
    return RegistryScanningRule(
        scan_frequency=frequency,
        repository_filters=[
            ScanningRepositoryFilter(filter=one, filter_type="WILDCARD") for one in filters
        ],
    )


async def push(
    client: ECRClient, repository: str, tag: str | None = "v1", manifest: str | None = None
) -> None:
    """Push an image; by default, always the same one."""
    text = manifest or image_manifest()
    if tag is None:
        await client.put_image(repository_name=repository, image_manifest=text)
    else:
        await client.put_image(repository_name=repository, image_manifest=text, image_tag=tag)


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
    """Send any body to any operation, with a valid signature by default.

    Args:
        ecr: The receiver.
        operation: The operation, which does not need to exist.
        body: The body.
        credentials: The credentials to sign with; the accepted ones by default.
        region: The Region to sign for; the registry's by default.
        service: The service to sign for.
        now: The time of the signature.
        change: Headers to change after signing; None removes one.
        signed_body: The body to sign, if it differs from *body*.
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
        now=now or datetime.now(UTC),
    )
    headers |= {name.decode(): value.decode() for name, value in signature}
    for name, value in (change or {}).items():
        if value is None:
            del headers[name]
        else:
            headers[name] = value
    async with httpx.AsyncClient(transport=ecr.transport()) as http:
        return await http.request(method, f"https://{host}/", headers=headers, content=body)

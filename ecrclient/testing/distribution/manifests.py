"""Manifests: pull, check, push and delete."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient.errors import ImageAlreadyExistsException
from ecrclient.models import BatchGetImageRequest, Image, ImageFailure
from ecrclient.operations import BATCH_DELETE_IMAGE, BATCH_GET_IMAGE, PUT_IMAGE

from ..http_messages import HttpResponse
from ..resources.images import read_image
from ..resources.manifests import read_manifest
from .errors import DistributionError, translate

if TYPE_CHECKING:
    from .exchange import Exchange

__all__ = ["delete_manifest", "get_manifest", "head_manifest", "put_manifest"]

_MOST_BYTES = 4 * 1024 * 1024
_ANY = frozenset({"*/*", "application/*"})

# The status and the code for each failure of BatchGetImage and BatchDeleteImage.
_FAILURES = {
    "ImageNotFound": (404, "MANIFEST_UNKNOWN"),
    "ImageInaccessible": (404, "MANIFEST_UNKNOWN"),
    "InvalidImageDigest": (400, "DIGEST_INVALID"),
    "InvalidImageTag": (400, "TAG_INVALID"),
    "ImageReferencedByManifestList": (405, "UNSUPPORTED"),
}


def get_manifest(exchange: Exchange) -> HttpResponse:
    """Return a manifest; this is a pull."""
    found = exchange.call(BATCH_GET_IMAGE, **_members(exchange))
    for failure in found.failures:
        raise _failed(failure)
    response = _response(found.images[0])
    if exchange.registry.behavior.omit_manifest_digest:
        headers = {
            name: value
            for name, value in response.headers.items()
            if name != "docker-content-digest"
        }
        return HttpResponse(response.status, headers, response.body)
    return response


def head_manifest(exchange: Exchange) -> HttpResponse:
    """Return the headers of a manifest; this is not recorded as a pull."""
    request = exchange.request_of(BATCH_GET_IMAGE, **_members(exchange))
    assert isinstance(request, BatchGetImageRequest), "the operation's request"
    (image_id,) = request.image_ids
    found = read_image(
        exchange.registry, exchange.repository(), image_id, request.accepted_media_types
    )
    if isinstance(found, ImageFailure):
        raise _failed(found)
    return _response(found)


def put_manifest(exchange: Exchange) -> HttpResponse:
    """Store a manifest under a digest or a tag. Repeating a push is not an error."""
    body, content_type = exchange.request.body, exchange.request.headers.get("content-type", "")
    if len(body) > _MOST_BYTES:
        raise DistributionError(
            413, "SIZE_INVALID", f"a manifest must have at most {_MOST_BYTES} bytes"
        )
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise DistributionError(400, "MANIFEST_INVALID", "the manifest is not UTF-8") from None
    media_type = content_type.partition(";")[0].strip()
    members = {"imageManifestMediaType": media_type} if media_type else {}
    try:
        exchange.call(
            PUT_IMAGE,
            repositoryName=exchange.name,
            imageManifest=text,
            **members,
            **_image_id(exchange.reference),
        )
    except ImageAlreadyExistsException:
        pass
    except ServiceError as error:
        raise _push_failed(exchange, error) from None
    manifest = read_manifest(text, media_type or None)
    headers = {
        "location": f"/v2/{exchange.name}/manifests/{manifest.digest}",
        "docker-content-digest": manifest.digest,
    }
    if manifest.subject is not None:
        headers["oci-subject"] = manifest.subject
    return HttpResponse(201, headers, b"")


def delete_manifest(exchange: Exchange) -> HttpResponse:
    """Delete a tag or, by digest, an image with its tags. The last tag deletes the image too."""
    deleted = exchange.call(
        BATCH_DELETE_IMAGE,
        repositoryName=exchange.name,
        imageIds=[_image_id(exchange.reference)],
    )
    for failure in deleted.failures:
        raise _failed(failure)
    return HttpResponse(202, {}, b"")


def _push_failed(exchange: Exchange, error: ServiceError) -> DistributionError:
    translated = translate(error, PUT_IMAGE.name)
    unsupported = exchange.registry.behavior.invalid_manifest_is_unsupported
    if translated.code == "MANIFEST_INVALID" and unsupported:
        return DistributionError(405, "UNSUPPORTED", error.message)
    return translated


def _members(exchange: Exchange) -> dict[str, object]:
    """Return the members of BatchGetImage's request."""
    accepted = _accepted(exchange.request.headers.get("accept"))
    return {
        "repositoryName": exchange.name,
        "imageIds": [_image_id(exchange.reference)],
        **({"acceptedMediaTypes": accepted} if accepted else {}),
    }


def _accepted(header: str | None) -> list[str] | None:
    """Return the media types in an ``Accept`` header; None if it accepts any manifest."""
    kinds = [one.partition(";")[0].strip() for one in (header or "").split(",")]
    named = list(dict.fromkeys(kind for kind in kinds if kind))
    return None if not named or _ANY.intersection(named) else named


def _image_id(reference: str) -> dict[str, str]:
    """Return the member of an image's identifier that a digest or a tag is."""
    return {"imageDigest" if ":" in reference else "imageTag": reference}


def _failed(failure: ImageFailure) -> DistributionError:
    status, code = _FAILURES.get(failure.failure_code or "", (400, "MANIFEST_INVALID"))
    return DistributionError(status, code, failure.failure_reason or "")


def _response(image: Image) -> HttpResponse:
    body = image.image_manifest.encode()
    # The digest of these bytes: a manifest that was converted differs from the stored one.
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    headers = {
        "content-type": image.image_manifest_media_type or "application/json",
        "docker-content-digest": digest,
    }
    return HttpResponse(200, headers, body)

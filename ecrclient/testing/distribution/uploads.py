"""Uploads of blobs: in one request, in chunks or as a stream.

An upload is the same as one that InitiateLayerUpload starts: it has the same lifetime, and
CompleteLayerUpload completes it. Its chunks may have any size, because ECR itself divides the bytes
into parts. A request whose body does not arrive completely changes nothing. The specification does
not state what becomes of an upload whose digest is wrong; here it ends.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient.errors import LayerAlreadyExistsException
from ecrclient.operations import COMPLETE_LAYER_UPLOAD, INITIATE_LAYER_UPLOAD, UPLOAD_LAYER_PART

from ..http_messages import HttpResponse
from ..layer_records import UploadRecord
from ..resources.layer_uploads import find_upload
from .errors import DistributionError
from .mounts import mount

if TYPE_CHECKING:
    from .exchange import Exchange

__all__ = ["cancel_upload", "finish_upload", "get_upload", "patch_upload", "start_upload"]

_DIGEST = re.compile("sha256:[0-9a-f]{64}")
_CONTENT_RANGE = re.compile("([0-9]{1,20})-([0-9]{1,20})")


def start_upload(exchange: Exchange) -> HttpResponse:
    """Start an upload, upload a whole blob, or mount a blob of another repository."""
    if exchange.parameter("digest-algorithm") not in (None, "sha256"):
        raise DistributionError(400, "DIGEST_INVALID", "the digest algorithm must be sha256")
    source, wanted = exchange.parameter("from"), exchange.parameter("mount")
    if source and wanted and mount(exchange, _checked(wanted), source):
        return _created(exchange, wanted)
    content = _content(exchange)
    # Without content, a request with a digest only starts an upload, as the specification allows.
    digest = exchange.parameter("digest") if content.size else None
    if digest is not None:
        _checked(digest)
        exchange.allow(UPLOAD_LAYER_PART)
        exchange.allow(COMPLETE_LAYER_UPLOAD)
    started = exchange.call(INITIATE_LAYER_UPLOAD, repositoryName=exchange.name)
    upload = find_upload(exchange.registry, exchange.repository(), started.upload_id)
    if digest is None:
        return _progress(exchange, upload, 202)
    return _finish(exchange, upload, content, digest)


def get_upload(exchange: Exchange) -> HttpResponse:
    """Return the number of bytes received."""
    return _progress(exchange, _upload(exchange), 204)


def patch_upload(exchange: Exchange) -> HttpResponse:
    """Store the next chunk, or a stream without ``Content-Range``."""
    upload, content = _upload(exchange), _content(exchange)
    _check_range(exchange, upload, content)
    _append(exchange, upload, content)
    accepted = 201 if exchange.registry.behavior.patch_responds_201 else 202
    return _progress(exchange, upload, accepted)


def finish_upload(exchange: Exchange) -> HttpResponse:
    """Store the last chunk, if the request has one, and create the blob."""
    digest = exchange.parameter("digest")
    if digest is None:
        raise DistributionError(400, "DIGEST_INVALID", "the query must have the parameter digest")
    _checked(digest)
    upload, content = _upload(exchange), _content(exchange)
    exchange.allow(COMPLETE_LAYER_UPLOAD)
    _check_range(exchange, upload, content)
    return _finish(exchange, upload, content, digest)


def cancel_upload(exchange: Exchange) -> HttpResponse:
    """Discard an upload."""
    _discard(exchange, _upload(exchange))
    return HttpResponse(204, {}, b"")


def _upload(exchange: Exchange) -> UploadRecord:
    exchange.allow(UPLOAD_LAYER_PART)
    return find_upload(exchange.registry, exchange.repository(), exchange.reference)


def _content(exchange: Exchange) -> UploadRecord:
    """Return the body of the request as the parts of an upload."""
    return exchange.request.stored or UploadRecord("")


def _check_range(exchange: Exchange, upload: UploadRecord, content: UploadRecord) -> None:
    """Refuse a chunk that does not start at the end of the bytes received."""
    header = exchange.request.headers.get("content-range")
    if header is None:
        return
    match = _CONTENT_RANGE.fullmatch(header.strip())
    first, last = map(int, match.groups()) if match else (-1, -1)
    if first != upload.size:
        raise DistributionError(
            416,
            "BLOB_UPLOAD_INVALID",
            f"Content-Range must start at byte {upload.size}: {header}",
            _headers(exchange, upload),
        )
    if last - first + 1 != content.size:
        raise DistributionError(
            400, "SIZE_INVALID", f"the body has {content.size} bytes, not those of {header}"
        )


def _append(exchange: Exchange, upload: UploadRecord, content: UploadRecord) -> None:
    upload.first_request_size = upload.first_request_size or upload.size or content.size
    exchange.registry.layer_store.extend(upload, content)
    upload.active_at = exchange.registry.clock()


def _finish(
    exchange: Exchange, upload: UploadRecord, content: UploadRecord, digest: str
) -> HttpResponse:
    if content.size:
        _append(exchange, upload, content)
    try:
        exchange.call(
            COMPLETE_LAYER_UPLOAD,
            repositoryName=exchange.name,
            uploadId=upload.upload_id,
            layerDigests=[digest],
        )
    except LayerAlreadyExistsException:
        pass
    except ServiceError:
        _discard(exchange, upload)
        raise
    return _created(exchange, digest)


def _discard(exchange: Exchange, upload: UploadRecord) -> None:
    if exchange.repository().uploads.pop(upload.upload_id, None) is not None:
        exchange.registry.layer_store.discard(upload)


def _checked(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise DistributionError(400, "DIGEST_INVALID", f"{digest!r} is not a sha256 digest")
    return digest


def _created(exchange: Exchange, digest: str) -> HttpResponse:
    location = f"/v2/{exchange.name}/blobs/{digest}"
    return HttpResponse(201, {"location": location, "docker-content-digest": digest}, b"")


def _progress(exchange: Exchange, upload: UploadRecord, status: int) -> HttpResponse:
    return HttpResponse(status, _headers(exchange, upload), b"")


def _headers(exchange: Exchange, upload: UploadRecord) -> dict[str, str]:
    stale = exchange.registry.behavior.stale_range
    received = upload.first_request_size or 0 if stale else upload.size
    return {
        "location": f"/v2/{exchange.name}/blobs/uploads/{upload.upload_id}",
        # Before the first byte, the Docker registry sends the same range as after it.
        "range": f"0-{max(received - 1, 0)}",
        "docker-upload-uuid": upload.upload_id,
    }

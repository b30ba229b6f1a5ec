"""Blobs: check, download and delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecrclient.errors import LayerInaccessibleException
from ecrclient.operations import BATCH_CHECK_LAYER_AVAILABILITY, GET_DOWNLOAD_URL_FOR_LAYER

from ..byte_ranges import UnsatisfiableRangeError, read_range
from ..http_messages import HttpResponse
from .errors import DistributionError

if TYPE_CHECKING:
    from ..resources.layer_downloads import LayerDownloads
    from ..store import LayerRecord
    from .exchange import Exchange

__all__ = ["Blobs"]

_OCTETS = "application/octet-stream"


class Blobs:
    """Layers and image configurations.

    Args:
        downloads: The download URLs of the ECR API.
    """

    def __init__(self, downloads: LayerDownloads) -> None:
        self._downloads = downloads

    def head(self, exchange: Exchange) -> HttpResponse:
        """Return the size of a blob that does not have to be uploaded."""
        digest = exchange.reference
        found = exchange.call(
            BATCH_CHECK_LAYER_AVAILABILITY, repositoryName=exchange.name, layerDigests=[digest]
        )
        for failure in found.failures:
            raise DistributionError(400, "DIGEST_INVALID", failure.failure_reason or "")
        (layer,) = found.layers
        if layer.layer_availability != "AVAILABLE":
            raise DistributionError(404, "BLOB_UNKNOWN", f"there is no blob {digest}")
        headers = {
            "content-type": exchange.repository().layers[digest].media_type or _OCTETS,
            "content-length": str(layer.layer_size),
            "docker-content-digest": digest,
            "accept-ranges": "bytes",
        }
        return HttpResponse(200, headers, b"")

    def get(self, exchange: Exchange) -> HttpResponse:
        """Redirect to a download URL, or return the blob or a range of it."""
        url = self._url(exchange)
        if exchange.registry.behavior.redirect_blobs:
            headers = {"location": url, "docker-content-digest": exchange.reference}
            return HttpResponse(307, headers, b"")
        return _content(exchange, exchange.repository().layers[exchange.reference])

    def delete(self, exchange: Exchange) -> HttpResponse:
        """Refuse the request: ECR removes layers itself."""
        del exchange
        raise DistributionError(405, "UNSUPPORTED", "blobs cannot be deleted")

    def _url(self, exchange: Exchange) -> str:
        digest = exchange.reference
        try:
            found = exchange.call(
                GET_DOWNLOAD_URL_FOR_LAYER, repositoryName=exchange.name, layerDigest=digest
            )
        except LayerInaccessibleException:
            if not exchange.registry.behavior.serve_unreferenced_blobs:
                raise
            return self._downloads.url(exchange.name, digest)
        return found.download_url


def _content(exchange: Exchange, layer: LayerRecord) -> HttpResponse:
    headers = {
        "content-type": layer.media_type or _OCTETS,
        "docker-content-digest": layer.digest,
        "accept-ranges": "bytes",
    }
    try:
        span = read_range(exchange.request.headers.get("range"), layer.size)
    except UnsatisfiableRangeError:
        raise DistributionError(
            416,
            "SIZE_INVALID",
            f"the blob has only {layer.size} bytes",
            {"content-range": f"bytes */{layer.size}"},
        ) from None
    first, size = span or (0, layer.size)
    if span is not None:
        headers["content-range"] = f"bytes {first}-{first + size - 1}/{layer.size}"
    body = exchange.registry.layer_store.read(layer, first, size)
    return HttpResponse(200 if span is None else 206, headers, body)

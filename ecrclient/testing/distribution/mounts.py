"""Cross-repository mounts of blobs.

Source: "Blob mounting in Amazon ECR". A blob is mounted if the account setting BLOB_MOUNTING is
ENABLED, an image of the source repository references it, and both repositories have the same
encryption. AWS does not document the permission for the source; here it is GetDownloadUrlForLayer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient.operations import GET_DOWNLOAD_URL_FOR_LAYER, INITIATE_LAYER_UPLOAD

from ..layer_records import LayerRecord
from ..resources.create_on_push import repository_for_push
from ..resources.unused_layers import mark_unused

if TYPE_CHECKING:
    from .exchange import Exchange

__all__ = ["mount"]


def mount(exchange: Exchange, digest: str, source_name: str) -> bool:
    """Add a blob of another repository to the request's repository.

    Returns:
        Whether the blob is in the repository now; otherwise the client has to upload it.

    Raises:
        ServiceError: uploads to the repository are denied, or it does not exist.
    """
    registry = exchange.registry
    exchange.allow(INITIATE_LAYER_UPLOAD)
    target = repository_for_push(registry, exchange.name)
    if registry.account_settings.get("BLOB_MOUNTING") != "ENABLED":
        return False
    try:
        exchange.call(GET_DOWNLOAD_URL_FOR_LAYER, repositoryName=source_name, layerDigest=digest)
    except ServiceError:
        return False
    source = registry.repositories[source_name]
    if source.encryption != target.encryption:
        return False
    if digest not in target.layers:
        layer = source.layers[digest]
        # The bytes are shared; the media type is that of the first manifest in this repository.
        target.layers[digest] = LayerRecord(digest, layer.content, file_size=layer.file_size)
        mark_unused(registry, target, [digest])
    return True

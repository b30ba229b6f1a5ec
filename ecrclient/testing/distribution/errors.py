"""Errors of the ``/v2/`` API: the codes of the OCI Distribution Specification.

Sources: "Error Codes" in the specification. ``TAG_INVALID`` and ``PAGINATION_NUMBER_INVALID`` are
codes of the Docker Registry HTTP API V2, which preceded it; ECR sends the first for an immutable
tag. The messages are those of the ECR API, as ECR's clients show them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..http_messages import HttpResponse

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.service_error import ServiceError

__all__ = ["DistributionError", "translate"]

_SERVER_FAULT = 500
_THROTTLED = 429

# The status and the code for each error of the ECR API; a pair with the operation takes precedence.
_BY_ERROR: dict[str | tuple[str, str], tuple[int, str]] = {
    "AccessDeniedException": (403, "DENIED"),
    "RepositoryNotFoundException": (404, "NAME_UNKNOWN"),
    "ImageNotFoundException": (404, "MANIFEST_UNKNOWN"),
    "LayersNotFoundException": (404, "BLOB_UNKNOWN"),
    "LayerInaccessibleException": (404, "BLOB_UNKNOWN"),
    "UploadNotFoundException": (404, "BLOB_UPLOAD_UNKNOWN"),
    "EmptyUploadException": (400, "BLOB_UPLOAD_INVALID"),
    "LayerPartTooSmallException": (400, "BLOB_UPLOAD_INVALID"),
    "InvalidLayerException": (400, "DIGEST_INVALID"),
    "ImageDigestDoesNotMatchException": (400, "DIGEST_INVALID"),
    "ImageTagAlreadyExistsException": (400, "TAG_INVALID"),
    "ReferencedImagesNotFoundException": (404, "MANIFEST_BLOB_UNKNOWN"),
    ("PutImage", "LayersNotFoundException"): (404, "MANIFEST_BLOB_UNKNOWN"),
    "LimitExceededException": (403, "DENIED"),
    "ThrottlingException": (_THROTTLED, "TOOMANYREQUESTS"),
    "TooManyRequestsException": (_THROTTLED, "TOOMANYREQUESTS"),
}
# The code for each member that InvalidParameterException names.
_BY_MEMBER = {
    "repositoryName": "NAME_INVALID",
    "imageTag": "TAG_INVALID",
    "imageDigest": "DIGEST_INVALID",
    "layerDigest": "DIGEST_INVALID",
    "ImageManifest": "MANIFEST_INVALID",
    "imageManifest": "MANIFEST_INVALID",
    "imageManifestMediaType": "MANIFEST_INVALID",
}
_MEMBER = re.compile("Invalid parameter at '([A-Za-z]+)'")


class DistributionError(Exception):
    """A request is refused.

    Args:
        status: The HTTP status.
        code: The code in the body.
        message: The message in the body.
        headers: Additional headers.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers: dict[str, str] = dict(headers or {})

    def response(self) -> HttpResponse:
        """Return the error as a response."""
        body = {"errors": [{"code": self.code, "message": self.message}]}
        headers = {"content-type": "application/json", **self.headers}
        return HttpResponse(self.status, headers, json.dumps(body).encode(), self.code)


def translate(error: ServiceError, operation: str = "") -> DistributionError:
    """Return the error of the ``/v2/`` API for an error of the ECR API.

    Args:
        error: The error.
        operation: The operation that raised it.
    """
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["retry-after"] = str(round(error.retry_after))
    if error.code == "InvalidParameterException":
        member = _MEMBER.match(error.message)
        code = _BY_MEMBER.get(member[1] if member else "", "UNSUPPORTED")
        return DistributionError(400, code, error.message, headers)
    known = _BY_ERROR.get((operation, error.code)) or _BY_ERROR.get(error.code)
    if known is not None:
        return DistributionError(*known, error.message, headers)
    # The specification has no code for a failure of the registry; the Docker registry sends this.
    code = "UNKNOWN" if error.status >= _SERVER_FAULT else "DENIED"
    return DistributionError(error.status, code, error.message, headers)

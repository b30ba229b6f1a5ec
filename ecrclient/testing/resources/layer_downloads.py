"""Download URLs of layers, and the responses to requests for them.

ECR stores layers in an Amazon S3 bucket and returns presigned URLs, which are signed in their
query. The URLs have the same form here, and requests for them get the responses of S3: they need no
credentials, no part of a URL can be changed, and a URL expires. Sources: "Authenticating Requests:
Using Query Parameters", "GetObject", "HeadObject" and "Error Responses" in the Amazon S3 API
Reference. A client cannot compute the signature.

HEAD requests are served as well, for clients that request a blob's size first. That is more lenient
than S3, which signs the method too and refuses HEAD for a URL that is signed for GET.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.sax.saxutils import escape

from ..byte_ranges import UnsatisfiableRangeError, read_range
from ..http_messages import HttpResponse

if TYPE_CHECKING:
    from ..http_messages import HttpRequest
    from ..store import LayerRecord, Registry

__all__ = ["LayerDownloads"]

_LIFETIME = timedelta(hours=1)
_TIMESTAMP = "%Y%m%dT%H%M%SZ"
_ISO = "%Y-%m-%dT%H:%M:%SZ"
_FOLDER = "/layers/"
_SIGNATURE = "X-Amz-Signature"


class LayerDownloads:
    """Makes URLs, and responds to GET and HEAD requests to them.

    The signature covers the host, which is that of S3. A server that listens on an address sets
    `Registry.origin` instead.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._secret = secrets.token_bytes()

    def url(self, repository_name: str, digest: str) -> str:
        """Return the URL of a layer, valid for one hour."""
        registry, now = self._registry, self._registry.clock().astimezone(UTC)
        origin = registry.origin or f"https://{registry.layer_host}"
        path = f"{_FOLDER}{registry.account_id}/{repository_name}/{digest.replace(':', '/')}"
        scope = f"ASIAINMEMORYECR/{now:%Y%m%d}/{registry.region}/s3/aws4_request"
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Date": f"{now:{_TIMESTAMP}}",
            "X-Amz-SignedHeaders": "host",
            "X-Amz-Expires": str(int(_LIFETIME.total_seconds())),
            "X-Amz-Credential": scope,
        }
        query[_SIGNATURE] = self._sign(urlsplit(origin).netloc, path, query)
        return f"{origin}{path}?{urlencode(query)}"

    def serves(self, request: HttpRequest) -> bool:
        """Whether the request is for a layer, not an API call."""
        return request.method in ("GET", "HEAD") and request.path.startswith(_FOLDER)

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Return the layer, a range of it, or an error of S3."""
        answer = self._get(request)
        if request.method == "GET":
            return answer
        length = {"content-length": str(len(answer.body))}
        return replace(answer, headers={**length, **answer.headers}, body=b"")

    def _get(self, request: HttpRequest) -> HttpResponse:
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        signature = query.pop(_SIGNATURE, None)
        if signature is None:
            return _refusal(403, "AccessDenied", "Access Denied")
        expected = self._sign(request.headers.get("host", ""), request.path, query)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            return _refusal(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method.",
            )
        issued = datetime.strptime(query["X-Amz-Date"], _TIMESTAMP).replace(tzinfo=UTC)
        expires = issued + timedelta(seconds=int(query["X-Amz-Expires"]))
        now = self._registry.clock().astimezone(UTC)
        if now >= expires:
            return _refusal(
                403,
                "AccessDenied",
                "Request has expired",
                {
                    "X-Amz-Expires": query["X-Amz-Expires"],
                    "Expires": f"{expires:{_ISO}}",
                    "ServerTime": f"{now:{_ISO}}",
                },
            )
        layer = self._find(request.path)
        if layer is None:
            return _refusal(404, "NoSuchKey", "The specified key does not exist.")
        return self._serve(layer, request.headers.get("range"))

    def _serve(self, layer: LayerRecord, wanted: str | None) -> HttpResponse:
        headers = {"content-type": "application/octet-stream", "accept-ranges": "bytes"}
        try:
            span = read_range(wanted, layer.size)
        except UnsatisfiableRangeError:
            return _refusal(
                416,
                "InvalidRange",
                "The requested range is not satisfiable",
                {"RangeRequested": wanted or "", "ActualObjectSize": str(layer.size)},
                {"content-range": f"bytes */{layer.size}"},
            )
        first, size = span or (0, layer.size)
        if span is not None:
            headers["content-range"] = f"bytes {first}-{first + size - 1}/{layer.size}"
        body = self._registry.layer_store.read(layer, first, size)
        return HttpResponse(200 if span is None else 206, headers, body)

    def _sign(self, host: str, path: str, query: dict[str, str]) -> str:
        signed = "\n".join((host.lower(), path, urlencode(sorted(query.items()))))
        return hmac.digest(self._secret, signed.encode(), "sha256").hex()

    def _find(self, path: str) -> LayerRecord | None:
        key = path.removeprefix(f"{_FOLDER}{self._registry.account_id}/")
        repository_name, *digest = key.rsplit("/", 2)
        repository = self._registry.repositories.get(repository_name)
        return None if repository is None else repository.layers.get(":".join(digest))


def _refusal(
    status: int,
    code: str,
    message: str,
    details: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Return an error of Amazon S3, with additional elements and headers."""
    more = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in (details or {}).items())
    request_id = uuid.uuid4().hex[:16].upper()
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{message}</Message>{more}"
        f"<RequestId>{request_id}</RequestId></Error>"
    )
    common = {"content-type": "application/xml", "x-amz-request-id": request_id}
    return HttpResponse(status, {**common, **(headers or {})}, body.encode(), error_code=code)

"""The ``/v2/`` API: authentication, and the handler of each resource and method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from ecrclient._awsjson.protocol.service_error import ServiceError

from ..http_messages import HttpResponse
from .blobs import Blobs
from .body_spool import BodySpool
from .errors import DistributionError, translate
from .exchange import Backend, Exchange
from .listings import list_referrers, list_repositories, list_tags
from .manifests import delete_manifest, get_manifest, head_manifest, put_manifest
from .routes import PREFIX, find_route
from .uploads import cancel_upload, finish_upload, get_upload, patch_upload, start_upload

if TYPE_CHECKING:
    from ..http_messages import HttpRequest
    from ..logins import Logins
    from ..resources.layer_downloads import LayerDownloads

__all__ = ["DistributionAPI"]

Handler: TypeAlias = Callable[[Exchange], HttpResponse]

_VERSION = {"docker-distribution-api-version": "registry/2.0"}
_WITH_CONTENT = frozenset({"POST", "PATCH", "PUT"})


class DistributionAPI:
    """Responds to requests to the ``/v2/`` API.

    Args:
        backend: The state, and the ECR API.
        downloads: The download URLs of the ECR API.
        logins: The authorization tokens.
    """

    def __init__(self, backend: Backend, downloads: LayerDownloads, logins: Logins) -> None:
        blobs = Blobs(downloads)
        self._backend = backend
        self._logins = logins
        self._handlers: dict[str, dict[str, Handler]] = {
            "base": {"GET": _base, "HEAD": _base},
            "catalog": {"GET": list_repositories},
            "uploads": {"POST": start_upload},
            "upload": {
                "GET": get_upload,
                "PATCH": patch_upload,
                "PUT": finish_upload,
                "DELETE": cancel_upload,
            },
            "blob": {"GET": blobs.get, "HEAD": blobs.head, "DELETE": blobs.delete},
            "manifest": {
                "GET": get_manifest,
                "HEAD": head_manifest,
                "PUT": put_manifest,
                "DELETE": delete_manifest,
            },
            "tags": {"GET": list_tags},
            "referrers": {"GET": list_referrers},
        }

    def serves(self, request: HttpRequest) -> bool:
        """Whether the request is for this API."""
        return request.path == PREFIX or request.path.startswith(f"{PREFIX}/")

    def spool(self, request: HttpRequest) -> BodySpool | None:
        """Return where to store the body of a request while it arrives; None if it is small.

        Args:
            request: The request without its body.
        """
        route = find_route(request.path)
        if route is None or route.resource not in ("uploads", "upload"):
            return None
        if request.method not in _WITH_CONTENT:
            return None
        # The content of a request that will be refused is not stored.
        is_known = self._logins.caller(request.headers.get("authorization")) is not None
        return BodySpool(self._backend.registry.layer_store if is_known else None)

    def respond(self, request: HttpRequest, scripted: ServiceError | None) -> HttpResponse:
        """Return the response to a request.

        Args:
            request: The request.
            scripted: The error that a test injects instead of the response.
        """
        spool = self.spool(request) if request.body else None
        if spool is not None:
            spool.write(request.body)
            request = replace(request, body=b"", stored=spool.finish())
        try:
            if scripted is not None:
                raise scripted
            response = self._handle(request)
        except ServiceError as error:
            response = translate(error).response()
        except DistributionError as error:
            response = error.response()
        finally:
            self.discard(request)
        headers = {**_VERSION, **response.headers}
        if request.method != "HEAD":
            return replace(response, headers=headers)
        length = {"content-length": str(len(response.body))}
        return replace(response, headers={**length, **headers}, body=b"")

    def discard(self, request: HttpRequest) -> None:
        """Delete the stored body of a request, unless an upload has taken it over."""
        if request.stored is not None:
            self._backend.registry.layer_store.discard(request.stored)

    def _handle(self, request: HttpRequest) -> HttpResponse:
        caller = self._logins.caller(request.headers.get("authorization"))
        if caller is None:
            raise self._unauthorized()
        route = find_route(request.path)
        if route is None:
            raise DistributionError(404, "UNSUPPORTED", f"there is no resource {request.path}")
        handlers = self._handlers[route.resource]
        handler = handlers.get(request.method)
        if handler is None:
            raise DistributionError(
                405,
                "UNSUPPORTED",
                f"{request.method} is not supported for this resource",
                {"allow": ", ".join(handlers)},
            )
        self._backend.registry.caller = caller.arn
        self._backend.registry.caller_key = caller.access_key_id
        return handler(Exchange(self._backend, request, route, caller))

    def _unauthorized(self) -> DistributionError:
        realm = f"{self._backend.registry.endpoint()}/"
        challenge = f'Basic realm="{realm}",service="ecr.amazonaws.com"'
        return DistributionError(
            401, "UNAUTHORIZED", "Not Authorized", {"www-authenticate": challenge}
        )


def _base(exchange: Exchange) -> HttpResponse:
    """Return that the registry implements the specification."""
    del exchange
    return HttpResponse(200, {"content-type": "application/json"}, b"{}")

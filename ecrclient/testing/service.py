"""The service: returns the HTTP response to an HTTP request, without I/O."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient.operations import OPERATIONS, SERVICE

from .auth import Authenticator
from .dispatch import Handlers
from .distribution.api import DistributionAPI
from .distribution.exchange import Backend
from .errors import encode_error, refuse_common
from .http_messages import HttpResponse
from .json_protocol import encode_response
from .logins import Logins
from .resources import register_resources
from .resources.layer_downloads import LayerDownloads
from .resources.unused_layers import collect_layers

if TYPE_CHECKING:
    from ecrclient._awsjson.credentials import Credentials
    from ecrclient._awsjson.protocol.operation import Operation
    from ecrclient._awsjson.protocol.shapes import Response

    from .calls import Calls
    from .clock import Clock
    from .distribution.body_spool import BodySpool
    from .faults import Faults
    from .http_messages import HttpRequest
    from .permissions import Permissions
    from .store import Registry

__all__ = ["Service"]

_CONTENT_TYPE = f"application/x-amz-json-{SERVICE.json_version}"


class Service:
    """Responds to requests, one at a time.

    Args:
        registry: The state.
        faults: The faults that a test injects.
        calls: The record of the requests.
        permissions: The rules that deny operations.
        signing_clock: The clock for checking the times of signatures.
    """

    def __init__(
        self,
        registry: Registry,
        faults: Faults,
        calls: Calls,
        permissions: Permissions,
        signing_clock: Clock,
    ) -> None:
        self._registry = registry
        self._faults = faults
        self._calls = calls
        self._permissions = permissions
        self._signing_clock = signing_clock
        self._targets = {operation.target: operation for operation in OPERATIONS.values()}
        self._authenticator = Authenticator(
            region=registry.region,
            service=SERVICE.signing_name,
            clock=self._now,
            expired=faults.has_expired,
        )
        self._handlers = Handlers()
        self._downloads = LayerDownloads(registry)
        logins = Logins(registry)
        register_resources(registry, self._handlers, self._downloads, logins)
        backend = Backend(registry, self._handlers, permissions)
        self._distribution = DistributionAPI(backend, self._downloads, logins)

    def accept(self, credentials: Credentials, principal_arn: str) -> None:
        """Accept signatures made with these credentials, as a principal's."""
        self._authenticator.accept(credentials, principal_arn)

    def spool(self, request: HttpRequest) -> BodySpool | None:
        """Return where to store the body of a request while it arrives; None if it is small."""
        with self._registry.lock:
            return self._distribution.spool(request)

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Respond to one request, and apply the faults to it."""
        with self._registry.lock:
            self._registry.origin = request.origin
            collect_layers(self._registry)
            call = self._calls.add(request, self._registry.clock())
            plan = self._faults.plan(call)
            if not plan.arrives:
                self._distribution.discard(request)
                return HttpResponse(0, {}, b"", delivery=plan.delivery(0))
            response = self._respond(request, plan.error)
            response = replace(response, delivery=plan.delivery(len(response.body)))
            if not response.delivery.lost:
                call.status, call.error = response.status, response.error_code
            return response

    def _respond(self, request: HttpRequest, scripted: ServiceError | None) -> HttpResponse:
        if scripted is None and self._downloads.serves(request):
            return self._downloads.respond(request)
        if self._distribution.serves(request):
            response = self._distribution.respond(request, scripted)
            date = format_datetime(self._now(), usegmt=True)
            return replace(response, headers={**response.headers, "date": date})
        headers = {
            "x-amzn-requestid": str(uuid.uuid4()),
            "content-type": _CONTENT_TYPE,
            "date": format_datetime(self._now(), usegmt=True),
        }
        try:
            if scripted is None:
                return HttpResponse(200, headers, self._execute(request))
            error = scripted
        except ServiceError as refusal:
            error = refusal
        if error.retry_after is not None:
            headers["x-amz-retry-after"] = str(round(error.retry_after * 1000))
        return HttpResponse(error.status, headers, encode_error(error), error.code)

    def _now(self) -> datetime:
        """Return the time for checking signatures and for the ``Date`` header."""
        return self._signing_clock().astimezone(UTC) + self._faults.total_offset()

    def _execute(self, request: HttpRequest) -> bytes:
        operation = self._operation(request)
        caller = self._authenticator.verify(request)
        self._registry.caller, self._registry.caller_key = caller.arn, caller.access_key_id
        response: Response = self._handlers.handle(
            operation,
            request.body,
            lambda model: self._permissions.check(caller, operation, model),
        )
        return encode_response(response)

    def _operation(self, request: HttpRequest) -> Operation[Any]:
        target = request.headers.get("x-amz-target", "")
        operation = self._targets.get(target)
        content_type = request.headers.get("content-type", "").partition(";")[0].strip()
        # AWS identifies a protocol by its content type; only this protocol is implemented.
        is_protocol = (request.method, request.path, content_type) == ("POST", "/", _CONTENT_TYPE)
        if operation is None or not is_protocol:
            raise refuse_common(
                "UnknownOperationException", f"there is no operation {target!r} in this protocol"
            )
        return operation

"""One request to the ``/v2/`` API, and the calls of the ECR API that it causes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from ..json_protocol import decode_request

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.operation import Operation, ResponseT
    from ecrclient._awsjson.protocol.shapes import Request

    from ..auth import Caller
    from ..dispatch import Handlers
    from ..http_messages import HttpRequest
    from ..permissions import Permissions
    from ..store import Registry, RepositoryRecord
    from .routes import Route

__all__ = ["Backend", "Exchange"]


@dataclass(frozen=True, slots=True)
class Backend:
    """The state, and the implementation of the ECR API."""

    registry: Registry
    handlers: Handlers
    permissions: Permissions


class Exchange:
    """A request of an authenticated caller.

    Args:
        backend: The ECR API.
        request: The request.
        route: The resource that it is for.
        caller: The caller.
    """

    def __init__(
        self, backend: Backend, request: HttpRequest, route: Route, caller: Caller
    ) -> None:
        self._backend = backend
        self._caller = caller
        self.request = request
        self.registry: Registry = backend.registry
        self.name: str = route.name
        """The repository's name."""
        self.reference: str = route.reference
        """The tag, the digest or the upload ID."""
        self._query = parse_qs(request.query, keep_blank_values=True)

    def parameter(self, name: str) -> str | None:
        """Return the first value of a query parameter; None if it is absent."""
        values = self._query.get(name)
        return values[0] if values else None

    def call(self, operation: Operation[ResponseT], **members: Any) -> ResponseT:
        """Call an operation of the ECR API as the caller.

        Args:
            operation: The operation.
            members: The members of the request, by their wire names.

        Raises:
            ServiceError: the operation is denied, or refuses the request.
        """
        body = json.dumps(members).encode()
        return self._backend.handlers.handle(
            operation,
            body,
            lambda request: self._backend.permissions.check(self._caller, operation, request),
        )

    def request_of(self, operation: Operation[ResponseT], **members: Any) -> Request[ResponseT]:
        """Return the request to an operation, if it is valid and not denied, without calling it.

        Args:
            operation: The operation.
            members: The members of the request, by their wire names.

        Raises:
            ServiceError: the request is invalid or denied.
        """
        request = decode_request(operation, json.dumps(members).encode())
        self._backend.permissions.check(self._caller, operation, request)
        return request

    def allow(self, operation: Operation[Any], repository_name: str | None = None) -> None:
        """Require the permission for an operation on a repository; by default, the request's.

        Raises:
            ServiceError: the operation is denied.
        """
        self._backend.permissions.check_repository(
            self._caller, operation, repository_name or self.name
        )

    def repository(self) -> RepositoryRecord:
        """Return the repository.

        Raises:
            RepositoryNotFoundException: it does not exist.
        """
        return self.registry.repository(self.name)

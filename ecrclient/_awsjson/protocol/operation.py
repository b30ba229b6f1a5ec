"""The description of an operation: the data from which the runtime makes a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.service_error import ServiceError
    from ecrclient._awsjson.protocol.shapes import Request, Response

__all__ = ["Batch", "Operation", "Pagination", "ResponseT", "Service", "Waiter"]

ResponseT = TypeVar("ResponseT", bound="Response")


class Service(NamedTuple):
    """A service of the AWS JSON protocol."""

    service_id: str
    """AWS's name of the service, as in ``AWS_ENDPOINT_URL_<SERVICE_ID>``."""
    signing_name: str
    """The service's name in a SigV4 credential scope."""
    json_version: str
    """``1.0`` or ``1.1``: the content type is ``application/x-amz-json-<version>``."""
    errors: Mapping[str, type[ServiceError]]
    """The modelled errors by their codes on the wire."""
    package: str
    """The import path of the generated package, also used for its logger and its user agent."""


class Pagination(NamedTuple):
    """The pagination of an operation. Every name is an attribute of the request or response."""

    input_token: str
    output_token: str
    limit: str | None
    items: tuple[tuple[str, ...], ...]
    """The attribute path of each kind of item in a page."""


class Batch(NamedTuple):
    """How a helper splits a list of ids into several calls."""

    method: str
    """The name of the helper."""
    ids: str
    """The request's attribute for the ids."""
    limit: int
    """The number of ids that the service accepts in one call."""
    concurrency: int
    """The default number of concurrent calls."""


@dataclass(frozen=True)
class Operation(Generic[ResponseT]):
    """One operation of a service."""

    name: str
    """The name in the service's model, such as ``GetSecretValue``."""
    method: str
    """The name of the client's method, such as ``get_secret_value``."""
    target: str
    """The value of the ``X-Amz-Target`` header."""
    service: Service
    errors: tuple[str, ...] = ()
    """The codes of the errors that the model lists for the operation."""
    pagination: Pagination | None = None
    batch: Batch | None = None
    retry_safe: bool = True
    """Whether the operation is idempotent, so that it can be retried after any failure."""

    @property
    def request_name(self) -> str:
        """The name of the request type."""
        return f"{self.name}Request"

    @cached_property
    def request(self) -> type[Request[ResponseT]]:
        """The request type; imported at first use, because defining models takes time."""
        found: type[Request[ResponseT]] = getattr(self._models(), self.request_name)
        return found

    @cached_property
    def response(self) -> type[ResponseT]:
        """The response type; imported at first use."""
        found: type[ResponseT] = getattr(self._models(), f"{self.name}Response")
        return found

    def _models(self) -> ModuleType:
        return import_module(f"{self.service.package}.models")


class Waiter(NamedTuple, Generic[ResponseT]):
    """The operation to poll, and the statuses that end the polling."""

    name: str
    operation: Operation[ResponseT]
    path: tuple[str, ...]
    """The attribute path to the status in the response."""
    success: frozenset[str]
    failure: frozenset[str]
    retry_errors: frozenset[str] = frozenset()
    """Codes of errors after which polling continues, such as "not found" after a creation."""
    min_delay: float = 5.0
    """Seconds; the shortest pause between two polls."""
    max_delay: float = 30.0
    """Seconds; the longest pause between two polls."""


OperationsByRequest = Mapping[str, Operation[Any]]

"""An operation as data: what the pipeline needs to know, and nothing that it does."""

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
    """AWS's name for it, as in ``AWS_ENDPOINT_URL_<SERVICE_ID>``."""
    signing_name: str
    """The service's name in a SigV4 credential scope."""
    json_version: str
    """``1.0`` or ``1.1``: the content type is ``application/x-amz-json-<version>``."""
    errors: Mapping[str, type[ServiceError]]
    """The modelled errors by the code that stands on the wire."""
    package: str
    """The import path of the generated package: the name of its logger and in its user agent."""


class Pagination(NamedTuple):
    """How an operation pages. Every name is a Python attribute of request or response."""

    input_token: str
    output_token: str
    limit: str | None
    items: tuple[tuple[str, ...], ...]
    """Where the items of a page are: one attribute path for each kind of item."""


class Batch(NamedTuple):
    """How an operation on a list of ids takes any number of them."""

    ids: str
    """The request's attribute for the ids."""
    limit: int
    """How many the service takes in one call."""
    concurrency: int
    """Calls at once, unless the caller says otherwise."""


@dataclass(frozen=True)
class Operation(Generic[ResponseT]):
    """One operation of a service."""

    name: str
    """The operation's own name, as in ``ListImages``."""
    method: str
    """The client's method for it, as in ``list_images``."""
    target: str
    """The value of the ``X-Amz-Target`` header."""
    service: Service
    errors: tuple[str, ...] = ()
    """The codes of the errors that the model lists for it."""
    pagination: Pagination | None = None
    batch: Batch | None = None
    retry_safe: bool = True
    """Whether the operation is idempotent, so that it can be sent again after any failure."""

    @property
    def request_name(self) -> str:
        """The name of the request's type."""
        return f"{self.name}Request"

    @cached_property
    def request(self) -> type[Request[ResponseT]]:
        """The type of the request; imported at first use, because models take time to define."""
        found: type[Request[ResponseT]] = getattr(self._models(), self.request_name)
        return found

    @cached_property
    def response(self) -> type[ResponseT]:
        """The type of the response; imported at first use."""
        found: type[ResponseT] = getattr(self._models(), f"{self.name}Response")
        return found

    def _models(self) -> ModuleType:
        return import_module(f"{self.service.package}.models")


class Waiter(NamedTuple, Generic[ResponseT]):
    """What to poll, and which statuses end it."""

    name: str
    operation: Operation[ResponseT]
    path: tuple[str, ...]
    """The attribute path to the status in the response."""
    success: frozenset[str]
    failure: frozenset[str]
    retry_errors: frozenset[str] = frozenset()
    """Codes of errors that are waited out, such as "not found" just after a push."""
    min_delay: float = 5.0
    """Seconds of the shortest pause between two polls."""
    max_delay: float = 30.0
    """Seconds of the longest one."""


OperationsByRequest = Mapping[str, Operation[Any]]

"""An operation as data: what the pipeline needs to know, and nothing that it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.errors import ServiceError
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
    models: str
    """The module of the request and response models; it is imported when one is needed."""


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


@dataclass(frozen=True, slots=True)
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
    """Whether it is idempotent: sending it again after an ambiguous failure does no harm."""
    _models: list[Any] = field(default_factory=list[Any], init=False, repr=False, compare=False)

    @property
    def request_name(self) -> str:
        """The name of the request's type."""
        return f"{self.name}Request"

    @property
    def request(self) -> type[Request[ResponseT]]:
        """The type of the request."""
        found: type[Request[ResponseT]] = self._load()[0]
        return found

    @property
    def response(self) -> type[ResponseT]:
        """The type of the response."""
        found: type[ResponseT] = self._load()[1]
        return found

    def _load(self) -> list[Any]:
        """The models, which take a while to define: only those of operations that are called."""
        if not self._models:
            module = import_module(self.service.models)
            names = (self.request_name, f"{self.name}Response")
            self._models[:] = [getattr(module, name) for name in names]
        return self._models


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

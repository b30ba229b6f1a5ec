"""The description of an operation: the data from which the runtime makes a call."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from ecrclient._awsjson.support.record import Record

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.service_error import ServiceError
    from ecrclient._awsjson.protocol.shapes import Request, Response

__all__ = [
    "Acceptor",
    "Batch",
    "EndpointInputs",
    "Operation",
    "OperationsByRequest",
    "Pagination",
    "ResponseT",
    "Service",
    "Waiter",
    "operations_by_request",
]

ResponseT = TypeVar("ResponseT", bound="Response")


class Service(Record):
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
    endpoint_varies: bool = False
    """Whether the endpoint depends on the operation, its request, or the account."""
    uses_account_id: bool = False
    """Whether the endpoint rules have the account of the credentials as a parameter."""
    is_query_compatible: bool = False
    """Whether to announce, as the model requires, that the client also knows the error codes of
    the older query protocol."""


class Pagination(Record):
    """The pagination of an operation. Every name is an attribute of the request or response."""

    input_token: str
    output_token: str
    """The attribute path of the next page's token, for ``protocol.paths.find``."""
    limit: str | None
    items: tuple[tuple[str, ...], ...]
    """The attribute path of each kind of item in a page. A list has any number of them, a map one
    for each entry, and a structure is one item."""
    more: str | None = None
    """The attribute path of whether there are more pages; None: there are if there is a token."""
    largest: int | None = None
    """The number of items in the largest page that the service accepts; None: unknown."""
    resizable: bool = False
    """Whether the pages of one iteration may have different sizes."""
    lists: tuple[str, ...] = ()
    """The request's attributes for lists. Services refuse a page size beside a list of the items to
    return, and the model does not state which lists those are."""


class Batch(Record):
    """How a helper splits a list of ids into several calls."""

    method: str
    """The name of the helper."""
    ids: str
    """The request's attribute for the ids."""
    limit: int
    """The number of ids that the service accepts in one call."""
    concurrency: int
    """The default number of concurrent calls."""


Path = tuple["str | tuple[Path, ...]", ...]
"""Steps from a request to a value. A step is the name of an attribute, ``*`` for each item,
``keys()`` for the keys of a map, or several paths."""


class EndpointInputs(Record):
    """What the endpoint of an operation depends on, besides the settings of the client."""

    static: Mapping[str, str | bool] = MappingProxyType({})
    """Parameters of the endpoint rules with the same value in every call."""
    members: Mapping[str, Path] = MappingProxyType({})
    """Parameters of the endpoint rules that are members of the request."""
    host_prefix: str = ""
    """The beginning of the host; ``{name}`` means a member of the request."""


class Operation(Record, Generic[ResponseT]):
    """One operation of a service; a constant, compared by identity."""

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
    endpoint: EndpointInputs | None = None
    """None: all calls have the same endpoint, or one for each account."""
    retry_safe: bool = True
    """Whether the operation is idempotent, so that it can be retried after any failure."""
    tokens: tuple[str, ...] = ()
    """The request's attributes for idempotency tokens, which a call fills in if they are None."""
    is_signed: bool = True
    """Whether requests are signed; False if the service expects them without authentication."""

    def __repr__(self) -> str:
        return f"<Operation {self.name}>"

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


class Acceptor(Record):
    """A condition on the outcome of a poll, and what the wait does if it is met."""

    state: Literal["success", "failure", "retry"]
    matcher: Literal["path", "pathAll", "pathAny", "status", "error"]
    """What is compared: the value at the path; every or any item of the list there; the HTTP
    status; or the code of the error."""
    expected: tuple[str | int, ...]
    """Values, any of which meets the condition. Of an error: True means any, False none."""
    path: str = ""
    """The attribute path, for ``protocol.paths.find``."""
    expression: str = ""
    """A JMESPath expression of names on the wire, if a path is not enough."""


class Waiter(Record, Generic[ResponseT]):
    """The operation to poll, and the conditions that end the polling."""

    name: str
    operation: Operation[ResponseT]
    acceptors: tuple[Acceptor, ...]
    """The first one that is met decides. If none is, an error is raised, and a response is polled
    again."""
    min_delay: float = 5.0
    """Seconds; the shortest pause between two polls."""
    max_delay: float = 30.0
    """Seconds; the longest pause between two polls."""


OperationsByRequest = Mapping[str, Operation[Any]]


def operations_by_request(*operations: Operation[Any]) -> OperationsByRequest:
    """The operations by the names of their request types."""
    return {operation.request_name: operation for operation in operations}

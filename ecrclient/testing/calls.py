"""A record of the requests that arrived, for tests to inspect."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, overload

from ecrclient._awsjson.protocol.operation import Operation
from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient.operations import OPERATIONS

from .json_protocol import decode_request

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.shapes import Request

    from .http_messages import HttpRequest

__all__ = ["Call", "Calls", "operation_name"]

_BY_NAME = {operation.name: operation for operation in OPERATIONS.values()}


@dataclass(slots=True, eq=False)
class Call:
    """A request that has arrived, without its headers, which contain secrets."""

    operation: str
    """The operation's name, such as ``ListImages``. For a request that does not name an operation,
    the method and path, such as ``GET /``."""
    body: bytes = field(repr=False)
    """The body as received."""
    at: datetime
    """The time of arrival, by the service's clock."""
    status: int | None = None
    """The HTTP status of the response; None if no response was sent."""
    error: str | None = None
    """The error code, such as ``RepositoryNotFoundException``; None if there was no error."""

    @property
    def request(self) -> Request[Any] | None:
        """The request model; None if the body is not valid for the operation."""
        operation = _BY_NAME.get(self.operation)
        if operation is None:
            return None
        try:
            return decode_request(operation, self.body)
        except ServiceError:
            return None


class Calls(Sequence[Call]):
    """The calls in the order of their arrival: ``ecr.calls[-1].operation == "ListImages"``."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque()

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> list[Call]: ...
    def __getitem__(self, index: int | slice) -> Call | list[Call]:
        return list(self._calls)[index] if isinstance(index, slice) else self._calls[index]

    def __len__(self) -> int:
        return len(self._calls)

    def __repr__(self) -> str:
        return f"<Calls: {', '.join(self.operations) or 'none'}>"

    @property
    def operations(self) -> list[str]:
        """The operation name of each call, in order."""
        return [call.operation for call in self._calls]

    def of(self, operation: str | Operation[Any]) -> list[Call]:
        """Return the calls of one operation.

        Args:
            operation: The operation's name, or an object from ``ecrclient.operations``.

        Raises:
            ValueError: ECR does not have an operation of this name.
        """
        name = operation_name(operation)
        return [call for call in self._calls if call.operation == name]

    def clear(self) -> None:
        """Remove all calls."""
        self._calls.clear()

    def keep(self, most: int) -> None:
        """Keep only the latest *most* calls, to limit the memory of a long-running service."""
        self._calls = deque(self._calls, maxlen=most)

    def add(self, request: HttpRequest, at: datetime) -> Call:
        """Record a request whose response is not known yet."""
        target = request.headers.get("x-amz-target", "")
        name = target.rpartition(".")[2] or f"{request.method} {request.path}"
        call = Call(name, request.body, at)
        self._calls.append(call)
        return call


def operation_name(operation: str | Operation[Any]) -> str:
    """Return the name of an operation that is given as an object or by its name.

    Raises:
        ValueError: ECR does not have an operation of this name.
    """
    if isinstance(operation, Operation):
        return operation.name
    if operation not in _BY_NAME:
        raise ValueError(f"there is no operation {operation!r}; use a name such as 'ListImages'")
    return operation

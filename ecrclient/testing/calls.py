"""What the service was asked, for a test to look at."""

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
    """A request that has arrived. It has no headers, and so no signature and no token."""

    operation: str
    """The operation's name, as in ``ListImages``; of what is no call of the protocol, the method
    and path, as in ``GET /``."""
    body: bytes = field(repr=False)
    """The body as it came."""
    at: datetime
    """When it came, by the service's clock."""
    status: int | None = None
    """The HTTP status of the answer; None: no answer has left."""
    error: str | None = None
    """The error's code, such as ``RepositoryNotFoundException``; None: it is no error."""

    @property
    def request(self) -> Request[Any] | None:
        """The request model; None when the body is none of the operation's."""
        operation = _BY_NAME.get(self.operation)
        if operation is None:
            return None
        try:
            return decode_request(operation, self.body)
        except ServiceError:
            return None


class Calls(Sequence[Call]):
    """The calls in the order in which they came: ``ecr.calls[-1].operation == "ListImages"``."""

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
        """The names of the operations, one for each call."""
        return [call.operation for call in self._calls]

    def of(self, operation: str | Operation[Any]) -> list[Call]:
        """The calls of one operation, given by its name or as it stands in ``operations``."""
        name = operation_name(operation)
        return [call for call in self._calls if call.operation == name]

    def clear(self) -> None:
        """Forget them."""
        self._calls.clear()

    def keep(self, most: int) -> None:
        """Remember only the latest *most* calls, for a service that runs for long."""
        self._calls = deque(self._calls, maxlen=most)

    def add(self, request: HttpRequest, at: datetime) -> Call:
        """Record a request, whose answer is not known yet."""
        target = request.headers.get("x-amz-target", "")
        name = target.rpartition(".")[2] or f"{request.method} {request.path}"
        call = Call(name, request.body, at)
        self._calls.append(call)
        return call


def operation_name(operation: str | Operation[Any]) -> str:
    """The name of an operation that may be given by its name.

    Raises:
        ValueError: the service has no operation of the name.
    """
    if isinstance(operation, Operation):
        return operation.name
    if operation not in _BY_NAME:
        raise ValueError(f"there is no operation {operation!r}; they are named as in 'ListImages'")
    return operation

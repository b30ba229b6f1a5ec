"""The handler of each operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from .json_protocol import decode_request

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.operation import Operation, ResponseT
    from ecrclient._awsjson.protocol.shapes import Request, Response

__all__ = ["Handlers"]

RequestT = TypeVar("RequestT", bound="Request[Any]")
Check: TypeAlias = "Callable[[Request[Any]], None]"


class Handlers:
    """The operations, each with a function that returns the response to its request.

    A resource registers its operations: ``handlers.on(LIST_IMAGES, self.list_images)``.
    """

    def __init__(self) -> None:
        self._by_name: dict[str, Callable[[bytes, Check], Response]] = {}

    def on(self, operation: Operation[ResponseT], handler: Callable[[RequestT], ResponseT]) -> None:
        """Register *handler* for *operation*; it receives the operation's request model."""

        def handle(body: bytes, check: Check) -> Response:
            request = decode_request(operation, body)
            check(request)
            # Operation is generic in its response, but not in its request.
            return handler(cast("RequestT", request))

        self._by_name[operation.name] = handle

    def handle(self, operation: Operation[ResponseT], body: bytes, check: Check) -> ResponseT:
        """Return the response.

        Args:
            operation: The operation.
            body: The body of the request.
            check: Called with the request model before the handler runs; it may raise.

        Raises:
            ServiceError: the check or the handler refuses the request.
        """
        return cast("ResponseT", self._by_name[operation.name](body, check))

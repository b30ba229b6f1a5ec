"""Which function answers which operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .wire import decode_request, encode_response

if TYPE_CHECKING:
    from ecrclient._runtime.operation import Operation, ResponseT
    from ecrclient._runtime.shapes import Request

__all__ = ["Handlers"]

RequestT = TypeVar("RequestT", bound="Request[Any]")


class Handlers:
    """The operations, each with the function from its request to its answer.

    A resource registers its own: ``handlers.on(LIST_IMAGES, self.list_images)``.
    """

    def __init__(self) -> None:
        self._by_name: dict[str, Callable[[bytes], bytes]] = {}

    def on(self, operation: Operation[ResponseT], handler: Callable[[RequestT], ResponseT]) -> None:
        """Let *handler* answer *operation*; it gets the operation's request model."""

        def answer(body: bytes) -> bytes:
            # The operation's type knows its answer, not which request class is its own.
            return encode_response(handler(cast("RequestT", decode_request(operation, body))))

        self._by_name[operation.name] = answer

    def answer(self, operation: Operation[Any], body: bytes) -> bytes:
        """The body of the answer.

        Raises:
            ServiceError: the rules refuse the request.
        """
        return self._by_name[operation.name](body)

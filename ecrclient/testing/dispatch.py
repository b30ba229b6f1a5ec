"""Which function answers which operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .errors import refuse_common
from .wire import decode_request, encode_response

if TYPE_CHECKING:
    from ecrclient._runtime.operation import Operation, ResponseT
    from ecrclient._runtime.shapes import Request

__all__ = ["Handlers"]

RequestT = TypeVar("RequestT", bound="Request[Any]")


class Handlers:
    """The operations that are implemented, each with the function from its request to its answer.

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

    def __contains__(self, operation: Operation[Any]) -> bool:
        return operation.name in self._by_name

    def answer(self, operation: Operation[Any], body: bytes) -> bytes:
        """The body of the answer.

        Raises:
            ServiceError: the rules refuse the request, or nobody answers the operation.
        """
        handler = self._by_name.get(operation.name)
        if handler is None:
            raise refuse_common(
                "NotImplementedInMemory",
                f"{operation.name} is not implemented by ecrclient.testing.InMemoryECR",
            )
        return handler(body)

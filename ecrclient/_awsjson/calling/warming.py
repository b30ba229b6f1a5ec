"""Work of a first call that is done earlier, so that it does not block the event loop."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from contextlib import suppress
from importlib import import_module
from typing import Any

from ecrclient._awsjson.protocol.argument_checks import check_argument, wrong_argument
from ecrclient._awsjson.protocol.operation import Operation
from ecrclient._awsjson.protocol.shapes import Structure
from ecrclient._awsjson.protocol.wire_serializer import wire_serializer

__all__ = ["load_lazy_libraries", "warm_up"]


def load_lazy_libraries() -> None:
    """Import the modules that pydantic and anyio import at their first use.

    Otherwise a first call would block the event loop for some tens of milliseconds.
    """
    # pydantic imports its schema builder, and searches the installed packages for plugins.
    Structure.model_rebuild()
    for loop in ("asyncio", "trio"):
        if loop in sys.modules:
            with suppress(ImportError):  # a private name
                import_module(f"anyio._backends._{loop}")


def warm_up(operations: Iterable[Operation[Any]], methods: Collection[str]) -> None:
    """Import and build the models of operations.

    Args:
        operations: The operations of a client.
        methods: The methods whose operations to warm up; empty: all operations.

    Raises:
        RequestValidationError: No operation has that method (a ``ValueError``).
    """
    by_method = {operation.method: operation for operation in operations}
    for method in methods:
        check_argument("warm_up", "methods", method, str, "names of methods")
        if method not in by_method:
            raise wrong_argument("warm_up", "methods", f"no such method: {method}")
    for method in methods or by_method:
        operation = by_method[method]
        wire_serializer(operation.request)
        operation.response.model_rebuild()

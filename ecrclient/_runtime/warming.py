"""Everything that calls would do at their first, done at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from ecrclient._runtime.operation import Operation

__all__ = ["warm_up"]


def warm_up(operations: Iterable[Operation[Any]], methods: Collection[str]) -> None:
    """Import and build the models of the operations that *methods* name; none: of all.

    Raises:
        ValueError: no operation has that method.
    """
    by_method = {operation.method: operation for operation in operations}
    unknown = sorted({*methods} - by_method.keys())
    if unknown:
        raise ValueError(f"no such method: {', '.join(unknown)}")
    for method in methods or by_method:
        operation = by_method[method]
        operation.request.model_rebuild()
        operation.response.model_rebuild()

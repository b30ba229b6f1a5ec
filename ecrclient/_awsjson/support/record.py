"""A base class for constant data: like a dataclass, but cheap to define.

``dataclass`` and ``NamedTuple`` compile source text for each class that they define, which takes
0.1 to 0.4 ms. A program that imports the package waits for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, dataclass_transform

__all__ = ["Record"]


@dataclass_transform(frozen_default=True)
class Record:
    """Named fields, with optional defaults; compared by identity.

    Type checkers check the arguments of a constructor and refuse assignments. At run time nothing
    does.
    """

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._fields = (*cls._fields, *cls.__annotations__)

    if not TYPE_CHECKING:

        def __init__(self, *values: object, **named: object) -> None:
            self.__dict__.update(zip(self._fields, values, strict=False), **named)

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields)
        return f"{type(self).__name__}({fields})"

"""Checks of the arguments of constructors and helpers.

The checks raise ``ConfigurationError`` and name the argument. A message quotes a value only if it
is a number: anything else may contain a secret.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, cast

from ecrclient._awsjson.protocol.errors import (
    ConfigurationError,
    RequestValidationError,
    ValidationProblem,
)

__all__ = [
    "check_argument",
    "check_callable",
    "check_callables",
    "check_count",
    "check_flag",
    "check_instance",
    "check_seconds",
    "check_text",
    "wrong_argument",
]


def check_seconds(
    name: str,
    value: object,
    *,
    zero: bool = False,
    infinite: bool = False,
    none: str | None = None,
) -> None:
    """Check a number of seconds.

    Args:
        name: The name of the argument.
        value: The value that was passed.
        zero: Whether 0 is allowed.
        infinite: Whether infinity is allowed.
        none: What None means, such as ``no limit``; None is allowed only if this is given.
    """
    if value is None and none is not None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        problem = "must be a number of seconds"
    elif value < 0 or (value == 0 and not zero):
        problem = "must not be less than 0 seconds" if zero else "must be more than 0 seconds"
    elif _is_finite(value) or (infinite and value == math.inf):
        return
    else:
        problem = "must be a finite number of seconds"
    hint = "" if none is None else f" (None: {none})"
    raise ConfigurationError(f"{name} {problem}{hint}, not {_shown(value)}")


def check_count(name: str, value: object, *, minimum: float = 1, none: bool = False) -> None:
    """Check a whole number of at least *minimum*; *none* also allows None."""
    if value is None and none:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigurationError(f"{name} must be a whole number, not {_shown(value)}")
    if value < minimum:
        raise ConfigurationError(f"{name} must be at least {minimum}, not {value}")


def check_text(name: str, value: object, *, none: bool = True) -> None:
    """Check a string; *none* also allows None."""
    check_instance(name, value, str, "a string", none=none)


def check_flag(name: str, value: object, *, none: bool = True) -> None:
    """Check a bool; *none* also allows None."""
    check_instance(name, value, bool, "True or False", none=none)


def check_instance(
    name: str, value: object, kind: type | tuple[type, ...], what: str, *, none: bool = False
) -> None:
    """Check that a value is a *kind*, named *what* in the message; *none* also allows None."""
    if not (isinstance(value, kind) or (none and value is None)):
        raise ConfigurationError(f"{name} must be {what}, not {_shown(value)}")


def check_callable(name: str, value: object, *, none: bool = False) -> None:
    """Check that a value can be called; *none* also allows None."""
    if not (callable(value) or (none and value is None)):
        raise ConfigurationError(f"{name} must be a function, not {_shown(value)}")


def check_callables(name: str, values: object) -> tuple[Any, ...]:
    """Check several functions; return them as a tuple."""
    check_instance(name, values, Iterable, "a sequence of functions")
    functions = tuple(cast("Iterable[object]", values))
    for number, function in enumerate(functions):
        check_callable(f"{name}[{number}]", function)
    return functions


def check_argument(
    function: str,
    argument: str,
    value: object,
    kind: type | tuple[type, ...],
    what: str,
    *,
    none: bool = False,
) -> None:
    """Check an argument of a helper; a wrong one raises ``RequestValidationError``."""
    if not (isinstance(value, kind) or (none and value is None)):
        raise wrong_argument(function, argument, f"must be {what}, not {_shown(value)}")


def wrong_argument(function: str, argument: str, problem: str) -> RequestValidationError:
    """The error of a helper that was called with a wrong argument."""
    return RequestValidationError(function, (ValidationProblem(argument, problem),))


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an int that no float can represent
        return False


def _shown(value: object) -> str:
    if value is None or type(value) in {bool, float} or (type(value) is int and _is_finite(value)):
        return repr(value)
    return f"an object of type {type(value).__name__}"

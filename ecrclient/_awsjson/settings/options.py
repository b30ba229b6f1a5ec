"""The options that can differ from call to call."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal

from ecrclient._awsjson.protocol.argument_checks import check_instance, check_seconds
from ecrclient._awsjson.protocol.errors import ConfigurationError
from ecrclient._awsjson.settings.retry_policy import RetryPolicy

__all__ = ["UNSET", "CallOptions", "Unset", "changed_options"]


class Unset(Enum):
    """The type of :data:`UNSET`."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return self.value


UNSET: Final = Unset.UNSET
"""The default of options that were not passed, because None means *no limit*."""


@dataclass(frozen=True, slots=True, init=False, repr=False)
class CallOptions:
    """The options that can differ from call to call; see ``with_options``.

    An option that is not passed is not set: ``with_options`` keeps the client's value for it, and a
    client without a value uses the default. Reading it returns the default.

    Args:
        timeout: Seconds for one attempt, 60 by default; None: no limit.
        deadline: Seconds for the whole call, no limit by default; None: no limit.
        retry: The retry policy; None, which is the default: the client's.
        pool_timeout: Seconds to wait for a free connection; None: no limit; ``"timeout"``, which is
            the default: the value of ``timeout``.

    Raises:
        ConfigurationError: An argument has the wrong type or is out of range.
    """

    timeout: float | None = 60.0
    """Seconds for one attempt: middleware, connecting, sending, receiving and decoding; None: no
    limit. Waiting for a free connection and getting credentials are not included."""
    deadline: float | None = None
    """Seconds for the whole call: attempts, the delays between them, waiting for a connection and
    getting credentials; None: no limit."""
    retry: RetryPolicy | None = None
    """The retry policy; None: the client's."""
    pool_timeout: float | Literal["timeout"] | None = "timeout"
    """Seconds to wait for a free connection while ``max_connections`` are in use; None: no limit;
    ``"timeout"``: the value of ``timeout``."""
    _set: frozenset[str] = frozenset()
    """The names of the options that were passed."""

    def __init__(
        self,
        timeout: float | Unset | None = UNSET,
        deadline: float | Unset | None = UNSET,
        retry: RetryPolicy | Unset | None = UNSET,
        pool_timeout: float | Literal["timeout"] | Unset | None = UNSET,
    ) -> None:
        passed: dict[str, object] = {
            "timeout": timeout,
            "deadline": deadline,
            "retry": retry,
            "pool_timeout": pool_timeout,
        }
        values = {name: value for name, value in passed.items() if value is not UNSET}
        for name, value in (_DEFAULTS | values | {"_set": frozenset(values)}).items():
            object.__setattr__(self, name, value)
        self._check()

    def _check(self) -> None:
        check_seconds("timeout", self.timeout, none="no limit")
        check_seconds("deadline", self.deadline, none="no limit")
        if self.pool_timeout != "timeout":
            check_seconds("pool_timeout", self.pool_timeout, none="no limit")
        check_instance("retry", self.retry, RetryPolicy, "a RetryPolicy", none=True)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.set_values.items())
        return f"CallOptions({shown})"

    @property
    def set_values(self) -> dict[str, Any]:
        """The options that were passed, by name."""
        return {name: getattr(self, name) for name in _DEFAULTS if name in self._set}

    @property
    def seconds_for_pool(self) -> float | None:
        """Seconds to wait for a free connection; None: no limit."""
        return self.timeout if self.pool_timeout == "timeout" else self.pool_timeout


_DEFAULTS: dict[str, object] = {
    "timeout": 60.0,
    "deadline": None,
    "retry": None,
    "pool_timeout": "timeout",
}


def changed_options(
    current: CallOptions, options: CallOptions | None, keywords: CallOptions
) -> CallOptions:
    """Return *current* with the changes of ``with_options``.

    Args:
        current: The client's options.
        options: The ``CallOptions`` that was passed; None if there was none.
        keywords: The keywords that were passed.

    Raises:
        ConfigurationError: *options* is not a ``CallOptions``, or there are keywords as well.
    """
    check_instance("options", options, CallOptions, "CallOptions", none=True)
    changes = keywords.set_values
    if options is not None:
        if changes:
            raise ConfigurationError(
                f"options must be passed alone, not together with {', '.join(changes)}: pass a "
                "CallOptions or keywords"
            )
        changes = options.set_values
    return CallOptions(**{**current.set_values, **changes})

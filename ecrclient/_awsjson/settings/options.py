"""The options that can differ from call to call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ecrclient._awsjson.protocol.argument_checks import check_instance, check_seconds
from ecrclient._awsjson.settings.retry_policy import RetryPolicy

__all__ = ["CallOptions"]


@dataclass(frozen=True, slots=True)
class CallOptions:
    """The options that can differ from call to call; see ``with_options``."""

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

    def __post_init__(self) -> None:
        check_seconds("timeout", self.timeout, none="no limit")
        check_seconds("deadline", self.deadline, none="no limit")
        if self.pool_timeout != "timeout":
            check_seconds("pool_timeout", self.pool_timeout, none="no limit")
        check_instance("retry", self.retry, RetryPolicy, "a RetryPolicy", none=True)

    @property
    def seconds_for_pool(self) -> float | None:
        """Seconds to wait for a free connection; None: no limit."""
        return self.timeout if self.pool_timeout == "timeout" else self.pool_timeout

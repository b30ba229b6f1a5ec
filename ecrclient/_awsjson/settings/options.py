"""What may differ from call to call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ecrclient._awsjson.protocol.argument_checks import check_instance, check_seconds
from ecrclient._awsjson.settings.retry_policy import RetryPolicy

__all__ = ["CallOptions"]


@dataclass(frozen=True, slots=True)
class CallOptions:
    """What may differ from call to call; see ``with_options``."""

    timeout: float | None = 60.0
    """Seconds for one attempt: middleware, connecting, and everything from the first byte sent to
    the last received; None: no limit. Waiting for a free connection and getting credentials are not
    part of it."""
    deadline: float | None = None
    """Seconds for the whole call: attempts, sleeps and credentials; None: no limit."""
    retry: RetryPolicy | None = None
    """The retry policy; None: the client's own."""
    pool_timeout: float | Literal["timeout"] | None = "timeout"
    """Seconds to wait for a free connection where ``max_connections`` are in use; None: no limit;
    ``"timeout"``: as long as ``timeout``."""

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

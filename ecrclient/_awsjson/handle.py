"""The base class of every generated handle."""

from __future__ import annotations

import copy
from typing import Generic, Literal, Self, TypeVar

from ecrclient._awsjson.client import BaseClient
from ecrclient._awsjson.settings.options import UNSET, CallOptions, Unset
from ecrclient._awsjson.settings.retry_policy import RetryPolicy

__all__ = ["BaseHandle"]

ClientT = TypeVar("ClientT", bound=BaseClient)


class BaseHandle(Generic[ClientT]):
    """Base class of the generated handles: a client, bound to one resource."""

    _client: ClientT

    def with_options(
        self,
        options: CallOptions | None = None,
        *,
        timeout: float | Unset | None = UNSET,
        deadline: float | Unset | None = UNSET,
        retry: RetryPolicy | Unset | None = UNSET,
        pool_timeout: float | Literal["timeout"] | Unset | None = UNSET,
    ) -> Self:
        """Return a handle of the same resource with other options.

        What is not passed keeps the value of this handle's client. The arguments and the errors are
        those of the client's ``with_options``.

        Args:
            options: The options to change, instead of keywords.
            timeout: Seconds for one attempt; None: no limit.
            deadline: Seconds for the whole call; None: no limit.
            retry: The retry policy; None: the policy passed to the client's constructor, or the
                configured one.
            pool_timeout: Seconds to wait for a free connection; None: no limit; ``"timeout"``: the
                value of ``timeout``.

        Raises:
            ConfigurationError: An argument has the wrong type or is out of range, or both *options*
                and keywords were passed.
        """
        clone = copy.copy(self)
        clone._client = self._client.with_options(  # noqa: SLF001 - an instance of this class
            options, timeout=timeout, deadline=deadline, retry=retry, pool_timeout=pool_timeout
        )
        return clone

"""One call on its way through the pipeline.

::

    run                deadline around everything, credentials and settings included
      _retry_loop      attempts, judged one by one, and the sleeps between them
        _attempt       timeout around it; signed anew, and the whole response is read; credentials
                       and waiting for a connection have limits of their own
          _post        bytes, over our own wire
          _send        as httpx objects, through middleware or another transport
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Generic

import anyio

from ecrclient._awsjson.calling.budget import Budget
from ecrclient._awsjson.calling.core import Connection, Core
from ecrclient._awsjson.calling.retry import Retry, RetryPolicy
from ecrclient._awsjson.calling.telemetry import Observation, observe
from ecrclient._awsjson.credentials import REFUSED_CREDENTIALS_CODES, Credentials, renew
from ecrclient._awsjson.protocol.errors import (
    AttemptTimeout,
    DeadlineExceeded,
    ECRClientError,
    ServiceError,
    TransportError,
)
from ecrclient._awsjson.protocol.operation import ResponseT
from ecrclient._awsjson.protocol.raw_response import RawResponse
from ecrclient._awsjson.settings.resolution import CallOptions
from ecrclient._awsjson.transport.attempt import Attempt
from ecrclient._awsjson.transport.response import decode_headers

if TYPE_CHECKING:
    from ecrclient._awsjson.over_httpx.middleware import Middleware
    from ecrclient._awsjson.protocol.operation import Operation

__all__ = ["Call"]


class Call(Generic[ResponseT]):
    """One call: what to send, how often it was sent, where its time went."""

    __slots__ = (
        "_body",
        "_budget",
        "_core",
        "_credentials",
        "_error",
        "_middleware",
        "_operation",
        "_options",
        "_policy",
        "_renewed",
        "_retry",
        "_started",
        "_stopwatch",
    )

    def __init__(
        self,
        operation: Operation[ResponseT],
        body: bytes,
        core: Core,
        *,
        options: CallOptions,
        policy: RetryPolicy | None,
        middleware: Sequence[Middleware],
        budget: Budget | None = None,
    ) -> None:
        self._operation = operation
        self._body = body
        self._core = core
        self._options = options
        self._policy = policy
        self._middleware = middleware
        self._started = time.perf_counter()
        self._budget = budget or Budget(options.deadline)
        self._stopwatch = self._budget.stopwatch
        self._stopwatch.enter("setup")
        self._retry: Retry | None = None
        # What was wrong with the last attempt that ended, and what it was signed with.
        self._error: ECRClientError | None = None
        self._credentials: Credentials | None = None
        self._renewed = False

    async def run(self) -> RawResponse[ResponseT]:
        """The answer, an error's too, after any retries.

        Raises:
            ECRClientError: no answer came.
        """
        stay = self._core.loops.enter()
        try:
            observation = observe(self._operation)
            if observation is None:
                return await self._within_deadline()
            return await self._observed(observation)
        finally:
            stay.calls -= 1

    async def _observed(self, observation: Observation) -> RawResponse[ResponseT]:
        try:
            answer = await self._within_deadline(observation)
        except BaseException as error:
            observation.failed(error, self._attempts)
            raise
        observation.ended(answer, self._error)
        return answer

    @property
    def _attempts(self) -> int:
        return self._retry.attempts if self._retry else 0

    async def _within_deadline(
        self, observation: Observation | None = None
    ) -> RawResponse[ResponseT]:
        if self._budget.seconds is None:
            return await self._retry_loop(observation)
        with anyio.CancelScope(deadline=self._budget.at):
            return await self._retry_loop(observation)
        raise self._deadline_exceeded() from self._error

    def _deadline_exceeded(self) -> DeadlineExceeded:
        return DeadlineExceeded(
            self._operation.name,
            self._budget.seconds or 0.0,
            self._attempts,
            self._stopwatch.read(),
        )

    async def _retry_loop(self, observation: Observation | None) -> RawResponse[ResponseT]:
        connection = await self._core.connection()
        retry = self._retry = self._new_retry(connection)
        while True:
            self._stopwatch.enter("throttle")
            await retry.begin()
            self._stopwatch.enter("attempts")
            answer = await self._try(connection, retry)
            if observation is not None:
                observation.attempted(retry.attempts, answer, self._error)
            self._stopwatch.enter("sleeps")
            if self._error is None:
                retry.succeeded()
            elif await self._may_try_again(connection, retry, answer, self._error):
                continue
            if answer is None:
                assert self._error is not None
                raise self._error
            return answer

    def _new_retry(self, connection: Connection) -> Retry:
        core = self._core
        policy = self._options.retry or self._policy or connection.retry
        adaptive = policy.mode == "adaptive"
        throttle = core.throttles.of(self._operation.name) if adaptive else None
        return Retry(
            policy, core.quota, core.clock, throttle, idempotent=self._operation.retry_safe
        )

    async def _try(self, connection: Connection, retry: Retry) -> RawResponse[ResponseT] | None:
        """One attempt; what was wrong with it is kept until the next has ended."""
        try:
            answer = await self._attempt(connection, retry)
        except TransportError as failure:
            failure.operation, failure.attempts = self._operation.name, retry.attempts
            self._error = failure
            return None
        self._error = answer.error()
        return answer

    async def _may_try_again(
        self,
        connection: Connection,
        retry: Retry,
        answer: RawResponse[ResponseT] | None,
        error: ECRClientError,
    ) -> bool:
        """Whether another attempt shall be made; the wait before it is over then."""
        if await self._renew_credentials(connection, error):
            retry.excuse()
            return True
        delay = retry.next_delay(error, answer.headers.get("date") if answer else None)
        if delay is None:
            return False
        if delay and anyio.current_time() + delay >= self._budget.at:
            # It could not even begin in time.
            retry.abandon()
            raise self._deadline_exceeded() from error
        await anyio.sleep(delay)
        return True

    async def _renew_credentials(self, connection: Connection, error: ECRClientError) -> bool:
        """Once a call: whether its credentials were refused and there are others now."""
        if (
            self._renewed
            or self._credentials is None
            or not isinstance(error, ServiceError)
            or error.code not in REFUSED_CREDENTIALS_CODES
        ):
            return False
        self._stopwatch.enter("credentials")
        self._renewed = await renew(connection.credentials, self._credentials)
        return self._renewed

    async def _attempt(self, connection: Connection, retry: Retry) -> RawResponse[ResponseT]:
        """The middleware and the transport once, within the timeout."""
        credentials: Credentials | None = None
        if connection.sender.sends_bytes and not self._middleware:
            credentials = await self._get_credentials(connection)
        attempt = Attempt(retry.headers(self._options.timeout), self._options)
        with attempt.scope:
            if credentials is not None:
                response = await self._post(connection, retry, attempt, credentials)
            else:
                response = await self._send(connection, retry, attempt)
            await response.decode()
            return response
        raise AttemptTimeout(f"no complete response within {attempt.timeout:g} s")

    async def _post(
        self, connection: Connection, retry: Retry, attempt: Attempt, credentials: Credentials
    ) -> RawResponse[ResponseT]:
        """An attempt that no middleware sees: bytes."""
        status, headers, content = await connection.sender.post(
            self._operation, self._body, attempt, credentials, self._core.clock.now()
        )
        return self._raw_response(status, decode_headers(headers), content, retry)

    async def _send(
        self, connection: Connection, retry: Retry, attempt: Attempt
    ) -> RawResponse[ResponseT]:
        """An attempt through the middleware, or through a transport that speaks httpx."""
        response = await connection.sender.over_httpx().attempt(
            self._operation,
            self._body,
            attempt,
            middleware=self._middleware,
            get_credentials=lambda: self._get_credentials(connection),
            now=self._core.clock.now,
        )
        headers = dict(response.headers.items())
        return self._raw_response(response.status_code, headers, response.content, retry)

    async def _get_credentials(self, connection: Connection) -> Credentials:
        self._stopwatch.enter("credentials")
        self._credentials = await connection.credentials.get()
        self._stopwatch.enter("attempts")
        return self._credentials

    def _raw_response(
        self, status: int, headers: Mapping[str, str], content: bytes, retry: Retry
    ) -> RawResponse[ResponseT]:
        return RawResponse(
            operation=self._operation,
            status=status,
            headers=headers,
            content=content,
            attempts=retry.attempts,
            elapsed=time.perf_counter() - self._started,
        )

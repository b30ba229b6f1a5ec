"""One call: the retry loop, and what happens in one attempt.

The stages of a call, and the files that contain them, are in ``docs/runtime.md``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Generic

import anyio

from ecrclient._awsjson.attempts.attempt import Attempt
from ecrclient._awsjson.calling.budget import Budget
from ecrclient._awsjson.calling.client_state import ClientState, Resources
from ecrclient._awsjson.calling.retry import Retry
from ecrclient._awsjson.calling.sending import Sender
from ecrclient._awsjson.calling.telemetry import Observation, observe
from ecrclient._awsjson.credentials import REFUSED_CREDENTIALS_CODES, Credentials, renew
from ecrclient._awsjson.protocol.errors import AWSClientError, DeadlineExceeded
from ecrclient._awsjson.protocol.operation import ResponseT
from ecrclient._awsjson.protocol.raw_response import RawResponse
from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient._awsjson.settings.endpoint_inputs import NO_INPUTS, CallInputs
from ecrclient._awsjson.settings.options import CallOptions
from ecrclient._awsjson.transport.errors import AttemptTimeout, TransportError
from ecrclient._awsjson.transport.timer import AttemptTimer

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.operation import Operation
    from ecrclient._awsjson.settings.retry_policy import RetryPolicy

__all__ = ["Call"]


class Call(Generic[ResponseT]):
    """One call of an operation: its request, its attempts and its time.

    Args:
        operation: The operation.
        body: The request's body.
        state: What the client shares with its other calls.
        options: The client's options.
        policy: The client's retry policy; None: that of the settings.
        budget: The time that this call shares with others; None: the deadline of *options*.
        inputs: What the endpoint depends on in the request.
    """

    __slots__ = (
        "_attempts",
        "_body",
        "_budget",
        "_credentials",
        "_error",
        "_inputs",
        "_operation",
        "_options",
        "_policy",
        "_renewed",
        "_resources",
        "_sender",
        "_started",
        "_state",
        "_stopwatch",
        "_timer",
    )

    _resources: Resources
    _sender: Sender
    _timer: AttemptTimer

    def __init__(
        self,
        operation: Operation[ResponseT],
        body: bytes | bytearray,
        state: ClientState,
        *,
        options: CallOptions,
        policy: RetryPolicy | None,
        budget: Budget | None = None,
        inputs: CallInputs = NO_INPUTS,
    ) -> None:
        self._operation = operation
        self._body = body
        self._inputs = inputs
        self._state = state
        self._options = options
        self._policy = policy
        self._started = time.perf_counter()
        self._budget = budget or Budget(options.deadline)
        self._stopwatch = self._budget.stopwatch
        self._stopwatch.enter("setup")
        self._attempts = 0
        # Of the last attempt that ended: its error, and the credentials that signed it.
        self._error: AWSClientError | None = None
        self._credentials: Credentials | None = None
        self._renewed = False

    async def run(self) -> RawResponse[ResponseT]:
        """Send the request until an attempt succeeds or retrying ends; return the last response.

        Raises:
            AWSClientError: There was no response.
        """
        use = self._state.loops.enter()
        observation = observe(self._operation)
        try:
            response = await self._retry_loop(observation)
        except BaseException as failure:
            if observation is not None:
                observation.failed(failure, self._attempts)
            raise
        finally:
            use.calls -= 1
        if observation is not None:
            observation.ended(response, self._error)
        return response

    async def _retry_loop(self, observation: Observation | None) -> RawResponse[ResponseT]:
        """Make attempts within the deadline, which also covers opening the client."""
        has_deadline = self._budget.seconds is not None
        deadline = anyio.CancelScope(deadline=self._budget.at) if has_deadline else nullcontext()
        response: RawResponse[ResponseT] | None = None
        with deadline:
            self._resources = await self._state.resources()
            self._sender = self._resources.senders.default or await self._find_sender()
            retry = self._new_retry()
            while True:
                self._stopwatch.enter("throttle")
                await retry.begin()
                self._stopwatch.enter("attempts")
                self._attempts = retry.attempts
                response = await self._attempt(retry.headers(self._options.timeout))
                error = self._error
                if observation is not None:
                    observation.attempted(self._attempts, response, error)
                self._stopwatch.enter("sleeps")
                if error is None:
                    retry.succeeded()
                    break
                if await self._renew_credentials(error):
                    retry.excuse()
                    if observation is not None:
                        observation.retried(response, error, 0, " with other credentials")
                    continue
                date = response.headers.get("date") if response else None
                delay = retry.next_delay(error, date)
                if delay is None:
                    break
                if delay and anyio.current_time() + delay >= self._budget.at:
                    # The next attempt could not begin in time.
                    retry.abandon()
                    raise self._deadline_exceeded() from error
                if observation is not None:
                    observation.retried(response, error, delay)
                await anyio.sleep(delay)
        if isinstance(deadline, anyio.CancelScope) and deadline.cancelled_caught:
            raise self._deadline_exceeded() from self._error
        if response is None:
            assert self._error is not None
            raise self._error
        return response

    async def _find_sender(self) -> Sender:
        """Return the sender to the endpoint of this call."""
        account_id: str | None = None
        if self._operation.service.uses_account_id:
            self._stopwatch.enter("credentials")
            account_id = (await self._resources.credentials.get()).account_id
            self._stopwatch.enter("setup")
        return await self._resources.senders.of(self._inputs, account_id)

    def _new_retry(self) -> Retry:
        state, operation = self._state, self._operation
        policy = self._options.retry or self._policy or self._resources.retry
        throttle = state.throttles.of(operation.name) if policy.mode == "adaptive" else None
        return Retry(policy, state.quota, state.clock, throttle, idempotent=operation.retry_safe)

    def _deadline_exceeded(self) -> DeadlineExceeded:
        return DeadlineExceeded(
            self._operation.name,
            self._budget.seconds or 0.0,
            self._attempts,
            self._stopwatch.read(),
        )

    async def _attempt(self, headers: Mapping[str, str]) -> RawResponse[ResponseT] | None:
        """Send once and decode the response, within the timeout; sets ``_error``."""
        options = self._options
        timer = self._timer = AttemptTimer(options.timeout, options.seconds_for_pool)
        attempt = Attempt(
            self._operation,
            self._body,
            headers,
            timer,
            self._get_credentials,
            self._state.clock.now,
        )
        try:
            with timer.scope:
                received = await self._sender.send(attempt)
                elapsed = time.perf_counter() - self._started
                response = RawResponse(self._operation, *received, self._attempts, elapsed)
                await response.decode()
                self._error = response.error()
                return response
            raise AttemptTimeout(f"no complete response within {options.timeout:g} s")
        except TransportError as failure:
            failure.operation, failure.attempts = self._operation.name, self._attempts
            self._error = failure
            return None

    async def _get_credentials(self) -> Credentials:
        self._stopwatch.enter("credentials")
        with self._timer.paused():
            self._credentials = await self._resources.credentials.get()
        self._stopwatch.enter("attempts")
        return self._credentials

    async def _renew_credentials(self, error: AWSClientError) -> bool:
        """Replace refused credentials, once per call; return whether they were replaced."""
        if (
            self._renewed
            or self._credentials is None
            or not isinstance(error, ServiceError)
            or error.code not in REFUSED_CREDENTIALS_CODES
        ):
            return False
        self._stopwatch.enter("credentials")
        self._renewed = await renew(self._resources.credentials, self._credentials)
        return self._renewed

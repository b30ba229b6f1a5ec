"""The base class of every generated client.

Each method of a client builds and validates a request, runs a ``calling.call.Call`` and returns the
parsed response. ``docs/runtime.md`` describes the stages of a call.
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeVar, cast

from ecrclient._awsjson.calling.budget import Budget
from ecrclient._awsjson.calling.call import Call
from ecrclient._awsjson.calling.client_state import ClientState
from ecrclient._awsjson.calling.warming import load_lazy_libraries
from ecrclient._awsjson.credentials import CredentialsSource
from ecrclient._awsjson.over_httpx.middleware import Middleware
from ecrclient._awsjson.protocol import codec
from ecrclient._awsjson.protocol.argument_checks import check_callables, wrong_argument
from ecrclient._awsjson.protocol.operation import ResponseT
from ecrclient._awsjson.protocol.raw_response import RawResponse
from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient._awsjson.settings.client_arguments import check_arguments, suggests_arguments
from ecrclient._awsjson.settings.endpoint_inputs import inputs_of
from ecrclient._awsjson.settings.endpoints import ResolveEndpoint
from ecrclient._awsjson.settings.log_variable import show_log
from ecrclient._awsjson.settings.options import UNSET, CallOptions, Unset, changed_options
from ecrclient._awsjson.settings.resolution import ClientArguments
from ecrclient._awsjson.settings.retry_policy import RetryPolicy
from ecrclient._awsjson.support.lazy_import import LazyModule

if TYPE_CHECKING:
    import httpx

    from ecrclient._awsjson.many.batching import Batches
    from ecrclient._awsjson.many.pagination import Paginator
    from ecrclient._awsjson.many.waiting import OnPoll
    from ecrclient._awsjson.protocol.operation import (
        Operation,
        OperationsByRequest,
        Service,
        Waiter,
    )
    from ecrclient._awsjson.protocol.shapes import Request
else:  # lets typing.get_type_hints() resolve the annotations of __init__, and imports httpx then
    httpx = LazyModule("httpx")

__all__ = ["BaseClient", "RawResponse"]

T = TypeVar("T")

load_lazy_libraries()


class BaseClient:
    """Base class of the generated clients: settings, lifecycle and the path of every call."""

    _service: ClassVar[Service]
    _operations: ClassVar[OperationsByRequest]
    _resolve_endpoint: ClassVar[ResolveEndpoint]

    @suggests_arguments
    def __init__(
        self,
        *,
        region: str | None = None,
        profile: str | None = None,
        credentials: CredentialsSource | None = None,
        endpoint_url: str | None = None,
        use_fips: bool | None = None,
        use_dualstack: bool | None = None,
        retry: RetryPolicy | None = None,
        options: CallOptions | None = None,
        max_connections: int = 50,
        transport: httpx.AsyncBaseTransport | None = None,
        middleware: Sequence[Middleware] = (),
    ) -> None:
        """Create a client without doing any I/O.

        Args:
            region: The AWS Region, such as ``eu-west-1``. None: ``AWS_DEFAULT_REGION``, the
                profile's region, or ``AWS_REGION``, in this order.
            profile: The profile of the shared configuration files. None: ``AWS_DEFAULT_PROFILE``,
                ``AWS_PROFILE`` or ``default``.
            credentials: ``Credentials``, a provider, a ``boto3.Session`` or botocore session, the
                credentials object of either, or an ``aws-requests-auth`` object. Only the
                credentials of a session are used, not its region. None: the environment's, unless
                ``profile`` is passed, or botocore's credential chain.
            endpoint_url: The URL to send requests to: scheme, host and optionally a port. None: the
                configured endpoint, or the service's endpoint in the Region.
            use_fips: Whether to use the endpoint validated under FIPS 140. None:
                ``AWS_USE_FIPS_ENDPOINT`` or the profile, and False by default.
            use_dualstack: Whether to use the endpoint with IPv4 and IPv6 addresses. None:
                ``AWS_USE_DUALSTACK_ENDPOINT`` or the profile, and False by default.
            retry: The number of attempts and the delays between them. None: the retry mode and
                number of attempts that are configured, and 3 attempts by default.
            options: The timeout, deadline and so on of every call. None: ``CallOptions()``.
            max_connections: The maximum number of connections, and therefore of concurrent calls;
                at least 1. Not used with ``transport``.
            transport: An ``httpx.AsyncBaseTransport`` that sends the requests; the caller closes
                it. None: the client's connection pool, or the proxy of the environment.
            middleware: Async functions that run around each attempt; the first one is outermost.

        Raises:
            ConfigurationError: An argument has the wrong type or is out of range.
            TypeError: There is no argument of that name; the message suggests one.
        """
        arguments = ClientArguments(region, profile, endpoint_url, use_fips, use_dualstack)
        check_arguments(arguments, retry, options, max_connections, transport)
        self._state = ClientState(
            arguments,
            self._resolve_endpoint,
            self._service,
            credentials,
            transport,
            max_connections,
            check_callables("middleware", middleware),
        )
        self._retry = retry
        self._options = options or CallOptions()
        show_log(self._service.package)

    def __repr__(self) -> str:
        state = self._state
        region = "unresolved" if state.region is None else repr(state.region)
        closed = " closed" if state.is_closed else ""
        return f"<{type(self).__name__} region={region} endpoint={state.shown_endpoint}{closed}>"

    @property
    def region(self) -> str | None:
        """The AWS Region that calls are signed for.

        Before the first call: the argument, or None if there was none, because the environment and
        the profile have not been read yet.
        """
        return self._state.region

    @property
    def endpoint_url(self) -> str | None:
        """The URL that requests are sent to; before the first call the argument, or None."""
        return self._state.endpoint_url

    @property
    def is_closed(self) -> bool:
        """Whether `aclose` was called, on this client or one that shares its connections."""
        return self._state.is_closed

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections, also those of clients made by `with_options`.

        Idempotent. A transport passed by the caller stays open.
        """
        await self._state.aclose()

    def with_options(
        self,
        options: CallOptions | None = None,
        *,
        timeout: float | Unset | None = UNSET,
        deadline: float | Unset | None = UNSET,
        retry: RetryPolicy | Unset | None = UNSET,
        pool_timeout: float | Literal["timeout"] | Unset | None = UNSET,
    ) -> Self:
        """Return a client with other options that shares connections, credentials and retry quota.

        What is not passed keeps this client's value::

            slow = client.with_options(timeout=120)

        Args:
            options: The options to change, instead of keywords. What it does not set keeps this
                client's value too.
            timeout: Seconds for one attempt; None: no limit.
            deadline: Seconds for the whole call; None: no limit.
            retry: The retry policy; None: the policy passed to the constructor, or the configured
                one.
            pool_timeout: Seconds to wait for a free connection; None: no limit; ``"timeout"``: the
                value of ``timeout``.

        Raises:
            ConfigurationError: An argument has the wrong type or is out of range, or both *options*
                and keywords were passed.
        """
        keywords = CallOptions(timeout, deadline, retry, pool_timeout)
        clone = copy.copy(self)
        clone._options = changed_options(self._options, options, keywords)  # noqa: SLF001 - of this class
        return clone

    async def invoke(self, request: Request[ResponseT]) -> ResponseT:
        """Send a request model and return the typed response.

        Args:
            request: A request of one of this client's operations.

        Raises:
            RequestValidationError: *request* is not a request of this client; nothing was sent.
            ServiceError: The service returned an error; see the operation's method.
            AWSClientError: Any other failure.
        """
        return (await self.invoke_raw(request)).parse()

    async def invoke_raw(self, request: Request[ResponseT]) -> RawResponse[ResponseT]:
        """Send a request model and return the last response with its status, headers and body.

        A service error is returned as a response too, once retrying has ended. The body is decoded
        within the attempt's timeout; ``parse()`` returns the model or raises the service's error.

        Args:
            request: A request of one of this client's operations.

        Raises:
            RequestValidationError: *request* is not a request of this client; nothing was sent.
            AWSClientError: There was no response.
        """
        operation: Operation[ResponseT] | None = self._operations.get(type(request).__name__)
        if operation is None or operation.request is not type(request):
            raise wrong_argument(
                "invoke",
                "request",
                f"must be a request of {type(self).__name__}, not {type(request).__name__}",
            )
        return await self._new_call(operation, request).run()

    async def wait_until(
        self,
        call: Callable[[], Awaitable[T]],
        predicate: Callable[[T], bool],
        *,
        max_wait: float,
        retry_errors: tuple[type[ServiceError], ...] = (),
        min_delay: float = 2.0,
        max_delay: float = 30.0,
        on_poll: OnPoll[T] | None = None,
    ) -> T:
        """Call an async function repeatedly until its result satisfies a predicate.

        ::

            await client.wait_until(
                lambda: client.get_item(item_id=item_id),
                lambda response: response.item.status == "ACTIVE",
                max_wait=300,
                retry_errors=(ItemNotFoundException,),
            )

        Args:
            call: Makes one poll: a function without arguments that returns an awaitable, such as a
                call of an operation.
            predicate: Returns whether a result ends the wait. An exception that it raises ends the
                wait too.
            max_wait: The maximum number of seconds to wait, polls included.
            retry_errors: Service errors after which polling continues; any other one ends the wait.
            min_delay: Seconds of the shortest pause between two polls.
            max_delay: Seconds of the longest pause; pauses grow, with jitter.
            on_poll: Called after each poll; a coroutine function is awaited.

        Returns:
            The result that satisfied the predicate.

        Raises:
            ConfigurationError: An argument has the wrong type or is out of range.
            WaiterTimeoutError: ``max_wait`` has passed; it carries the last response.
            DeadlineExceeded: ``CallOptions.deadline`` of this client has passed.
            AWSClientError: Any other failure of a poll.
        """
        from ecrclient._awsjson.many.waiting import Pace, PredicateGoal, wait

        result = await wait(
            "wait_until",
            call,
            PredicateGoal(predicate, retry_errors),
            self._budget(),
            Pace(min_delay, max_delay),
            max_wait=max_wait,
            on_poll=on_poll,
        )
        # Only results reach this goal.
        return cast("T", result)

    # -- called by generated methods -------------------------------------------------------------

    async def _call(
        self,
        operation: Operation[ResponseT],
        members: Mapping[str, object],
        budget: Budget | None = None,
    ) -> ResponseT:
        """Build a request of *members*, send it, and return the parsed response."""
        request = codec.build_request(operation, members)
        return (await self._new_call(operation, request, budget).run()).parse()

    async def _call_with(
        self,
        operation: Operation[ResponseT],
        request: Request[ResponseT],
        budget: Budget | None = None,
    ) -> ResponseT:
        """Send a request that has been built, and return the parsed response."""
        return (await self._new_call(operation, request, budget).run()).parse()

    async def _call_encoded(
        self, operation: Operation[ResponseT], body: bytes | bytearray
    ) -> ResponseT:
        """Send a body that the caller has encoded, and return the parsed response.

        A ``bytearray`` must not change until then.
        """
        call = Call(operation, body, self._state, options=self._options, policy=self._retry)
        return (await call.run()).parse()

    def _new_call(
        self,
        operation: Operation[ResponseT],
        request: Request[ResponseT],
        budget: Budget | None = None,
    ) -> Call[ResponseT]:
        request = codec.fill_tokens(operation, request)
        return Call(
            operation,
            codec.encode_request(request),
            self._state,
            options=self._options,
            policy=self._retry,
            budget=budget,
            inputs=inputs_of(operation, request),
        )

    def _budget(self) -> Budget:
        """The time that several calls share, such as the calls of one paginator."""
        return Budget(self._options.deadline)

    def _paginate(
        self, operation: Operation[ResponseT], members: dict[str, object]
    ) -> Paginator[ResponseT, Any]:
        from ecrclient._awsjson.many.pagination import Paginator

        qualname = f"{type(self).__name__}.{operation.method}"
        return Paginator(operation, members, self._call, self._budget, qualname)

    def _in_batches(
        self, operation: Operation[Any], members: Mapping[str, object]
    ) -> Batches[Any, Any]:
        from ecrclient._awsjson.many.batching import Batches

        assert operation.batch is not None
        qualname = f"{type(self).__name__}.{operation.batch.method}"
        return Batches(operation, members, self._call_with, self._budget, qualname)

    async def _wait(
        self,
        waiter: Waiter[ResponseT],
        members: dict[str, object],
        *,
        max_wait: float,
        on_poll: OnPoll[ResponseT] | None,
    ) -> ResponseT:
        """Wait until a response meets a condition of the waiter."""
        response = await self._wait_for_outcome(waiter, members, max_wait=max_wait, on_poll=on_poll)
        assert response is not None, "no error ends such a wait"
        return response

    async def _wait_for_outcome(
        self,
        waiter: Waiter[ResponseT],
        members: dict[str, object],
        *,
        max_wait: float,
        on_poll: OnPoll[ResponseT] | None,
    ) -> ResponseT | None:
        """Wait until a response or an error meets a condition; return None for an error."""
        from ecrclient._awsjson.many.waiting import Goal, Pace, WaiterGoal, wait

        budget = self._budget()
        goal: Goal[ResponseT] = WaiterGoal(waiter)
        return await wait(
            waiter.name,
            lambda: self._call(waiter.operation, members, budget),
            goal,
            budget,
            Pace(waiter.min_delay, waiter.max_delay),
            max_wait=max_wait,
            on_poll=on_poll,
        )

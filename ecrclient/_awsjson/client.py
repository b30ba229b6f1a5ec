"""The client core: what a user calls; the pipeline itself is in ``call``.

::

    method of the client            arguments
      -> codec.build_request        checked: RequestValidationError before anything is sent
      -> invoke                     the typed front; invoke_raw is the same without decoding
      -> Call.run                   deadline, retries, timeout, middleware, signature, transport
      -> RawResponse.parse          the model, or the service's error
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from ecrclient._awsjson.calling.budget import Budget
from ecrclient._awsjson.calling.call import Call
from ecrclient._awsjson.calling.client_state import ClientState
from ecrclient._awsjson.calling.warming import load_lazy_libraries
from ecrclient._awsjson.credentials import Credentials, CredentialsProvider
from ecrclient._awsjson.over_httpx.middleware import Middleware
from ecrclient._awsjson.protocol import codec
from ecrclient._awsjson.protocol.argument_checks import (
    check_callables,
    check_count,
    check_flag,
    check_instance,
    check_text,
    wrong_argument,
)
from ecrclient._awsjson.protocol.operation import ResponseT
from ecrclient._awsjson.protocol.raw_response import RawResponse
from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient._awsjson.settings.options import CallOptions
from ecrclient._awsjson.settings.resolution import ClientArguments, ResolveEndpoint
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
else:  # typing.get_type_hints(ECRClient.__init__) works, and httpx is imported if it is called
    httpx = LazyModule("httpx")

__all__ = ["BaseClient", "RawResponse"]

T = TypeVar("T")

load_lazy_libraries()


class BaseClient:
    """What every generated client is made of.

    Args:
        region: The AWS Region, such as ``eu-west-1``.
        profile: The profile of the shared configuration files.
        credentials: Fixed credentials, or a provider of them.
        endpoint_url: Where to send requests: scheme, host and port.
        use_fips: Use the endpoint validated under FIPS 140.
        use_dualstack: Use the endpoint that answers on IPv4 and IPv6.
        retry: How often to try again, and how long to wait.
        options: Timeouts and the like for every call; see :meth:`with_options`.
        max_connections: Connections at the most, so also calls under way at once.
        transport: Any ``httpx.AsyncBaseTransport``; whoever passes it closes it.
        middleware: Run around each attempt, the first one outermost.

    Raises:
        ConfigurationError: An argument is of a wrong type or out of range.
    """

    _service: ClassVar[Service]
    _operations: ClassVar[OperationsByRequest]
    _resolve_endpoint: ClassVar[ResolveEndpoint]

    def __init__(
        self,
        *,
        region: str | None = None,
        profile: str | None = None,
        credentials: Credentials | CredentialsProvider | None = None,
        endpoint_url: str | None = None,
        use_fips: bool | None = None,
        use_dualstack: bool | None = None,
        retry: RetryPolicy | None = None,
        options: CallOptions | None = None,
        max_connections: int = 50,
        transport: httpx.AsyncBaseTransport | None = None,
        middleware: Sequence[Middleware] = (),
    ) -> None:
        check_text("region", region)
        check_text("profile", profile)
        check_text("endpoint_url", endpoint_url)
        check_flag("use_fips", use_fips)
        check_flag("use_dualstack", use_dualstack)
        check_instance("retry", retry, RetryPolicy, "a RetryPolicy", none=True)
        check_instance("options", options, CallOptions, "CallOptions", none=True)
        check_count("max_connections", max_connections)
        if not (transport is None or hasattr(transport, "handle_async_request")):
            check_instance("transport", transport, (), "an httpx.AsyncBaseTransport")
        layers: tuple[Middleware, ...] = check_callables("middleware", middleware)
        self._state = ClientState(
            ClientArguments(region, profile, endpoint_url, use_fips, use_dualstack),
            self._resolve_endpoint,
            self._service,
            credentials,
            transport,
            max_connections,
            layers,
        )
        self._retry = retry
        self._options = options or CallOptions()

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
        """Close the connections; for clients made by :meth:`with_options` too. Twice is once."""
        await self._state.aclose()

    def with_options(self, options: CallOptions) -> Self:
        """A client with other options that shares connections, credentials and retry quota."""
        check_instance("options", options, CallOptions, "CallOptions")
        clone = copy.copy(self)
        clone._options = options  # noqa: SLF001 - its own class
        return clone

    async def invoke(self, request: Request[ResponseT]) -> ResponseT:
        """Send a request model; the typed answer.

        Raises:
            RequestValidationError: *request* is not a request of this client; nothing was sent.
            ServiceError: the service refused it; see the operation's method.
            AWSClientError: any other failure.
        """
        return (await self.invoke_raw(request)).parse()

    async def invoke_raw(self, request: Request[ResponseT]) -> RawResponse[ResponseT]:
        """Send a request model; the answer as it came, an error's too, after any retries.

        Raises:
            RequestValidationError: *request* is not a request of this client; nothing was sent.
            AWSClientError: no answer came.
        """
        operation: Operation[ResponseT] | None = self._operations.get(type(request).__name__)
        if operation is None or operation.request is not type(request):
            raise wrong_argument(
                "invoke",
                "request",
                f"must be a request of {type(self).__name__}, not {type(request).__name__}",
            )
        return await self._new_call(operation, codec.encode_request(request)).run()

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
        """Call something until its answer is what is waited for.

        ::

            await ecr.wait_until(
                lambda: ecr.describe_images(repository_name="team/app", image_ids=[image]),
                lambda page: page.image_details[0].image_status == "ACTIVE",
                max_wait=300,
                retry_errors=(ImageNotFoundException,),
            )

        Args:
            call: Makes one poll: a call of an operation, or any function to be awaited.
            predicate: Whether its answer ends the wait; what it raises ends it too.
            max_wait: Seconds to wait at the most, polls included.
            retry_errors: Errors that are waited out; any other one ends the wait.
            min_delay: Seconds of the shortest pause between two polls.
            max_delay: Seconds of the longest one; pauses grow, with jitter.
            on_poll: Called after each poll; a coroutine function is awaited.

        Returns:
            The answer for which the predicate was true.

        Raises:
            ConfigurationError: an argument is of a wrong type or out of range.
            WaiterTimeoutError: ``max_wait`` has passed; it carries the last answer.
            DeadlineExceeded: ``CallOptions.deadline`` of this client has passed.
            AWSClientError: any other failure of a poll.
        """
        from ecrclient._awsjson.many.waiting import Pace, PredicateGoal, wait

        return await wait(
            "wait_until",
            call,
            PredicateGoal(predicate, retry_errors),
            self._budget(),
            Pace(min_delay, max_delay),
            max_wait=max_wait,
            on_poll=on_poll,
        )

    # -- what the generated methods call ---------------------------------------------------------

    async def _call(
        self,
        operation: Operation[ResponseT],
        members: Mapping[str, object],
        budget: Budget | None = None,
    ) -> ResponseT:
        body = codec.encode_request(codec.build_request(operation, members))
        return (await self._new_call(operation, body, budget).run()).parse()

    async def _call_with(
        self,
        operation: Operation[ResponseT],
        request: Request[ResponseT],
        budget: Budget | None = None,
    ) -> ResponseT:
        body = codec.encode_request(request)
        return (await self._new_call(operation, body, budget).run()).parse()

    def _new_call(
        self, operation: Operation[ResponseT], body: bytes, budget: Budget | None = None
    ) -> Call[ResponseT]:
        return Call(
            operation,
            body,
            self._state,
            options=self._options,
            policy=self._retry,
            budget=budget,
        )

    def _budget(self) -> Budget:
        """The time for several calls that are one to the caller."""
        return Budget(self._options.deadline)

    def _paginate(
        self, operation: Operation[ResponseT], members: dict[str, object]
    ) -> Paginator[ResponseT, Any]:
        from ecrclient._awsjson.many.pagination import Paginator

        return Paginator(operation, members, self._call, self._budget)

    def _in_batches(
        self, operation: Operation[Any], members: Mapping[str, object]
    ) -> Batches[Any, Any]:
        from ecrclient._awsjson.many.batching import Batches

        return Batches(operation, members, self._call_with, self._budget)

    async def _wait(
        self,
        waiter: Waiter[ResponseT],
        members: dict[str, object],
        *,
        max_wait: float,
        on_poll: OnPoll[ResponseT] | None,
    ) -> ResponseT:
        from ecrclient._awsjson.many.waiting import Pace, StatusGoal, wait

        budget = self._budget()
        return await wait(
            waiter.name,
            lambda: self._call(waiter.operation, members, budget),
            StatusGoal(waiter),
            budget,
            Pace(waiter.min_delay, waiter.max_delay),
            max_wait=max_wait,
            on_poll=on_poll,
        )

"""botocore's client and this project's, for the same service on a loopback socket."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from ecrclient import Credentials, RetryPolicy, ServiceError
from tests.conformance.loopback import Loopback, serve
from tests.conformance.sameness import members_spelled, python_name
from tests.tools.botocore_calls import botocore

__all__ = ["Clients", "Theirs", "open_clients"]

_REGION = "eu-west-1"
_NO_FILE = "/nonexistent/aws"


@dataclass(frozen=True)
class Theirs:
    """The result of a call with botocore: the values, or the error."""

    parsed: Mapping[str, Any]
    error: str | None = None
    """The exception's class name if botocore raised one."""


class Clients:
    """botocore's client, and this project's on each event loop. Each call sends one request.

    Args:
        server: The server that all clients call.
        theirs: botocore's client.
        package: The generated package.
        ours: The package's clients by event loop, each with the portal to its loop.
    """

    # Not a dataclass: Hypothesis would print every member with each example.
    def __init__(
        self,
        server: Loopback,
        theirs: Any,
        package: Any,
        ours: Mapping[str, tuple[BlockingPortal, Any]],
    ) -> None:
        self.server = server
        self.botocore = theirs
        self.package = package
        self.backends = tuple(ours)
        self._ours = ours

    def __repr__(self) -> str:
        return f"<clients of {self.service.service_name}>"

    @property
    def service(self) -> Any:
        """botocore's model of the service."""
        return self.botocore.meta.service_model

    def operation(self, name: str) -> Any:
        """botocore's model of the operation."""
        return self.service.operation_model(name)

    def call_botocore(self, name: str, given: Mapping[str, Any]) -> Theirs:
        """Call the operation with botocore."""
        method = next(m for m, o in self.botocore.meta.method_to_api_mapping.items() if o == name)
        try:
            return Theirs(getattr(self.botocore, method)(**given))
        except botocore("exceptions").ClientError as error:
            return Theirs(error.response, type(error).__name__)

    def call_ours(
        self, backend: str, name: str, given: Mapping[str, Any], *, as_models: bool = False
    ) -> Any:
        """Call the same operation with this project's client; errors are raised."""
        portal, client = self._ours[backend]
        method = getattr(client, python_name(name, dir(client)))
        arguments = self._arguments(name, given, as_models=as_models)
        return portal.call(_awaited, functools.partial(method, **arguments))

    def call_handle(
        self, backend: str, method: str, name: str, given: Mapping[str, Any], **more: object
    ) -> Any:
        """Call a method of a repository handle, which calls the operation *name*."""
        portal, client = self._ours[backend]
        arguments = self._arguments(name, given, as_models=False)
        handle = client.repository(
            arguments.pop("repository_name"), arguments.pop("registry_id", None)
        )
        return portal.call(
            _awaited, functools.partial(getattr(handle, method), **arguments, **more)
        )

    def request(self, name: str, given: Mapping[str, Any]) -> Any:
        """Build the request model from the same input; errors are raised."""
        model = getattr(self.package.models, f"{name}Request")
        return model(**self._arguments(name, given, as_models=False))

    def _arguments(self, name: str, given: Mapping[str, Any], *, as_models: bool) -> dict[str, Any]:
        shape = self.operation(name).input_shape
        if shape is None:
            return {}
        models = self.package.models
        request = getattr(models, f"{name}Request")
        return members_spelled(given, shape, request, models, as_models=as_models)

    def refuse_ours(self, backend: str, name: str, given: Mapping[str, Any]) -> ServiceError:
        """Call the operation and return the error that it raises."""
        with pytest.raises(ServiceError) as caught:
            self.call_ours(backend, name, given)
        return caught.value


async def _awaited(method: functools.partial[Any]) -> Any:
    return await method()


@contextmanager
def open_clients(
    service: str, package: Any, client: str, backends: Sequence[str], loader: Any = None
) -> Generator[Clients]:
    """Open clients of *service*: botocore's, and the class *client* of a generated package."""
    importlib.import_module(f"{package.__name__}.models")
    session = botocore("session").Session()
    if loader is not None:
        session.register_component("data_loader", loader)
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("AWS_CONFIG_FILE", _NO_FILE)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", _NO_FILE)
        server = stack.enter_context(serve())
        theirs = session.create_client(
            service,
            region_name=_REGION,
            endpoint_url=server.url,
            aws_access_key_id="AKID",
            aws_secret_access_key="secret",
            config=botocore("config").Config(
                retries={"total_max_attempts": 1}, inject_host_prefix=False
            ),
        )
        stack.callback(theirs.close)
        ours: dict[str, tuple[BlockingPortal, Any]] = {}
        for backend in backends:
            portal = stack.enter_context(start_blocking_portal(backend))
            made = getattr(package, client)(
                region=_REGION,
                endpoint_url=server.url,
                credentials=Credentials("AKID", "secret"),
                retry=RetryPolicy(max_attempts=1),
            )
            stack.callback(portal.call, made.aclose)
            ours[backend] = portal, made
        yield Clients(server, theirs, package, ours)

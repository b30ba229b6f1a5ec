"""``__init__.py``: the public names."""

from __future__ import annotations

from collections.abc import Iterator

from codegen import runtime
from codegen.ir import Service
from codegen.render.errors import root_error
from codegen.render.lazy import lazily
from codegen.writer import ModuleWriter, docstring

__all__ = ["render"]

_PUBLIC = {
    runtime.BATCHING: ("BatchResult", "Batches"),
    runtime.OPTIONS: ("CallOptions",),
    runtime.CREDENTIALS: (
        "BotocoreCredentials",
        "Credentials",
        "CredentialsProvider",
        "EnvironmentCredentials",
        "RefreshingCredentials",
        "RequestsAuthCredentials",
        "StaticCredentials",
    ),
    runtime.CONTAINER_CREDENTIALS: ("ContainerCredentials",),
    runtime.INSTANCE_METADATA: ("InstanceMetadataCredentials",),
    runtime.ERRORS: (
        "ClientClosedError",
        "ClientInUseError",
        "ConfigurationError",
        "CredentialsError",
        "CredentialsTimeout",
        "DeadlineExceeded",
        "MissingMemberError",
        "RequestValidationError",
        "ResponseDecodeError",
    ),
    runtime.TRANSPORT_ERRORS: (
        "AttemptTimeout",
        "ConnectError",
        "ConnectTimeout",
        "PoolTimeout",
        "ReadError",
        "ReadTimeout",
        "ResponseTooLarge",
        "TransportError",
        "WriteError",
        "WriteTimeout",
    ),
    runtime.MANY_ERRORS: (
        "BatchError",
        "BatchFailure",
        "PaginationError",
        "WaiterError",
        "WaiterFailureError",
        "WaiterTimeoutError",
    ),
    runtime.SERVICE_ERROR: ("ServiceError",),
    runtime.MIDDLEWARE: ("CallNext", "Middleware"),
    runtime.PAGINATION: ("Paginator", "PrefetchingPaginator"),
    runtime.RAW_RESPONSE: ("RawResponse",),
    runtime.RETRY_POLICY: ("RetryPolicy",),
    runtime.RESPONSE_METADATA: ("ResponseMetadata",),
    runtime.POOLED_TRANSPORT: ("PooledTransport",),
    runtime.WAITING: ("Poll",),
    runtime.VERSION: ("__version__",),
}


def render(service: Service) -> str:
    """The module's text."""
    writer = ModuleWriter(
        f"A typed async client for {service.title}.\n\n"
        f"`{service.client}` is the client; models are in ``{service.package}.models``,\n"
        f"typed dictionaries in ``{service.package}.params``, modelled errors in\n"
        f"``{service.package}.errors``."
    )
    writer.use(".client", service.client)
    writer.define(service.client)
    modules: dict[str, str] = {}
    for module, names in _PUBLIC.items():
        for name in names:
            writer.use_type(module, name)
            writer.define(name)
            modules[name] = module
    root = root_error(service)
    writer.use_type(".errors", root)
    writer.define(root)
    modules[root] = ".errors"
    lazily(writer, modules)
    writer.line()
    writer.lines(_warm_up(service, writer))
    return writer.to_text()


def _warm_up(service: Service, writer: ModuleWriter) -> Iterator[str]:
    operations = writer.use(".operations", "OPERATIONS")
    yield f"def {writer.define('warm_up')}(*methods: str) -> None:"
    yield docstring(_WARM_UP.format(client=service.client), "    ")
    yield f"    from {runtime.WARMING} import warm_up"
    yield ""
    yield f"    warm_up({operations}.values(), methods)"


_WARM_UP = """\
Import models and build validators and serializers now instead of at the first calls.

Otherwise the first call of each operation does so, which blocks the event loop for some
milliseconds. Call it when the program starts, before its event loop.

Args:
    methods: The methods of `{client}` to prepare, such as ``"list_images"``; all of them
        if none is given, which takes some tenths of a second and 20 MiB.

Raises:
    RequestValidationError: There is no method with that name (a ``ValueError``)."""

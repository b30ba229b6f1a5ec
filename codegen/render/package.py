"""``__init__.py``: the public names."""

from __future__ import annotations

from codegen.ir import Service
from codegen.writer import ModuleWriter

__all__ = ["render"]

_PUBLIC = {
    "ecrclient._runtime.batching": ("BatchResult", "Batches"),
    "ecrclient._runtime.config": ("CallOptions",),
    "ecrclient._runtime.credentials": (
        "BotocoreCredentials",
        "Credentials",
        "CredentialsProvider",
        "EnvironmentCredentials",
        "RefreshingCredentials",
        "RequestsAuthCredentials",
        "StaticCredentials",
    ),
    "ecrclient._runtime.errors": (
        "AttemptTimeout",
        "BatchError",
        "BatchFailure",
        "ClientClosedError",
        "ConfigurationError",
        "ConnectError",
        "ConnectTimeout",
        "CredentialsError",
        "DeadlineExceeded",
        "ECRClientError",
        "PaginationError",
        "PoolTimeout",
        "ReadError",
        "ReadTimeout",
        "RequestValidationError",
        "ResponseDecodeError",
        "ResponseTooLarge",
        "ServiceError",
        "TransportError",
        "WaiterError",
        "WaiterFailureError",
        "WaiterTimeoutError",
        "WriteError",
        "WriteTimeout",
    ),
    "ecrclient._runtime.middleware": ("CallNext", "Middleware"),
    "ecrclient._runtime.pagination": ("Paginator", "PrefetchingPaginator"),
    "ecrclient._runtime.raw_response": ("RawResponse",),
    "ecrclient._runtime.retry": ("RetryPolicy",),
    "ecrclient._runtime.shapes": ("ResponseMetadata",),
    "ecrclient._runtime.transport": ("PooledTransport",),
    "ecrclient._runtime.waiting": ("Poll",),
    "ecrclient._runtime.version": ("__version__",),
}


def render(service: Service) -> str:
    """The module's text."""
    writer = ModuleWriter(
        f"A typed async client for {service.title}.\n\n"
        f":class:`{service.client}` is the client; models are in ``{service.package}.models``,\n"
        f"typed dictionaries in ``{service.package}.params``, modelled errors in\n"
        f"``{service.package}.errors``."
    )
    writer.use(".client", service.client)
    writer.define(service.client)
    for module, names in _PUBLIC.items():
        for name in names:
            writer.use(module, name)
            writer.define(name)
    return writer.to_text()

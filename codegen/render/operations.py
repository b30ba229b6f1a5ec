"""``operations.py``: every operation as data."""

from __future__ import annotations

from codegen import runtime
from codegen.ir import Operation, Pagination, Service
from codegen.writer import ModuleWriter, docstring

__all__ = ["constant", "render"]


def constant(operation: Operation) -> str:
    """The name of an operation's constant."""
    return operation.method.upper()


def render(service: Service) -> str:
    """The module's text."""
    writer = ModuleWriter(
        f"The operations of {service.title} as data: what the runtime needs for a call.",
        defines=[constant(operation) for operation in service.operations],
    )
    errors = writer.use(".errors", "ERRORS")
    writer.line(f"{writer.define('SERVICE')} = {writer.use(runtime.OPERATION, 'Service')}(")
    writer.line(f'    service_id="{service.service_id}",')
    writer.line(f'    signing_name="{service.signing_name}",')
    writer.line(f'    json_version="{service.json_version}",')
    writer.line(f"    errors={errors},")
    # Relative to this module, wherever the package is.
    writer.line("    package=__name__.rpartition('.')[0],")
    if service.is_query_compatible:
        writer.line("    is_query_compatible=True,")
    if service.endpoint_varies:
        writer.line("    endpoint_varies=True,")
    if service.uses_account_id:
        writer.line("    uses_account_id=True,")
    writer.line(")")
    writer.line(f'{writer.define("MODEL_VERSION")} = "{service.model_version}"')
    writer.line(docstring("The botocore version whose model the package was generated from."))
    for operation in service.operations:
        _operation(service, operation, writer)
    table = writer.use(runtime.OPERATION, "OperationsByRequest")
    listed = writer.use(runtime.OPERATION, "operations_by_request")
    writer.line(f"{writer.define('OPERATIONS')}: {table} = {listed}(")
    writer.lines(f"    {constant(operation)}," for operation in service.operations)
    writer.line(")")
    writer.line(docstring("The operations by the names of their request types."))
    return writer.to_text()


def _operation(service: Service, operation: Operation, writer: ModuleWriter) -> None:
    response = writer.use_type(".models", operation.output.name)
    kind = writer.use(runtime.OPERATION, "Operation")
    writer.line(f"{writer.define(constant(operation))}: {kind}[{response}] = {kind}(")
    writer.line(f'    name="{operation.name}",')
    writer.line(f'    method="{operation.method}",')
    writer.line(f'    target="{service.target_prefix}.{operation.name}",')
    writer.line("    service=SERVICE,")
    if operation.errors:
        codes = {error.name: error.code for error in service.errors}
        listed = ", ".join(f'"{codes[name]}"' for name in operation.errors)
        writer.line(f"    errors=({listed},),")
    if operation.pagination:
        _pagination(operation.pagination, writer)
    if operation.batch:
        batch = operation.batch
        writer.line(f"    batch={writer.use(runtime.OPERATION, 'Batch')}(")
        writer.line(f'        method="{batch.method}",')
        writer.line(f'        ids="{batch.member.name}",')
        writer.line(f"        limit={batch.limit},")
        writer.line(f"        concurrency={batch.concurrency},")
        writer.line("    ),")
    if operation.endpoint:
        inputs = operation.endpoint
        writer.line(f"    endpoint={writer.use(runtime.OPERATION, 'EndpointInputs')}(")
        if inputs.static:
            writer.line(f"        static={inputs.static!r},")
        if inputs.members:
            writer.line(f"        members={inputs.members!r},")
        if inputs.host_prefix:
            writer.line(f'        host_prefix="{inputs.host_prefix}",')
        writer.line("    ),")
    if not operation.retry_safe:
        writer.line("    retry_safe=False,")
    if tokens := [member.name for member in operation.input.members if member.is_token]:
        writer.line(f"    tokens=({''.join(f'{name!r}, ' for name in tokens)}),")
    if not operation.is_signed:
        writer.line("    is_signed=False,")
    writer.line(")")


def _pagination(page: Pagination, writer: ModuleWriter) -> None:
    limit = f'"{page.limit}"' if page.limit else "None"
    items = "".join(f"{path!r}," for path in page.items)
    writer.line(f"    pagination={writer.use(runtime.OPERATION, 'Pagination')}(")
    writer.line(f'        input_token="{page.input_token}",')
    writer.line(f'        output_token="{page.output_token}",')
    writer.line(f"        limit={limit},")
    writer.line(f"        items=({items}),")
    if page.more:
        writer.line(f'        more="{page.more}",')
    if page.largest:
        writer.line(f"        largest={page.largest},")
        if page.resizable:
            writer.line("        resizable=True,")
        if page.lists:
            lists = "".join(f'"{name}",' for name in page.lists)
            writer.line(f"        lists=({lists}),")
    writer.line("    ),")

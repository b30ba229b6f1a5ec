"""``operations.py``: every operation as data."""

from __future__ import annotations

from codegen import runtime
from codegen.ir import Operation, Service
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
    writer.line(")")
    writer.line(f'{writer.define("MODEL_VERSION")} = "{service.model_version}"')
    writer.line(docstring("The botocore version whose model the package was generated from."))
    for operation in service.operations:
        _operation(service, operation, writer)
    table = writer.use(runtime.OPERATION, "OperationsByRequest")
    writer.line(f"{writer.define('OPERATIONS')}: {table} = {{")
    writer.line("    operation.request_name: operation for operation in (")
    writer.lines(f"        {constant(operation)}," for operation in service.operations)
    writer.line("    )")
    writer.line("}")
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
        page = operation.pagination
        limit = f'"{page.limit}"' if page.limit else "None"
        items = "".join(f"{path!r}," for path in page.items)
        writer.line(f"    pagination={writer.use(runtime.OPERATION, 'Pagination')}(")
        writer.line(f'        input_token="{page.input_token}",')
        writer.line(f'        output_token="{page.output_token}",')
        writer.line(f"        limit={limit},")
        writer.line(f"        items=({items}),")
        writer.line("    ),")
    if operation.batch:
        batch = operation.batch
        writer.line(f"    batch={writer.use(runtime.OPERATION, 'Batch')}(")
        writer.line(f'        method="{batch.method}",')
        writer.line(f'        ids="{batch.member.name}",')
        writer.line(f"        limit={batch.limit},")
        writer.line(f"        concurrency={batch.concurrency},")
        writer.line("    ),")
    if not operation.retry_safe:
        writer.line("    retry_safe=False,")
    writer.line(")")

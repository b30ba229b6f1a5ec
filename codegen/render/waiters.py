"""``waiters.py``: every waiter as data."""

from __future__ import annotations

from codegen import runtime
from codegen.ir import LONGEST_PAUSE, Acceptor, Service, Waiter
from codegen.render.operations import constant
from codegen.writer import ModuleWriter

__all__ = ["render", "waiter_constant"]


def waiter_constant(waiter: Waiter) -> str:
    """The name of a waiter's constant."""
    return waiter.method.removeprefix("wait_until_").upper()


def render(service: Service) -> str:
    """The module's text."""
    writer = ModuleWriter(
        f"The waiters of {service.title}: what they poll, and what ends them.",
        defines=[waiter_constant(waiter) for waiter in service.waiters],
    )
    operations = {operation.name: operation for operation in service.operations}
    for waiter in service.waiters:
        operation = writer.use(".operations", constant(operations[waiter.operation]))
        kind = writer.use(runtime.OPERATION, "Waiter")
        writer.line(f"{writer.define(waiter_constant(waiter))} = {kind}(")
        writer.line(f'    name="{waiter.name}",')
        writer.line(f"    operation={operation},")
        writer.line("    acceptors=(")
        writer.lines(f"        {_acceptor(each, writer)}," for each in waiter.acceptors)
        writer.line("    ),")
        writer.line(f"    min_delay={waiter.delay},")
        if waiter.max_delay != LONGEST_PAUSE:
            writer.line(f"    max_delay={waiter.max_delay},")
        writer.line(")")
    return writer.to_text()


def _acceptor(acceptor: Acceptor, writer: ModuleWriter) -> str:
    kind = writer.use(runtime.OPERATION, "Acceptor")
    arguments = [f'"{acceptor.state}"', f'"{acceptor.matcher}"', f"{acceptor.expected!r}"]
    if acceptor.path:
        arguments.append(f'"{acceptor.path}"')
    if acceptor.expression:
        arguments.append(f"expression={acceptor.expression!r}")
    return f"{kind}({', '.join(arguments)})"

"""``waiters.py``: every waiter as data."""

from __future__ import annotations

from codegen import runtime
from codegen.ir import Service, Waiter
from codegen.render.operations import constant
from codegen.writer import ModuleWriter

__all__ = ["render", "waiter_constant"]


def waiter_constant(waiter: Waiter) -> str:
    """The name of a waiter's constant."""
    return waiter.method.removeprefix("wait_until_").upper()


def render(service: Service) -> str:
    """The module's text."""
    writer = ModuleWriter(
        f"The waiters of {service.title}: what they poll, and which statuses end them.",
        defines=[waiter_constant(waiter) for waiter in service.waiters],
    )
    operations = {operation.name: operation for operation in service.operations}
    for waiter in service.waiters:
        operation = writer.use(".operations", constant(operations[waiter.operation]))
        kind = writer.use(runtime.OPERATION, "Waiter")
        writer.line(f"{writer.define(waiter_constant(waiter))} = {kind}(")
        writer.line(f'    name="{waiter.name}",')
        writer.line(f"    operation={operation},")
        writer.line(f"    path={waiter.path!r},")
        for name in ("success", "failure", "retry_errors"):
            values: tuple[str, ...] = getattr(waiter, name)
            listed = ", ".join(f'"{value}"' for value in values)
            if listed:
                writer.line(f"    {name}=frozenset({{{listed}}}),")
            elif name != "retry_errors":
                writer.line(f"    {name}=frozenset(),")
        writer.line(f"    min_delay={waiter.delay},")
        writer.line(")")
    return writer.to_text()

"""Handles: classes with the operations on one resource, whose name they fill in.

A handle calls the client, and a method of the client returns the handle. Both classes are therefore
in ``client.py``; ``handles.py`` is the module from which users import the handles.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from codegen import runtime
from codegen.ir import Handle, Service
from codegen.render.methods import Method, mark, methods, parameters
from codegen.writer import WIDTH, ModuleWriter, docstring, paragraphs

__all__ = ["handle_class", "render"]

_INDENT = " " * 4
_BODY = " " * 8


def render(service: Service) -> str:
    """The text of ``handles.py``."""
    writer = ModuleWriter(f"Handles of {service.title}: the client's methods on one resource.")
    for handle in service.handles:
        writer.use(".client", writer.define(handle.name))
    return writer.to_text()


def handle_class(handle: Handle, service: Service, writer: ModuleWriter) -> Iterator[str]:
    """The lines of a handle's class, in the module of the client."""
    helpers = service.bases.get(handle.name)
    bases = f"{writer.use(*helpers)}, " if helpers else ""
    bases += f"{writer.use(runtime.HANDLE, 'BaseHandle')}[{service.client}]"
    yield f"class {writer.define(handle.name)}({bases}):"
    yield docstring(f"{handle.doc}\n\n{_made_by(handle, service)}", _INDENT)
    yield ""
    asked = parameters(handle.members, writer)
    yield f"{_INDENT}def __init__(self, client: {service.client}, {asked}) -> None:"
    yield f"{_BODY}self._client = client"
    yield from (f"{_BODY}self.{member.name} = {member.name}" for member in handle.members)
    yield ""
    yield f"{_INDENT}def __repr__(self) -> str:"
    shown = ", ".join(f"{{self.{member.name}!r}}" for member in handle.members)
    yield f'{_BODY}return f"{handle.name}({shown})"'
    for method in methods(service):
        if handle.fills(method.operation):
            yield ""
            yield from _method(method, handle, service, writer)


def _made_by(handle: Handle, service: Service) -> str:
    return textwrap.fill(
        f"Made by :meth:`{service.client}.{handle.method}`. Making one sends nothing; each method "
        "calls the client's method of the same name and raises the same errors.",
        WIDTH - 8,
    )


def _method(
    method: Method, handle: Handle, service: Service, writer: ModuleWriter
) -> Iterator[str]:
    filled = {member.wire_name for member in handle.members}
    asked = [member for member in method.members if member.wire_name not in filled]
    yield from mark(method, writer)
    yield from method.signature_with(asked, writer)
    summary = paragraphs(method.summary, width=WIDTH - 12)
    see = textwrap.fill(f"See :meth:`{service.client}.{method.name}`.", WIDTH - 12)
    yield docstring(f"{summary}\n\n{see}", _BODY)
    keyword = "return await" if method.head.startswith("async") else "return"
    yield f"{_BODY}{keyword} self._client.{method.name}("
    for member in method.members:
        value = f"self.{member.name}" if member.wire_name in filled else member.name
        yield f"{_BODY}    {member.name}={value},"
    yield from (f"{_BODY}    {name}={name}," for name in method.extra)
    yield f"{_BODY})"

"""From the IR to Python text: one renderer for each generated module or package."""

from __future__ import annotations

from codegen.ir import Service
from codegen.render import (
    client,
    endpoints,
    enums,
    errors,
    handles,
    models,
    operations,
    package,
    params,
    waiters,
)

__all__ = ["render"]

_MODULES = {
    "__init__": package,
    "client": client,
    "endpoints": endpoints,
    "enums": enums,
    "errors": errors,
    "handles": handles,
    "operations": operations,
    "params": params,
    "waiters": waiters,
}


def render(service: Service) -> dict[str, str]:
    """The text of each module by its file name, not yet formatted."""
    texts = {
        f"{name}.py": module.render(service)
        for name, module in sorted(_MODULES.items())
        if service.handles or module is not handles
    }
    return {**texts, **models.render(service)}

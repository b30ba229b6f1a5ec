"""The parts of generated packages that need neither endpoints nor formatting, for all services."""

from __future__ import annotations

import functools
import gzip
import importlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import botocore

from codegen import aws_model
from codegen.aws_model import AwsModel
from codegen.ir import Service
from codegen.model_to_ir import Facts, build_service
from codegen.overlay import Overlay
from codegen.render import enums, errors, models, operations, waiters

__all__ = ["Rendered", "json_services", "raw_data", "render", "service_of"]

DATA = Path(botocore.__file__).parent / "data"
_MODULES = {"enums": enums, "errors": errors, "operations": operations, "waiters": waiters}


@functools.cache
def json_services() -> tuple[str, ...]:
    """The services of the installed botocore whose protocol is AWS JSON."""
    names = sorted({path.parent.parent.name for path in DATA.glob("*/*/service-2*")})
    return tuple(name for name in names if "json" in _protocols(name))


def _protocols(service: str) -> set[str]:
    metadata = raw_data(service, "service-2")["metadata"]
    return {metadata["protocol"], *metadata.get("protocols", ())}


def raw_data(service: str, name: str) -> dict[str, Any]:
    """A data file of a service's newest version; empty if it does not exist."""
    folder = max(path for path in (DATA / service).iterdir() if path.is_dir())
    for path in folder.glob(f"{name}.json*"):
        content = path.read_bytes()
        found: dict[str, Any] = json.loads(
            gzip.decompress(content) if path.suffix == ".gz" else content
        )
        return found
    return {}


def service_of(model: AwsModel) -> Service:
    """The service in the generator's representation, without a spec or an overlay."""
    package = f"rendered_{model.service.replace('-', '_')}"
    return build_service(model, Overlay(), Facts({}, frozenset(), {}), package=package)


@dataclass(frozen=True)
class Rendered:
    """A service as rendered modules."""

    name: str
    service: Service
    operations: ModuleType
    waiters: ModuleType

    def raw(self, name: str) -> Mapping[str, Any]:
        """A data file of the service."""
        return raw_data(self.name, name)

    def forget(self) -> None:
        """Forget the modules, so that those of all services need not fit in memory together."""
        for name in [name for name in sys.modules if name.partition(".")[0] == self.package]:
            del sys.modules[name]

    @property
    def package(self) -> str:
        """The name of the package."""
        return self.service.package


def render(name: str, folder: Path) -> Rendered:
    """Render the models, operations, errors and waiters of a service, and import them.

    Raises:
        ModelError: The generator refuses the service.
    """
    service = service_of(aws_model.load(name))
    package = folder / service.package
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").touch()
    texts = {f"{module}.py": part.render(service) for module, part in _MODULES.items()}
    for file, text in {**texts, **models.render(service)}.items():
        (package / file).write_text(text, encoding="utf-8")
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        parts = [
            importlib.import_module(f"{service.package}.{part}")
            for part in ("operations", "waiters")
        ]
    finally:
        sys.path.remove(str(folder))
    # The modules of the models are imported later, from the folder that the package records.
    return Rendered(name, service, *parts)

"""Generate packages for other services with ``codegen build``, as a user would."""

from __future__ import annotations

import functools
import gzip
import importlib
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from codegen.__main__ import main
from tests.tools.botocore_calls import botocore

__all__ = ["build_package", "data_folder", "json_services", "lap_text", "service_data"]


def json_services() -> list[str]:
    """The services of the installed botocore that can be called with AWS JSON."""
    found: list[str] = []
    for service in _loader().list_available_services("service-2"):
        metadata = service_data(service)["metadata"]
        if "json" in {metadata["protocol"], *metadata.get("protocols", ())}:
            found.append(service)
    return found


def service_data(service: str) -> dict[str, Any]:
    """botocore's service model."""
    model: dict[str, Any] = _loader().load_service_model(service, "service-2")
    return model


@functools.cache
def _loader() -> Any:
    # It searches all services before it loads the first one.
    return botocore("loaders").Loader()


def lap_text(model: dict[str, Any], folder: Path, *, errors: bool = False) -> str:
    """The @lap spec that the format's own compiler makes from a service model.

    Args:
        model: The service model.
        folder: The folder for the compiler's input.
        errors: Whether to keep errors, which this project's spec does not have.
    """
    path = folder / "model.json"
    path.write_text(json.dumps(model), encoding="utf-8")
    compiler: Any = importlib.import_module("lap.core.compilers.aws_sdk")
    text: str = compiler.compile_aws_sdk(str(path)).to_lap()
    lines = text.split("\n")
    return "\n".join(line for line in lines if errors or not line.startswith("@errors"))


def build_package(
    service: str, spec: str, folder: Path, *, model: dict[str, Any] | None = None
) -> ModuleType:
    """Run the generator over *spec* and import what it makes.

    Args:
        service: botocore's name of the service, or the name for *model*.
        spec: The @lap text.
        folder: The folder for all files.
        model: The service model, if it is not one of botocore's.
    """
    package = f"generated_{service.replace('-', '_')}"
    (folder / "spec.lap").write_text(spec, encoding="utf-8")
    options = ["--spec", str(folder / "spec.lap"), "--service", service]
    if model is not None:
        options += ["--data", str(data_folder(service, model, folder / "data"))]
    assert main(["build", *options, "--out", str(folder / package)]) == 0
    found = importlib.util.spec_from_file_location(
        package,
        folder / package / "__init__.py",
        submodule_search_locations=[str(folder / package)],
    )
    assert found is not None
    assert found.loader is not None
    # Another test may have built a package of the same name: forget its modules.
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]
    module = importlib.util.module_from_spec(found)
    sys.modules[package] = module
    found.loader.exec_module(module)
    for name in ("models", "operations", "errors"):
        importlib.import_module(f"{package}.{name}")
    return module


def data_folder(service: str, model: dict[str, Any], data: Path) -> Path:
    """A data folder like botocore's with one service, which has the endpoints of ECR."""
    rules = _loader().load_service_model("ecr", "endpoint-rule-set-1")
    folder = data / service / model["metadata"]["apiVersion"]
    folder.mkdir(parents=True)
    for name, content in (("service-2", model), ("endpoint-rule-set-1", rules)):
        packed = gzip.compress(json.dumps(content).encode())
        (folder / f"{name}.json.gz").write_bytes(packed)
    return data

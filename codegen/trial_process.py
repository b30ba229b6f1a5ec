"""The process in which a new package is tried: ``trial.py`` starts it.

An error is printed on one line, with the file and the line of the package.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

__all__: list[str] = []

_REGIONS = ("us-east-1", "us-west-2", "eu-west-1")


def main(package: str, new: Path, old: Path) -> int:
    """Try the package; return the exit status."""
    stage = "import"
    try:
        module = _import(package, new, old)
        stage = "warm_up()"
        module.warm_up()
        stage = "endpoint"
        _resolve_endpoints(package)
    except Exception as error:  # noqa: BLE001
        place = _place(error, new) or stage
        text = " ".join(str(error).split())
        print(f"{place}: {type(error).__name__}: {text}", file=sys.stderr)
        return 1
    return 0


def _import(package: str, new: Path, old: Path) -> types.ModuleType:
    """Import all new modules; hand-written ones come from the old folder."""
    folder = old
    *parents, _ = package.split(".")
    for count in range(len(parents), 0, -1):
        folder = folder.parent
        # Not the package itself, whose code may use the old client.
        parent = types.ModuleType(".".join(parents[:count]))
        parent.__path__ = [str(folder)]
        sys.modules[parent.__name__] = parent
    spec = importlib.util.spec_from_file_location(
        package, new / "__init__.py", submodule_search_locations=[str(new), str(old)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[package] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for file in sorted(new.rglob("*.py")):
        names = file.relative_to(new).with_suffix("").parts
        if names[-1] != "__init__":
            importlib.import_module(".".join([package, *names]))
    return module


def _resolve_endpoints(package: str) -> None:
    """Resolve the endpoint of each operation in the first region in which there is one."""
    resolve = importlib.import_module(f"{package}.endpoints").resolve_endpoint
    operations = importlib.import_module(f"{package}.operations").OPERATIONS
    settings = {"use_fips": False, "use_dualstack": False, "endpoint": None}
    for static in _distinct(operations.values()):
        for region in _REGIONS:
            try:
                resolve(region=region, **settings, **static)
            except Exception:
                if region == _REGIONS[-1]:
                    raise
            else:
                break


def _distinct(operations: Any) -> Iterator[Mapping[str, object]]:
    seen: list[Mapping[str, object]] = []
    for operation in operations:
        static = {} if operation.endpoint is None else dict(operation.endpoint.static)
        if static not in seen:
            seen.append(static)
            yield static


def _place(error: Exception, new: Path) -> str:
    """The last line of the package that led to an error; empty if there is none."""
    if isinstance(error, SyntaxError) and error.filename:
        file, line = Path(error.filename), error.lineno
    else:
        frames = traceback.extract_tb(error.__traceback__)
        inside = [frame for frame in frames if Path(frame.filename).is_relative_to(new)]
        if not inside:
            return ""
        file, line = Path(inside[-1].filename), inside[-1].lineno
    shown = file.relative_to(new).as_posix() if file.is_relative_to(new) else file.name
    return f"{shown}:{line}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))

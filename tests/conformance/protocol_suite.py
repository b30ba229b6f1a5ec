"""AWS's protocol tests: the cases of a file, and one service model for all of its suites."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.tools.botocore_calls import botocore

__all__ = ["Case", "ProtocolSuite", "values"]

Direction = str


@dataclass(frozen=True)
class Case:
    """One case of the file."""

    id: str
    operation: str
    data: Mapping[str, Any]
    endpoint: str | None = None
    """The URL that the suite configures, if any."""


class ProtocolSuite:
    """The suites of one protocol, in both directions, as one service.

    Args:
        folder: ``tests/unit/protocols`` of botocore.
        name: The file's name in its ``input`` and ``output``.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._suites = {
            direction: json.loads((folder / direction / f"{name}.json").read_bytes())
            for direction in ("input", "output")
        }

    def cases(self, direction: Direction) -> Iterator[Case]:
        """The cases of ``input`` or ``output``."""
        for suite in self._suites[direction]:
            for case in suite["cases"]:
                yield Case(case["id"], case["given"]["name"], case, suite.get("clientEndpoint"))

    def model(self, service: str) -> dict[str, Any]:
        """The service model."""
        shapes: dict[str, Any] = {}
        operations: dict[str, Any] = {}
        for suite in (*self._suites["input"], *self._suites["output"]):
            shapes |= suite["shapes"]
            for case in suite["cases"]:
                _join(operations, case["given"])
        metadata = {
            **self._suites["input"][0]["metadata"],
            "endpointPrefix": service,
            "serviceFullName": f"Protocol tests of {service}",
            "serviceId": service.title().replace("-", " "),
            "signatureVersion": "v4",
        }
        return {"version": "2.0", "metadata": metadata, "operations": operations, "shapes": shapes}


def _join(operations: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Merge one case's definition of its operation with those of other cases."""
    known = operations.setdefault(given["name"], {"errors": []})
    errors = [*known["errors"], *given.get("errors", ())]
    known |= {name: value for name, value in given.items() if name != "documentation"}
    known["errors"] = [error for at, error in enumerate(errors) if error not in errors[:at]]


def values(data: Any, shape: Any) -> Any:
    """The Python values of a case's JSON."""
    if data is None:
        return None
    match shape.type_name:
        case "structure" if not shape.is_document_type:
            return {name: values(value, shape.members[name]) for name, value in data.items()}
        case "list":
            return [values(item, shape.member) for item in data]
        case "map":
            return {key: values(value, shape.value) for key, value in data.items()}
        case "timestamp":
            return datetime.fromtimestamp(data, UTC)
        case "blob":
            return data.encode()
        case "float" | "double":
            return float(data)
        case _:
            return data


def service_model(model: Mapping[str, Any]) -> Any:
    """botocore's object for the model."""
    return botocore("model").ServiceModel(model)

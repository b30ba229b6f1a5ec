"""A service in botocore's data: its model, paginators, waiters and endpoint rules.

The files are those that botocore ships under ``botocore/data/<service>/<api-version>/``. Only
facts are read (names, types, limits, errors), not the documentation.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.metadata
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import botocore

__all__ = [
    "AwsModel",
    "ModelError",
    "ModelMember",
    "ModelOperation",
    "Shape",
    "ShapeType",
    "TimestampFormat",
    "load",
]

ShapeType = Literal[
    "structure", "list", "map", "string", "integer", "long", "float", "double", "boolean",
    "timestamp", "blob", "document",
]  # fmt: skip

TimestampFormat = Literal["epoch", "iso8601", "httpdate"]

_JSON_PROTOCOL = "json"
_TIMESTAMP_FORMATS: Mapping[str, TimestampFormat] = {
    "unixTimestamp": "epoch",
    "iso8601": "iso8601",
    "rfc822": "httpdate",
}


class ModelError(ValueError):
    """The service's data is missing, or of a kind that this generator does not support."""


@dataclass(frozen=True, slots=True)
class ModelMember:
    """One member of a structure: its name on the wire and the name of its shape."""

    name: str
    shape: str
    deprecated: bool
    is_idempotency_token: bool = False
    """The client fills it in if the caller omits it."""
    endpoint_parameter: str | None = None
    """The parameter of the endpoint rules that the member supplies."""
    is_host_label: bool = False
    """Whether the host prefix of the operation contains the member."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape of the model; fields that do not apply to its type are empty."""

    name: str
    type: ShapeType
    members: tuple[ModelMember, ...] = ()
    required: frozenset[str] = frozenset()
    item: str = ""
    key: str = ""
    value: str = ""
    enum: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    pattern: str | None = None
    is_error: bool = False
    is_fault: bool = False
    is_sensitive: bool = False
    is_union: bool = False
    """A structure of which exactly one member is set."""
    is_stream: bool = False
    """An event stream, or a blob that is the whole body."""
    error_code: str | None = None
    timestamp_format: TimestampFormat = "epoch"


@dataclass(frozen=True, slots=True)
class ModelOperation:
    """One operation: its name and the names of its input, output and error shapes."""

    name: str
    input: str | None
    output: str | None
    errors: tuple[str, ...]
    deprecated: bool
    host_prefix: str = ""
    endpoint_values: Mapping[str, str | bool] = field(default_factory=dict[str, str | bool])
    """Parameters of the endpoint rules that are the same for every call."""
    endpoint_paths: Mapping[str, str] = field(default_factory=dict[str, str])
    """Parameters of the endpoint rules that JMESPath expressions find in the input."""
    auth: tuple[str, ...] = ("aws.auth#sigv4",)
    """The ways to authenticate, by Smithy's names; the client uses the first one that it has."""
    needs_endpoint_discovery: bool = False


@dataclass(frozen=True, slots=True)
class AwsModel:
    """A service as botocore describes it."""

    service: str
    service_id: str
    full_name: str
    api_version: str
    endpoint_prefix: str
    signing_name: str
    target_prefix: str
    json_version: str
    is_query_compatible: bool
    operations: tuple[ModelOperation, ...]
    shapes: Mapping[str, Shape]
    paginators: Mapping[str, Mapping[str, Any]]
    waiters: Mapping[str, Mapping[str, Any]]
    endpoint_rules: Mapping[str, Any]
    partitions: tuple[Mapping[str, Any], ...]
    botocore_version: str
    files: Mapping[str, str]
    """The sha256 of each data file that was read, by its path in botocore's data folder."""


def load(service: str, data: Path | None = None) -> AwsModel:
    """Read the newest API version of *service*.

    Args:
        service: The name of the service's folder.
        data: A folder with the layout of botocore's ``data``; by default the installed one.

    Raises:
        ModelError: There is no such service, or it needs something that is not supported.
    """
    installed = Path(botocore.__file__).parent / "data"
    where = f"botocore {_botocore_version()}" if data is None else str(data)
    data = data or installed
    versions = sorted(path for path in (data / service).glob("*") if path.is_dir() and service)
    if not versions:
        raise ModelError(f"{where} has no service named {service!r}")
    folder = versions[-1]
    reader, partitions = _Reader(data), _Reader(installed)
    try:
        model = _model(service, folder, reader, partitions)
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{folder}: not the layout of a botocore model: {error!r}") from error
    _check_references(model, folder)
    return model


def _model(service: str, folder: Path, reader: _Reader, partitions: _Reader) -> AwsModel:
    model = reader.read(folder / "service-2.json")
    metadata = model["metadata"]
    if _JSON_PROTOCOL not in {metadata["protocol"], *metadata.get("protocols", ())}:
        raise ModelError(
            f"{service} uses the protocol {metadata['protocol']!r}; this generator supports only "
            "AWS JSON (1.0 and 1.1)"
        )
    return AwsModel(
        service=service,
        service_id=metadata["serviceId"],
        full_name=metadata["serviceFullName"],
        api_version=metadata["apiVersion"],
        endpoint_prefix=metadata["endpointPrefix"],
        signing_name=metadata.get("signingName", metadata["endpointPrefix"]),
        target_prefix=metadata["targetPrefix"],
        json_version=metadata["jsonVersion"],
        is_query_compatible="awsQueryCompatible" in metadata,
        operations=tuple(_operation(raw, metadata) for raw in model["operations"].values()),
        shapes={name: _shape(name, raw) for name, raw in model["shapes"].items()},
        paginators=reader.read_if_present(folder / "paginators-1.json").get("pagination", {}),
        waiters=reader.read_if_present(folder / "waiters-2.json").get("waiters", {}),
        endpoint_rules=reader.read(folder / "endpoint-rule-set-1.json"),
        partitions=tuple(partitions.read(partitions.data / "partitions.json")["partitions"]),
        botocore_version=_botocore_version(),
        files=reader.digests | partitions.digests,
    )


def _check_references(model: AwsModel, folder: Path) -> None:
    """Check that every shape that is referred to is defined."""
    references: list[tuple[str, list[str | None]]] = [
        (shape.name, [shape.item, shape.key, shape.value, *(m.shape for m in shape.members)])
        for shape in model.shapes.values()
    ]
    references += [(op.name, [op.input, op.output, *op.errors]) for op in model.operations]
    for place, names in references:
        for name in names:
            if name and name not in model.shapes:
                raise ModelError(f"{folder}: {place} refers to {name}, which is not defined")


class _Reader:
    """Reads JSON data files, plain or gzipped, and stores the digest of each."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.digests: dict[str, str] = {}

    def read(self, path: Path) -> Any:
        zipped = path.with_name(path.name + ".gz")
        source = path if path.exists() else zipped
        try:
            raw = source.read_bytes()
            text = raw if source is path else gzip.decompress(raw)
            # The digest of the JSON text does not depend on the gzip header.
            self.digests[path.relative_to(self.data).as_posix()] = hashlib.sha256(text).hexdigest()
            return json.loads(text)
        except FileNotFoundError as error:
            raise ModelError(f"{path}: does not exist, nor does {zipped.name}") from error
        except RecursionError as error:
            raise ModelError(f"{source}: nested too deeply") from error
        except (OSError, EOFError, zlib.error, ValueError) as error:
            raise ModelError(f"{source}: {error}") from error

    def read_if_present(self, path: Path) -> Any:
        present = path.exists() or path.with_name(path.name + ".gz").exists()
        return self.read(path) if present else {}


def _botocore_version() -> str:
    return importlib.metadata.version("botocore")


def _operation(raw: Mapping[str, Any], metadata: Mapping[str, Any]) -> ModelOperation:
    return ModelOperation(
        name=raw["name"],
        input=raw.get("input", {}).get("shape"),
        output=raw.get("output", {}).get("shape"),
        errors=tuple(error["shape"] for error in raw.get("errors", ())),
        deprecated=raw.get("deprecated", False),
        host_prefix=raw.get("endpoint", {}).get("hostPrefix", ""),
        endpoint_values={
            name: parameter["value"]
            for name, parameter in raw.get("staticContextParams", {}).items()
        },
        endpoint_paths={
            name: parameter["path"]
            for name, parameter in raw.get("operationContextParams", {}).items()
        },
        auth=_auth(raw, metadata),
        needs_endpoint_discovery=raw.get("endpointdiscovery", {}).get("required", False),
    )


def _auth(raw: Mapping[str, Any], metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """The authentication of the operation if the model states it, or else of the service."""
    older: str = raw.get("authtype", "")
    listed: list[str] = raw.get("auth") or ([] if older else metadata.get("auth", []))
    older = older or metadata.get("signatureVersion", "v4")
    return tuple(listed or [_AUTH_TYPES.get(older, older)])


# Smithy's names of what older models spell otherwise.
_AUTH_TYPES: Mapping[str, str] = {
    "none": "smithy.api#noAuth",
    "v4": "aws.auth#sigv4",
    "v4-unsigned-body": "aws.auth#sigv4",
    "v4a": "aws.auth#sigv4a",
    "bearer": "smithy.api#httpBearerAuth",
}


def _shape(name: str, raw: Mapping[str, Any]) -> Shape:
    return Shape(
        name=name,
        type="document" if raw.get("document") else raw["type"],
        members=tuple(
            ModelMember(
                name=member.get("locationName", member_name),
                shape=member["shape"],
                deprecated=member.get("deprecated", False),
                is_idempotency_token=member.get("idempotencyToken", False),
                endpoint_parameter=member.get("contextParam", {}).get("name"),
                is_host_label=member.get("hostLabel", False),
            )
            for member_name, member in raw.get("members", {}).items()
        ),
        required=frozenset(raw.get("required", ())),
        item=raw.get("member", {}).get("shape", ""),
        key=raw.get("key", {}).get("shape", ""),
        value=raw.get("value", {}).get("shape", ""),
        enum=tuple(raw.get("enum", ())),
        min=raw.get("min"),
        max=raw.get("max"),
        pattern=raw.get("pattern"),
        is_error=raw.get("exception", False),
        is_fault=raw.get("fault", False),
        is_sensitive=raw.get("sensitive", False),
        is_union=raw.get("union", False),
        is_stream=raw.get("eventstream", False) or raw.get("streaming", False),
        error_code=raw.get("error", {}).get("code"),
        timestamp_format=_TIMESTAMP_FORMATS[raw.get("timestampFormat", "unixTimestamp")],
    )

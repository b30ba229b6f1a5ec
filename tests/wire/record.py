"""Records the golden requests: ``python -m tests.wire.record``.

botocore is the reference implementation: inputs are made from its service model, checked by its
validator and serialized by its serializer, without any code of ``ecrclient`` or ``codegen``. Each
operation has up to three cases:

* ``minimal``: the members that the model requires, at every depth;
* ``full``: every member at every depth, lists with two items where two are allowed;
* ``edges``: every member, each as small as the model allows: ``0``, ``false``, ``""``, ``[]``.

A case with the input of an earlier one is omitted.
"""

from __future__ import annotations

import base64
import importlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast, get_args

GOLDEN = Path(__file__).parent / "golden"

Case = Literal["minimal", "full", "edges"]

# Two strings for each shape whose pattern or minimum length a plain string would violate.
DIGESTS = ("sha256:" + "0a" * 32, "sha256:" + "1b" * 32)
UUIDS = ("01234567-89ab-cdef-0123-456789abcdef", "fedcba98-7654-3210-fedc-ba9876543210")
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ecr-pullthroughcache/"
POLICY = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan"},
                "action": {"type": "expire"},
            }
        ]
    }
)
TEXTS: dict[str, tuple[str, ...]] = {
    "BatchedOperationLayerDigest": DIGESTS,
    "CredentialArn": (SECRET + "docker-hub", SECRET + "quay"),
    "ImageDigest": DIGESTS,
    "ImageManifest": ('{\n   "schemaVersion" : 2 }', '{"schemaVersion":2}'),
    "ImageTagMutabilityExclusionFilterValue": ("release-*", "v*.*"),
    "KmsKeyForRepositoryCreationTemplate": ("arn:aws:kms:eu-west-1:123456789012:key/0a-1b", ""),
    "LayerDigest": DIGESTS,
    "LifecyclePolicyText": (POLICY, POLICY + "\n"),
    "Prefix": ("team/app", "ROOT"),
    "PrincipalArn": ("arn:aws:iam::123456789012:role/scanner", "arn:aws:iam::123456789012:user/me"),
    "PullThroughCacheRuleRepositoryPrefix": ("docker-hub", "quay"),
    "Region": ("eu-west-1", "us-gov-west-1"),
    "RegistryId": ("123456789012", "210987654321"),
    "ReplicationBackfillId": UUIDS,
    "RepositoryFilterValue": ("team/", "prod"),
    "RepositoryName": ("team/app", "team/other-app"),
    "ScanningRepositoryFilterValue": ("team/*", "*"),
    "SigningProfileArn": (
        "arn:aws:signer:eu-west-1:123456789012:/signing-profiles/release",
        "arn:aws:signer:eu-west-1:123456789012:/signing-profiles/nightly",
    ),
    "SigningRepositoryFilterValue": ("team/*", "*"),
    "UploadId": UUIDS,
}
# A string for other shapes: quotes, a line break, an accent, a character outside the first plane.
PLAIN = '"quoted", \\, é,\n\U0001f433'


def _botocore(module: str) -> Any:
    # botocore has no types.
    return importlib.import_module(f"botocore.{module}")


def _snake(name: str) -> str:
    spelled: str = importlib.import_module("botocore").xform_name(name)
    return spelled


class Maker:
    """Makes an input from a model's shape, the same in every run.

    If the model allows it, no two members of an input have the same string or number, so that
    swapped members are found.

    Args:
        case: The case, which determines the members.
        texts: The strings of certain shapes, used in turn.
    """

    def __init__(self, case: Case, texts: Mapping[str, tuple[str, ...]] = TEXTS) -> None:
        self._case: Case = case
        self._texts = texts
        self._used: Counter[str] = Counter()

    def make(self, shape: Any) -> Any:
        """A value for *shape*."""
        makers: dict[str, Callable[[Any], Any]] = {
            "structure": self._structure,
            "list": self._list,
            "string": self._string,
            "integer": self._number,
            "long": self._number,
            "boolean": self._boolean,
            "blob": self._blob,
        }
        value = makers[shape.type_name](shape)
        check_limits(shape, value)
        self._used[shape.name] += 1
        return value

    def _structure(self, shape: Any) -> dict[str, Any]:
        names = shape.required_members if self._case == "minimal" else shape.members
        return {name: self.make(shape.members[name]) for name in names}

    def _list(self, shape: Any) -> list[Any]:
        least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 2)
        preferred = {"minimal": 1, "full": 2, "edges": 0}[self._case]
        return [self.make(shape.member) for _ in range(min(max(preferred, least), most))]

    def _string(self, shape: Any) -> str:
        number = self._used[shape.name]
        if shape.enum:
            value: str = shape.enum[number % len(shape.enum)]
            return value
        if shape.name in self._texts:
            texts = self._texts[shape.name]
            return texts[number % len(texts)]
        if self._case == "edges":
            least: int = shape.metadata.get("min", 0)
            return "x" * least
        return f"{shape.name} {number + 1}: {PLAIN}"

    def _number(self, shape: Any) -> int:
        least: int = shape.metadata.get("min", 0)
        if self._case == "edges":
            return least
        # Beyond 32 bits where the type allows it.
        first = 5_000_000_000 if shape.type_name == "long" else least + 6
        return first + self._used[shape.name]

    def _boolean(self, shape: Any) -> bool:
        return self._case != "edges"

    def _blob(self, shape: Any) -> bytes:
        # Their standard base64 contains "+", "/" and "=", which the URL-safe alphabet replaces.
        return b"" if self._case == "edges" else b"\xfb\xef\xbe\xff\xfe"


def check_limits(shape: Any, value: Any) -> None:
    """Check the patterns and upper limits, which botocore's validator ignores."""
    rules: dict[str, Any] = shape.metadata
    if "max" in rules:
        size: int = value if shape.type_name in {"integer", "long"} else len(value)
        assert size <= rules["max"], f"{shape.name}: {value!r} is too large"
    if "pattern" in rules:
        assert re.search(rules["pattern"], value, re.ASCII), (
            f"{shape.name}: {value!r} does not match the pattern"
        )


def as_keywords(value: Any) -> Any:
    """The keyword arguments for the client's method, as JSON; bytes are marked."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {_snake(name): as_keywords(member) for name, member in members.items()}
    if isinstance(value, list):
        return [as_keywords(item) for item in cast("Sequence[Any]", value)]
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    return value


def record() -> Iterator[tuple[str, str]]:
    """The name of each operation and the text of its golden file."""
    data = _botocore("loaders").Loader().load_service_model("ecr", "service-2")
    service = _botocore("model").ServiceModel(data, "ecr")
    for name in service.operation_names:
        golden = {"operation": name, "cases": list(_cases(service, name))}
        yield name, json.dumps(golden, indent=2, ensure_ascii=False) + "\n"


def _cases(service: Any, name: str) -> Iterator[dict[str, Any]]:
    operation = service.operation_model(name)
    serializer = _botocore("serialize").create_serializer(service.protocol)
    seen: list[Any] = []
    for case in get_args(Case):
        given = Maker(case).make(operation.input_shape)
        report = _botocore("validate").ParamValidator().validate(given, operation.input_shape)
        assert not report.has_errors(), report.generate_report()
        if given in seen:
            continue
        seen.append(given)
        request = serializer.serialize_to_request(given, operation)
        assert not request["query_string"]
        yield {
            "case": case,
            "call": {"method": _snake(name), "kwargs": as_keywords(given)},
            "request": {
                "method": request["method"],
                "path": request["url_path"],
                "headers": {
                    "x-amz-target": request["headers"]["X-Amz-Target"],
                    "content-type": request["headers"]["Content-Type"],
                },
                "body": json.loads(request["body"]),
            },
        }


def main() -> None:
    """Write all files again, and remove those of operations that no longer exist."""
    GOLDEN.mkdir(exist_ok=True)
    texts = {GOLDEN / f"{name}.json": text for name, text in record()}
    for path in GOLDEN.glob("*.json"):
        if path not in texts:
            path.unlink()
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()

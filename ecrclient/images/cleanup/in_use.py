"""Collects the images that are in use, from descriptions of workloads that are given as data.

Sources: "ContainerDefinition" in the Amazon ECS API Reference, "FunctionCode" and
"FunctionCodeLocation" in the AWS Lambda API Reference, "Container" and "ContainerStatus" in the
Kubernetes API reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from ecrclient._awsjson.protocol.argument_checks import wrong_argument

__all__ = ["images_in_functions", "images_in_manifests", "images_in_task_definitions"]

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_STATUSES = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")


def images_in_task_definitions(definitions: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the images of ECS task definitions.

    Args:
        definitions: Task definitions, as in the member ``taskDefinition`` of the response of ECS's
            DescribeTaskDefinition, or such responses.

    Raises:
        RequestValidationError: One of them has no ``containerDefinitions``.
    """
    found: list[str] = []
    for place, definition in _items("images_in_task_definitions", "definitions", definitions):
        inner = definition.get("taskDefinition", definition)
        containers = inner.get("containerDefinitions")
        if not isinstance(containers, list):
            raise wrong_argument(
                "images_in_task_definitions", place, "has no list containerDefinitions"
            )
        found += _texts(cast("list[object]", containers), "image")
    return list(dict.fromkeys(found))


def images_in_functions(functions: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the images of Lambda functions; functions without an image are skipped.

    Args:
        functions: Responses of Lambda's GetFunction, whose ``Code`` names the image.

    Raises:
        RequestValidationError: One of them has no ``Code``, such as the items of ListFunctions,
            which do not name the image.
    """
    found: list[str] = []
    for place, function in _items("images_in_functions", "functions", functions):
        code = function.get("Code")
        if not isinstance(code, Mapping):
            raise wrong_argument("images_in_functions", place, "has no object Code")
        found += _texts([cast("Mapping[str, Any]", code)], "ImageUri", "ResolvedImageUri")
    return list(dict.fromkeys(found))


def images_in_manifests(manifests: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the images of Kubernetes manifests of any kind, at any depth.

    Args:
        manifests: Parsed manifests, such as deployments, pods and custom resources, or lists of
            them. In pods, the digests that are running are returned as well as the images of the
            specification.

    Raises:
        RequestValidationError: One of them is not a mapping.
    """
    found: list[str] = []
    for _, manifest in _items("images_in_manifests", "manifests", manifests):
        found += _walk(manifest)
    return list(dict.fromkeys(found))


def _walk(value: Any) -> Iterator[str]:
    pending: list[Any] = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, list):
            pending += reversed(cast("list[object]", current))
        elif isinstance(current, Mapping):
            mapping = cast("Mapping[str, Any]", current)
            for name in _CONTAINERS:
                yield from _texts(mapping.get(name), "image")
            for name in _STATUSES:
                for text in _texts(mapping.get(name), "image", "imageID"):
                    yield text.rpartition("://")[2]  # docker-pullable://...
            pending += reversed(list(mapping.values()))


def _texts(items: Any, *names: str) -> Iterator[str]:
    """The members of these names that are texts."""
    for item in cast("list[object]", items) if isinstance(items, list) else ():
        if isinstance(item, Mapping):
            members = (cast("Mapping[str, Any]", item).get(name) for name in names)
            yield from (text for text in members if isinstance(text, str) and text)


def _items(function: str, argument: str, items: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(items, Mapping | str) or not isinstance(items, Iterable):
        raise wrong_argument(function, argument, "must be several mappings")
    for number, item in enumerate(cast("Iterable[object]", items)):
        place = f"{argument}[{number}]"
        if not isinstance(item, Mapping):
            raise wrong_argument(function, place, f"must be a mapping, not {type(item).__name__}")
        yield place, cast("Mapping[str, Any]", item)

"""Collects the images that are in use, from descriptions of workloads that are given as data.

Sources: "ContainerDefinition" and "Container" in the Amazon ECS API Reference, "FunctionCode" and
"FunctionCodeLocation" in the AWS Lambda API Reference, "Container" and "ContainerStatus" in the
Kubernetes API reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from ecrclient._awsjson.protocol.argument_checks import wrong_argument
from ecrclient.references import ImageReference, ImageReferenceError

__all__ = [
    "images_in_functions",
    "images_in_manifests",
    "images_in_task_definitions",
    "images_in_tasks",
]

_IMAGE_MEMBERS = frozenset({"image", "imageID"})


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


def images_in_tasks(tasks: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the images of running ECS tasks: each container's image, and the digest that runs.

    A tag may have moved since a task was started, and then its task definition names an image that
    the task does not run.

    Args:
        tasks: Tasks, as in the member ``tasks`` of the response of ECS's DescribeTasks.

    Raises:
        RequestValidationError: One of them has no ``containers``.
    """
    found: list[str] = []
    for place, task in _items("images_in_tasks", "tasks", tasks):
        containers = task.get("containers")
        if not isinstance(containers, list):
            raise wrong_argument("images_in_tasks", place, "has no list containers")
        found += _texts(cast("list[object]", containers), "image", "imageDigest")
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

    They are the members ``image`` (also of image volumes) and ``imageID``, and all other texts that
    are URIs of images in ECR, such as environment variables of operators. In pods, ``imageID`` has
    the digests that are running.

    Args:
        manifests: Parsed manifests, such as deployments, pods and custom resources, or lists of
            them.

    Raises:
        RequestValidationError: One of them is not a mapping.
    """
    found: list[str] = []
    for _, manifest in _items("images_in_manifests", "manifests", manifests):
        found += _walk(manifest)
    return list(dict.fromkeys(found))


def _walk(value: Any) -> Iterator[str]:
    pending: list[tuple[str, Any]] = [("", value)]
    while pending:
        name, current = pending.pop()
        if isinstance(current, str):
            text = current.rpartition("://")[2]  # docker-pullable://...
            if text and (name in _IMAGE_MEMBERS or _is_in_ecr(text)):
                yield text
        elif isinstance(current, list | tuple):
            items = cast("Sequence[object]", current)
            pending += [("", item) for item in reversed(items)]
        elif isinstance(current, Mapping):
            mapping = cast("Mapping[str, Any]", current)
            if name == "image" and "reference" in mapping:  # a volume
                pending.append(("image", mapping["reference"]))
            pending += reversed(list(mapping.items()))


def _is_in_ecr(text: str) -> bool:
    if ".dkr" not in text:
        return False
    try:
        ImageReference.parse(text)
    except ImageReferenceError:
        return False
    return True


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

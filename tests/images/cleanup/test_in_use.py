"""Images in use, collected from descriptions of workloads."""

from __future__ import annotations

from typing import Any

import pytest

from ecrclient import RequestValidationError
from ecrclient.images import (
    images_in_functions,
    images_in_manifests,
    images_in_task_definitions,
    images_in_tasks,
)

URI = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app"


def test_images_in_task_definitions() -> None:
    definition = {"containerDefinitions": [{"image": "a:1"}, {"image": "b:1"}, {"name": "x"}]}
    described = {"taskDefinition": {"containerDefinitions": [{"image": "a:1"}]}}
    assert images_in_task_definitions([definition, described]) == ["a:1", "b:1"]


def test_images_in_tasks() -> None:
    digest = "sha256:" + "1" * 64
    task = {"containers": [{"image": "a:1", "imageDigest": digest}, {"name": "not started"}]}
    assert images_in_tasks([task]) == ["a:1", digest]


def test_images_in_functions() -> None:
    image = {"Code": {"ImageUri": "a:1", "ResolvedImageUri": "a@sha256:1"}}
    assert images_in_functions([image, {"Code": {"Location": "s3"}}]) == ["a:1", "a@sha256:1"]


def test_images_in_manifests_of_any_kind() -> None:
    template = {
        "spec": {
            "initContainers": [{"image": "init:1"}],
            "containers": [{"image": "app:1", "env": [{"name": "image", "value": "not-this"}]}],
        }
    }
    pod = {
        "spec": {"containers": [{"image": "app:1"}]},
        "status": {"containerStatuses": [{"imageID": "docker-pullable://app@sha256:1"}]},
    }
    cron = {"spec": {"jobTemplate": {"spec": {"template": template}}}}
    found = images_in_manifests([cron, {"kind": "List", "items": [pod]}])
    assert found == ["init:1", "app:1", "app@sha256:1"]


def test_images_in_custom_resources_and_volumes() -> None:
    workflow = {"spec": {"templates": [{"container": {"image": "step:1"}}]}}
    volume = {"spec": {"volumes": [{"image": {"reference": "data:1", "pullPolicy": "Always"}}]}}
    environment = {"env": [{"name": "RELATED_IMAGE", "value": f"{URI}:v1"}, {"value": "x.dkr"}]}
    found = images_in_manifests([workflow, volume, {"kind": "ConfigMap", "data": environment}])
    assert found == ["step:1", "data:1", f"{URI}:v1"]


REFUSED: list[tuple[Any, Any, str]] = [
    (images_in_task_definitions, [{}], r"definitions\[0\]: has no list containerDefinitions"),
    (images_in_tasks, [{"taskArn": "t"}], r"tasks\[0\]: has no list containers"),
    (images_in_functions, [{"FunctionName": "f"}], r"functions\[0\]: has no object Code"),
    (images_in_manifests, ["text"], r"manifests\[0\]: must be a mapping, not str"),
    (images_in_manifests, {"kind": "Pod"}, "manifests: must be several mappings"),
]


@pytest.mark.parametrize(("collect", "given", "problem"), REFUSED)
def test_descriptions_of_another_form_are_refused(collect: Any, given: Any, problem: str) -> None:
    with pytest.raises(RequestValidationError, match=problem):
        collect(given)

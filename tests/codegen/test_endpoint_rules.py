"""Endpoint rules as code, and the rules that are refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from codegen import aws_model
from codegen.aws_model import AwsModel, ModelError
from codegen.ir import Service
from codegen.model_to_ir import Facts, build_service
from codegen.overlay import Overlay
from codegen.render import endpoints
from ecrclient import ConfigurationError

REGION = {"ref": "Region"}
NEVER = {"fn": "isSet", "argv": [{"ref": "Bucket"}]}


@pytest.fixture(scope="module")
def service(model: AwsModel) -> Service:
    return build_service(model, Overlay(), Facts({}, frozenset(), {}), package="ecr")


def resolver(service: Service, *rules: dict[str, Any]) -> Callable[..., str]:
    """The generated function for these rules, with the parameters Region and Bucket."""
    parameters = {"Region": {"builtIn": "AWS::Region"}, "Bucket": {"type": "string"}}
    ruled = dataclasses.replace(
        service, endpoint_rules={"parameters": parameters, "rules": list(rules)}
    )
    module: dict[str, Any] = {}
    exec(endpoints.render(ruled), module)
    resolve: Callable[..., str] = module["resolve_endpoint"]
    return resolve


def where(*conditions: dict[str, Any], url: str = "https://there.example") -> dict[str, Any]:
    return {"type": "endpoint", "endpoint": {"url": url}, "conditions": list(conditions)}


HERE = where(url="https://here.example")


def is_region(name: str) -> dict[str, Any]:
    return {"fn": "stringEquals", "argv": [REGION, name]}


def negated(condition: dict[str, Any]) -> dict[str, Any]:
    return {"fn": "not", "argv": [condition]}


@pytest.mark.parametrize(
    ("condition", "there"),
    [
        (is_region("eu-west-1"), True),
        (negated(is_region("eu-west-1")), False),
        ({"fn": "isSet", "argv": [REGION]}, True),
        (NEVER, False),
        (negated(NEVER), True),
    ],
)
def test_a_rule_applies_if_its_condition_is_true(
    service: Service, condition: dict[str, Any], there: bool
) -> None:
    resolve = resolver(service, where(condition), HERE)
    assert resolve(region="eu-west-1") == f"https://{'there' if there else 'here'}.example"


def test_an_error_is_raised_if_no_rule_applies(service: Service) -> None:
    tree = {"type": "tree", "conditions": [], "rules": [where(is_region("eu-west-1"))]}
    resolve = resolver(service, tree, HERE)
    assert resolve(region="eu-west-1") == "https://there.example"
    with pytest.raises(ConfigurationError, match="no endpoint rule applies"):
        resolve(region="eu-west-2")


def test_an_endpoint_with_a_signing_region_requires_that_region(service: Service) -> None:
    partition = {"fn": "aws.partition", "argv": [REGION], "assign": "Found"}
    rule = where(partition, url="https://global.{Found#dnsSuffix}")
    scheme = {"name": "sigv4", "signingRegion": "{Found#implicitGlobalRegion}"}
    rule["endpoint"]["properties"] = {"authSchemes": [scheme]}
    resolve = resolver(service, rule)
    assert resolve(region="us-east-1") == "https://global.amazonaws.com"
    assert resolve(region="cn-northwest-1") == "https://global.amazonaws.com.cn"
    with pytest.raises(ConfigurationError, match="another signing region; pass region=us-east-1"):
        resolve(region="eu-west-1")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("acm", "a client cannot supply the parameter 'ServiceType'"),
        ("opensearchmemory", "the function 'isValidHostLabel' is not supported"),
    ],
)
def test_rules_with_unsupported_parts_are_refused(name: str, message: str) -> None:
    service = build_service(
        aws_model.load(name), Overlay(), Facts({}, frozenset(), {}), package=name
    )
    with pytest.raises(ModelError, match=message):
        endpoints.render(service)


def test_an_unsupported_value_is_refused(service: Service) -> None:
    computed = {"fn": "substring", "argv": [REGION, 0, 2, False]}
    with pytest.raises(ModelError, match=r"the value .*substring.* is not supported"):
        resolver(service, where({"fn": "stringEquals", "argv": [computed, "eu"]}))

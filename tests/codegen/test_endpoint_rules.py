"""Endpoint rules as code, and the rules that are refused."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import pytest

from codegen.aws_model import AwsModel, ModelError
from codegen.ir import Service
from codegen.model_to_ir import Facts, build_service
from codegen.overlay import Overlay
from codegen.render import endpoints
from ecrclient import ConfigurationError
from ecrclient._awsjson.settings.endpoint_rules import SignedURL

REGION = {"ref": "Region"}
NEVER = {"fn": "isSet", "argv": [{"ref": "Bucket"}]}


@pytest.fixture(scope="module")
def service(model: AwsModel) -> Service:
    return build_service(model, Overlay(), Facts({}, frozenset(), {}), package="ecr")


def resolver(service: Service, *rules: dict[str, Any]) -> Callable[..., str | SignedURL]:
    """The generated function for these rules; clients cannot supply the parameter Bucket."""
    parameters = {
        "Region": {"builtIn": "AWS::Region"},
        "Bucket": {"type": "string", "builtIn": "AWS::S3::Bucket"},
        "Name": {"type": "string"},
    }
    ruled = dataclasses.replace(
        service, endpoint_rules={"parameters": parameters, "rules": list(rules)}
    )
    module: dict[str, Any] = {}
    exec(endpoints.render(ruled), module)
    resolve: Callable[..., str | SignedURL] = module["resolve_endpoint"]
    return functools.partial(resolve, use_fips=False, use_dualstack=False, endpoint=None)


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


def signed(url: str, *schemes: dict[str, str]) -> dict[str, Any]:
    rule = where({"fn": "aws.partition", "argv": [REGION], "assign": "Found"}, url=url)
    rule["endpoint"]["properties"] = {"authSchemes": list(schemes)}
    return rule


def test_an_endpoint_is_signed_for_the_region_of_its_rule(service: Service) -> None:
    scheme = {"name": "sigv4", "signingRegion": "{Found#implicitGlobalRegion}"}
    resolve = resolver(service, signed("https://global.{Found#dnsSuffix}", scheme))
    for region, suffix, signing_region in (
        ("eu-west-1", "amazonaws.com", "us-east-1"),
        ("cn-north-1", "amazonaws.com.cn", "cn-northwest-1"),
    ):
        assert resolve(region=region) == SignedURL(f"https://global.{suffix}", signing_region)


def test_an_endpoint_is_signed_for_the_name_of_its_rule(service: Service) -> None:
    url, own = "https://here.example", {"name": "sigv4", "signingName": service.signing_name}
    assert resolver(service, signed(url, own))(region="eu-west-1") == url
    other = signed(url, {"name": "sigv4a"}, {"name": "sigv4", "signingName": "other"})
    assert resolver(service, other)(region="eu-west-1") == SignedURL(url, None, "other")


def test_an_endpoint_with_another_kind_of_signature_is_refused(service: Service) -> None:
    resolve = resolver(service, signed("https://here.example", {"name": "sigv4a"}))
    with pytest.raises(ConfigurationError, match="needs signatures of type sigv4a"):
        resolve(region="eu-west-1")


def test_every_setting_is_a_parameter_although_no_rule_uses_it(service: Service) -> None:
    ruled = dataclasses.replace(service, endpoint_rules={"parameters": {}, "rules": [HERE]})
    module: dict[str, Any] = {}
    exec(endpoints.render(ruled), module)
    settings = {"use_fips": False, "use_dualstack": False, "endpoint": None, "region": "a"}
    assert module["resolve_endpoint"](**settings) == "https://here.example"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            where({"fn": "stringEquals", "argv": [{"ref": "Bucket"}, "b"]}),
            "a client cannot supply the parameter 'Bucket'",
        ),
        (
            where({"fn": "aws.isVirtualHostableS3Bucket", "argv": [REGION, False]}),
            "the function 'aws.isVirtualHostableS3Bucket' is not supported",
        ),
        (
            where({"fn": "stringEquals", "argv": [REGION, None]}),
            "the value None is not supported",
        ),
    ],
)
def test_rules_with_unsupported_parts_are_refused(
    service: Service, rule: dict[str, Any], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        resolver(service, rule)


@pytest.mark.parametrize(
    ("function", "argument", "slot", "expected"),
    [
        ("parseURL", "https://host:1/a", "Made#authority", "host:1"),
        ("parseURL", "https://host/a/b", "Made#normalizedPath", "/a/b/"),
        ("aws.parseArn", "arn:aws:s3:eu-west-1:1:a/b:c", "Made#region", "eu-west-1"),
        ("uriEncode", "a b/ü", "Made", "a%20b%2F%C3%BC"),
    ],
)
def test_the_result_of_a_function_is_part_of_the_url(
    service: Service, function: str, argument: str, slot: str, expected: str
) -> None:
    made = {"fn": function, "argv": [{"ref": "Name"}], "assign": "Made"}
    resolve = resolver(service, where(made, url=f"https://{{{slot}}}"), HERE)
    assert resolve(region="eu-west-1", name=argument) == f"https://{expected}"
    assert resolve(region="eu-west-1", name=None) == "https://here.example"


def test_an_item_of_a_list_is_used_if_it_exists(service: Service) -> None:
    arn = {"fn": "aws.parseArn", "argv": [{"ref": "Name"}], "assign": "Arn"}
    item = {"fn": "getAttr", "argv": [{"ref": "Arn"}, "resourceId[1]"], "assign": "Item"}
    resolve = resolver(service, where(arn, item, url="https://{Item}.example"), HERE)
    assert resolve(region="r", name="arn:aws:s3:::a/b") == "https://b.example"
    assert resolve(region="r", name="arn:aws:s3:::a") == "https://here.example"

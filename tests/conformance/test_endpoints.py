"""Endpoints match the service's test cases, and botocore's endpoints in every region."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from ecrclient import ConfigurationError, endpoints
from ecrclient._awsjson.settings.partitions import Partition
from ecrclient._awsjson.settings.resolution import ClientArguments, resolve_settings
from ecrclient.endpoints import resolve_endpoint
from tests.conformance.downloads import botocore_tests
from tests.conformance.tally import Reference
from tests.tools.botocore_calls import EndpointRules

RULES = Reference("botocore's endpoint engine: every region")
CASES = Reference("ECR's own endpoint tests")
CONFIGURED = Reference("AWS's tests of configured endpoint URLs")
UNLISTED = ("eu-west-99", "cn-west-9", "us-gov-south-9", "us-iso-south-9", "xx-nowhere-1")


def test_every_region_has_botocores_endpoint() -> None:
    rules = EndpointRules()
    regions = [*rules.regions(), *UNLISTED]
    assert len(set(regions)) == len(regions) > 50
    for region, fips, dualstack in itertools.product(regions, [False, True], [False, True]):
        with RULES.case():
            theirs = rules.resolve(region, use_fips=fips, use_dualstack=dualstack)
            assert ours(region, fips=fips, dualstack=dualstack) == theirs


@pytest.mark.parametrize("fips", [False, True])
@pytest.mark.parametrize("dualstack", [False, True])
def test_an_unknown_partition_has_botocores_endpoints(
    monkeypatch: pytest.MonkeyPatch, fips: bool, dualstack: bool
) -> None:
    newer = Partition(
        name="aws-new",
        dns_suffix="new.example",
        dual_stack_dns_suffix="both.new.example",
        implicit_global_region="new-1",
        supports_fips=fips,
        supports_dual_stack=dualstack,
        region_regex=r"^new\-\d+$",
        regions=frozenset({"new-1"}),
    )
    monkeypatch.setattr(endpoints, "PARTITIONS", (*endpoints.PARTITIONS, newer))
    outputs = {
        "name": newer.name,
        "dnsSuffix": newer.dns_suffix,
        "dualStackDnsSuffix": newer.dual_stack_dns_suffix,
        "implicitGlobalRegion": newer.implicit_global_region,
        "supportsFIPS": newer.supports_fips,
        "supportsDualStack": newer.supports_dual_stack,
    }
    data = {"id": newer.name, "outputs": outputs, "regionRegex": newer.region_regex}
    rules = EndpointRules(more=[{**data, "regions": {"new-1": {}}}])
    for region, wants in itertools.product(
        ["new-1", "new-2"], itertools.product([False, True], [False, True])
    ):
        with RULES.case():
            theirs = rules.resolve(region, use_fips=wants[0], use_dualstack=wants[1])
            assert ours(region, fips=wants[0], dualstack=wants[1]) == theirs


def test_without_a_region_there_is_no_endpoint() -> None:
    rules = EndpointRules()
    with RULES.case():
        assert rules.resolve(None, use_fips=False, use_dualstack=False) is None
        assert ours(None, fips=False, dualstack=False) is None


def test_without_partitions_there_is_no_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "PARTITIONS", ())
    with pytest.raises(ConfigurationError, match="no endpoint rule applies"):
        resolve_endpoint(region="eu-west-1", use_fips=False, use_dualstack=False, endpoint=None)


def ours(
    region: str | None, *, fips: bool, dualstack: bool, endpoint: str | None = None
) -> str | None:
    try:
        return resolve_endpoint(
            region=region, use_fips=fips, use_dualstack=dualstack, endpoint=endpoint
        )
    except ConfigurationError:
        return None


def test_the_services_test_cases_pass(pytestconfig: pytest.Config) -> None:
    path = botocore_tests(pytestconfig) / "functional/endpoint-rules/ecr/endpoint-tests-1.json"
    cases: list[Any] = json.loads(path.read_bytes())["testCases"]
    assert len(cases) == 26
    for case in cases:
        given: Any = case.get("params", {})
        arguments: Any = {
            "region": given.get("Region"),
            "use_fips": given.get("UseFIPS", False),
            "use_dualstack": given.get("UseDualStack", False),
            "endpoint": given.get("Endpoint"),
        }
        with CASES.case():
            if "error" in case["expect"]:
                with pytest.raises(ConfigurationError) as caught:
                    resolve_endpoint(**arguments)
                assert str(caught.value) == case["expect"]["error"]
            else:
                assert resolve_endpoint(**arguments) == case["expect"]["endpoint"]["url"]


def test_a_configured_endpoint_is_found_where_aws_specifies(
    pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    """The cases configure S3 or DynamoDB, which ECR replaces here."""
    folder = botocore_tests(pytestconfig) / "functional/configured_endpoint_urls"
    (suite,) = json.loads((folder / "profile-tests.json").read_bytes())["testSuites"]
    assert len(suite["endpointUrlTests"]) == 39
    for case in suite["endpointUrlTests"]:
        with CONFIGURED.case():
            _assert_configured(suite, case, tmp_path / "config")


def _assert_configured(suite: Any, case: Any, config: Path) -> None:
    service: str = case["service"]
    config.write_text(_config_text(suite, case["profile"], service), encoding="utf-8")
    client: Any = suite["client_configs"][case["client_config"]]
    environ = {
        name.replace(service.upper(), "ECR"): value
        for name, value in suite["environments"][case["environment"]].items()
    }
    if "ignore_configured_endpoint_urls" in client:
        # The client has no such argument: set the variable instead.
        environ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
    settings = resolve_settings(
        ClientArguments(None, case["profile"], client.get("endpoint_url"), None, None),
        "ECR",
        {**environ, "AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"},
    )
    own = f"https://{service}.fake-region-10.amazonaws.com"
    expected: str = case["output"]["endpointUrl"]
    assert settings.endpoint.resolve(resolve_endpoint).url == (
        "https://api.ecr.fake-region-10.amazonaws.com" if expected == own else expected
    )


def _config_text(suite: Any, profile: str, service: str) -> str:
    """The configuration file of a case, with ECR instead of *service*."""
    settings: dict[str, str] = suite["profiles"][profile]
    lines = [f"[profile {profile}]", *(f"{key} = {value}" for key, value in settings.items())]
    if "services" in settings:
        lines.append(f"[services {settings['services']}]")
        for name, own in suite["services"][settings["services"]].items():
            lines.append(f"{'ecr' if name == service else name} =")
            lines += [f"  {key} = {value}" for key, value in own.items()]
    return "\n".join(lines) + "\n"

"""A wrong value is refused, and the message names its origin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ecrclient import ConfigurationError
from ecrclient._awsjson.settings.endpoints import EndpointSettings
from ecrclient._awsjson.settings.resolution import ClientArguments, Settings, resolve_settings

if TYPE_CHECKING:
    from tests.awsjson.settings.conftest import Aws


def resolve(
    region: str | None = "eu-west-1",
    profile: str | None = None,
    endpoint_url: str | None = None,
    use_fips: bool | None = None,
    use_dualstack: bool | None = None,
) -> Settings:
    arguments = ClientArguments(region, profile, endpoint_url, use_fips, use_dualstack)
    return resolve_settings(arguments, "ECR")


VARIABLES = [
    ("AWS_DEFAULT_REGION", "eu west 1", "cannot be part of a host name"),
    ("AWS_DEFAULT_REGION", "eu-west-1.evil.example/", "cannot be part of a host name"),
    ("AWS_DEFAULT_REGION", "123", "cannot be part of a host name"),
    ("AWS_DEFAULT_REGION", "-eu", "cannot be part of a host name"),
    ("AWS_REGION", "eu_west_1", "cannot be part of a host name"),
    ("AWS_PROFILE", "missing", "neither in ~/.aws/config nor in ~/.aws/credentials"),
    ("AWS_DEFAULT_PROFILE", "missing", "names the profile 'missing'"),
    ("AWS_MAX_ATTEMPTS", "many", "must be a whole number, not 'many'"),
    ("AWS_MAX_ATTEMPTS", "2.5", "must be a whole number"),
    ("AWS_MAX_ATTEMPTS", "0", "must be at least 1"),
    ("AWS_RETRY_MODE", "brave", "must be one of legacy, standard, adaptive, not 'brave'"),
    ("AWS_RETRY_MODE", "Standard", "must be one of"),
    ("AWS_DEFAULTS_MODE", "nice", "must be one of legacy"),
    ("AWS_ACCOUNT_ID_ENDPOINT_MODE", "maybe", "must be one of preferred, disabled, required"),
    ("AWS_USE_FIPS_ENDPOINT", "yes", "must be true or false, not 'yes'"),
    ("AWS_USE_DUALSTACK_ENDPOINT", "1", "must be true or false"),
    ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "on", "must be true or false"),
    ("AWS_CA_BUNDLE", "/nowhere/ca.pem", "must be an existing file"),
    ("AWS_CA_BUNDLE", " ", "must be an existing file"),
    ("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem", "must be an existing file"),
    ("AWS_ENDPOINT_URL", "localhost:4566", "must be an endpoint: http:// or https://"),
    ("AWS_ENDPOINT_URL", "ftp://localhost", "must be an endpoint: http:// or https://"),
    ("AWS_ENDPOINT_URL", "http://", "must be an endpoint: http:// or https://"),
    ("AWS_ENDPOINT_URL", f"http://{'a' * 64}", "must be an endpoint: http:// or https://"),
    ("AWS_ENDPOINT_URL", "http://a..b", "must be an endpoint: http:// or https://"),
    ("AWS_ENDPOINT_URL", "http://host:99999", "must be an endpoint: http:// or https://"),
    ("AWS_ENDPOINT_URL", "http://bücher.example", "must be an endpoint: http:// or https://"),
    ("AWS_ENDPOINT_URL", "http://ho\tst", "must be an endpoint: http:// or https://"),
    ("AWS_ENDPOINT_URL", "http://ho\nst", "must be an endpoint: http:// or https://"),
    ("AWS_ENDPOINT_URL", "http://[::1", "must be an endpoint"),
    ("AWS_ENDPOINT_URL", "http://[1::2::3]", "must be an endpoint"),
    ("AWS_ENDPOINT_URL", "http://host:port", "must be an endpoint"),
    ("AWS_ENDPOINT_URL_ECR", "http://host/path", "must be an endpoint: http:// or https://"),
    ("AWS_ENDPOINT_URL_ECR", "http://host?a=b", "must be an endpoint: http:// or https://"),
    ("AWS_ENDPOINT_URL_ECR", "http://host#a", "must be an endpoint: http:// or https://"),
]


@pytest.mark.parametrize(("name", "value", "problem"), VARIABLES)
def test_a_variable(name: str, value: str, problem: str, aws: Aws) -> None:
    aws.configure({name: value})
    region = None if "REGION" in name else "eu-west-1"

    with pytest.raises(ConfigurationError) as caught:
        resolve(region)

    assert f"environment variable {name} " in str(caught.value)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("region = ??", "which cannot be part of a host name"),
        ("max_attempts = x", "must be a whole number, not 'x'"),
        ("retry_mode = brave", "must be one of"),
        ("defaults_mode = nice", "must be one of"),
        ("use_fips_endpoint = ja", "must be true or false"),
        ("use_dualstack_endpoint = ja", "must be true or false"),
        ("ignore_configured_endpoint_urls = ja", "must be true or false"),
        ("ca_bundle = /nowhere/ca.pem", "must be an existing file"),
        ("endpoint_url = nothing", "must be an endpoint"),
        ("services = missing", "names the services section 'missing'"),
        ("region =\n  a = b", "must be one value, not a block of settings"),
    ],
)
@pytest.mark.parametrize("file", ["config", "credentials"])
def test_a_profile(line: str, problem: str, file: str, aws: Aws) -> None:
    section = "profile dev" if file == "config" else "dev"
    aws.configure(**{file: f"[{section}]\n{line}\n"})
    region = None if line.startswith("region") else "eu-west-1"

    with pytest.raises(ConfigurationError) as caught:
        resolve(region, profile="dev")

    setting = line.split(maxsplit=1)[0]
    assert str(caught.value).startswith(f"{setting} of profile dev in ~/.aws/{file} ")
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        (
            "ecr =\n  endpoint_url = ws://x",
            "endpoint_url of ecr of services s in ~/.aws/config must be",
        ),
        ("ecr = http://x", "ecr of services s in ~/.aws/config must be a block of settings"),
    ],
)
def test_a_services_section(section: str, problem: str, aws: Aws) -> None:
    aws.configure(config=f"[profile dev]\nservices = s\n\n[services s]\n{section}\n")

    with pytest.raises(ConfigurationError) as caught:
        resolve(profile="dev")

    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"region": "a b"}, "argument region is 'a b', which cannot"),
        ({"profile": "missing"}, "argument profile names the profile 'missing'"),
        ({"endpoint_url": "x"}, "argument endpoint_url must be an endpoint"),
    ],
)
def test_an_argument(arguments: dict[str, Any], problem: str, aws: Aws) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        resolve(**arguments)


def test_a_missing_region_is_refused(aws: Aws) -> None:
    with pytest.raises(ConfigurationError, match="no region: pass region="):
        resolve(None)


@pytest.mark.parametrize(
    "url",
    ["http://me:CANARY@host", "http://me:CANARY@host/p", "http://me:p/CANARY@host", "me:CANARY@h"],
)
def test_a_password_in_an_endpoint_is_not_shown(url: str, aws: Aws) -> None:
    aws.configure({"AWS_ENDPOINT_URL": url})

    with pytest.raises(ConfigurationError, match="environment variable AWS_ENDPOINT_URL") as caught:
        resolve()

    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("file", ["config", "credentials"])
def test_a_file_that_cannot_be_parsed_is_named_and_not_quoted(file: str, aws: Aws) -> None:
    aws.configure(**{file: "[default]\naws_secret_access_key CANARY\n"})

    with pytest.raises(ConfigurationError, match=rf"parse config file: .*{file}") as caught:
        resolve()

    assert "CANARY" not in str(caught.value)


def test_no_repr_shows_a_key(aws: Aws) -> None:
    from ecrclient._awsjson.settings.shared_config import load_profile

    keys = "aws_secret_access_key = CANARY\n"
    aws.configure(config=f"[default]\n{keys}", credentials=f"[default]\n{keys}")

    assert "CANARY" not in repr(load_profile(None, {}))


def test_a_setting_that_is_not_used_is_not_validated(aws: Aws) -> None:
    aws.configure({"AWS_DEFAULT_REGION": "??", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "?"})

    found = resolve("eu-west-1", endpoint_url="http://localhost:1").endpoint.configured
    assert found is not None
    assert found.text == "http://localhost:1"


@pytest.mark.parametrize("value", ["", None])
def test_aws_region_is_used_if_botocore_finds_no_region(value: str | None, aws: Aws) -> None:
    aws.configure(
        {"AWS_REGION": "eu-west-3"} | ({} if value is None else {"AWS_DEFAULT_REGION": value})
    )

    assert resolve(None).region == "eu-west-3"


@pytest.mark.parametrize(
    ("name", "line", "attribute", "expected"),
    [
        ("AWS_MAX_ATTEMPTS", "max_attempts = 4", "max_attempts", 4),
        ("AWS_RETRY_MODE", "retry_mode = adaptive", "retry_mode", "adaptive"),
        (
            "AWS_USE_FIPS_ENDPOINT",
            "use_fips_endpoint = true",
            "endpoint",
            EndpointSettings("eu-west-1", use_fips=True, use_dualstack=False, configured=None),
        ),
    ],
)
def test_an_empty_variable_counts_as_unset(
    name: str, line: str, attribute: str, expected: object, aws: Aws
) -> None:
    aws.configure({name: ""}, config=f"[default]\n{line}\n")

    # Records, such as an endpoint, are compared by identity.
    assert repr(getattr(resolve(), attribute)) == repr(expected)


def test_a_pseudo_region_causes_a_warning(aws: Aws, caplog: pytest.LogCaptureFixture) -> None:
    aws.configure({"AWS_DEFAULT_REGION": "fips-us-east-1"})

    settings = resolve(None)

    assert (settings.region, settings.pseudo_region) == ("us-east-1", "fips-us-east-1")
    [record] = caplog.records
    assert (record.name, record.levelname) == ("ecrclient._awsjson.settings.resolution", "WARNING")
    assert "AWS_DEFAULT_REGION is the pseudo-region fips-us-east-1" in record.getMessage()


def test_defaults_mode_auto_does_not_use_the_metadata_service(aws: Aws) -> None:
    aws.configure(
        {"AWS_DEFAULTS_MODE": "auto", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://192.0.2.1"}
    )

    assert resolve().connect_timeout == 3.1

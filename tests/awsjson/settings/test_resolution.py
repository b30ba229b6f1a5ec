"""The sources of settings, the resulting endpoints, and invalid settings."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import pytest

from ecrclient import CallOptions, ConfigurationError, ECRClient
from ecrclient._awsjson.settings.endpoints import Endpoint, EndpointSettings
from ecrclient._awsjson.settings.partitions import find_partition
from ecrclient._awsjson.settings.resolution import ClientArguments, Settings, resolve_settings
from ecrclient.endpoints import PARTITIONS, resolve_endpoint
from tests.tools.botocore_calls import EndpointRules
from tests.tools.records import changed

NOTHING = ClientArguments(None, None, None, None, None)
IRELAND = changed(NOTHING, region="eu-west-1")
ENDPOINT = "https://api.ecr.eu-west-1.amazonaws.com"


def resolve(arguments: ClientArguments, environ: dict[str, str] | None = None) -> Settings:
    return resolve_settings(arguments, "ECR", {**os.environ, **(environ or {})})


def endpoint(arguments: ClientArguments, environ: dict[str, str] | None = None) -> Endpoint:
    return resolve(arguments, environ).endpoint.resolve(resolve_endpoint)


def at(url: str) -> Endpoint:
    return endpoint(changed(IRELAND, endpoint_url=url))


# -- region --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "environ", "expected"),
    [
        ("eu-west-1", {}, "eu-west-1"),
        ("eu-west-1", {"AWS_DEFAULT_REGION": "eu-west-2", "AWS_REGION": "eu-west-3"}, "eu-west-1"),
        (None, {"AWS_DEFAULT_REGION": "eu-west-2", "AWS_REGION": "eu-west-3"}, "eu-west-2"),
        (None, {"AWS_REGION": "eu-west-3"}, "eu-west-3"),
        (None, {"AWS_DEFAULT_REGION": "", "AWS_REGION": "eu-west-3"}, "eu-west-3"),
    ],
)
def test_the_region_is_the_arguments_then_the_environments(
    argument: str | None, environ: dict[str, str], expected: str
) -> None:
    settings = resolve(changed(NOTHING, region=argument), environ)

    plain = EndpointSettings(expected, use_fips=False, use_dualstack=False, configured=None)
    # Records are compared by identity.
    assert repr(settings) == repr(Settings(region=expected, endpoint=plain))
    assert settings.endpoint.resolve(resolve_endpoint) == Endpoint(
        url=f"https://api.ecr.{expected}.amazonaws.com",
        host=f"api.ecr.{expected}.amazonaws.com",
        signing_region=expected,
    )


def test_the_region_of_a_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(
        "[default]\nregion = sa-east-1\n[profile far]\nregion = ap-east-1\n"
        "[profile bare]\noutput = json\n"
    )

    assert resolve(NOTHING).region == "sa-east-1"
    assert resolve(changed(NOTHING, profile="far")).region == "ap-east-1"
    assert resolve(changed(NOTHING, profile="far", region="eu-west-1")).region == "eu-west-1"
    with pytest.raises(ConfigurationError, match="no region"):
        resolve(changed(NOTHING, profile="bare"))
    with pytest.raises(ConfigurationError, match="absent"):
        resolve(changed(NOTHING, profile="absent"))
    monkeypatch.setenv("AWS_PROFILE", "far")
    assert resolve(NOTHING).region == "ap-east-1"


def test_the_error_of_a_missing_region_names_the_remedies() -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve(NOTHING)

    for remedy in ("region=", "AWS_DEFAULT_REGION", "profile"):
        assert remedy in str(caught.value)


def test_an_invalid_configuration_file_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[default\nregion = eu-west-1\n")

    with pytest.raises(ConfigurationError, match="config"):
        resolve(NOTHING)


@pytest.mark.parametrize(
    "region",
    [
        "evil.example.com/",
        "x@evil.example",
        "eu-west-1.evil",
        "eu-west-1\n",
        "eu-west-1#",
        "a/b",
        "a?b",
        " ",
        "-a",
        "a-",
        "a" * 64,
        "eu_west_1",
        "ëu-west-1",
    ],
)
def test_a_region_must_be_a_host_label(region: str) -> None:
    for arguments, environ in (
        (changed(NOTHING, region=region), {}),
        (NOTHING, {"AWS_DEFAULT_REGION": region}),
    ):
        with pytest.raises(ConfigurationError, match="cannot be part of a host name"):
            resolve(arguments, environ)


# -- endpoint ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "environ", "expected"),
    [
        (
            "http://arg",
            {"AWS_ENDPOINT_URL_ECR": "http://svc", "AWS_ENDPOINT_URL": "http://all"},
            "http://arg",
        ),
        (
            None,
            {"AWS_ENDPOINT_URL_ECR": "http://svc", "AWS_ENDPOINT_URL": "http://all"},
            "http://svc",
        ),
        (None, {"AWS_ENDPOINT_URL": "http://all"}, "http://all"),
        (None, {"AWS_ENDPOINT_URL_ECR": "", "AWS_ENDPOINT_URL": "http://all"}, "http://all"),
        (None, {"AWS_ENDPOINT_URL_S3": "http://other"}, ENDPOINT),
        (
            None,
            {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE", "AWS_ENDPOINT_URL_ECR": "http://svc"},
            ENDPOINT,
        ),
        (
            None,
            {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false", "AWS_ENDPOINT_URL": "http://all"},
            "http://all",
        ),
        ("http://arg", {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, "http://arg"),
    ],
)
def test_the_endpoint_is_the_arguments_then_the_environments(
    argument: str | None, environ: dict[str, str], expected: str
) -> None:
    assert endpoint(changed(IRELAND, endpoint_url=argument), environ).url == expected


@pytest.mark.parametrize(
    ("argument", "value", "expected"),
    [
        (None, "true", True),
        (None, "TRUE", True),
        (None, "false", False),
        (None, "", False),
        (None, None, False),
        (True, "false", True),
        (False, "true", False),
        (False, "wrong", False),
    ],
)
@pytest.mark.parametrize(
    ("member", "variable", "there"),
    [
        ("use_fips", "AWS_USE_FIPS_ENDPOINT", "https://api.ecr-fips.eu-west-1.amazonaws.com"),
        ("use_dualstack", "AWS_USE_DUALSTACK_ENDPOINT", "https://ecr.eu-west-1.api.aws"),
    ],
)
def test_flags(
    member: str, variable: str, there: str, argument: bool | None, value: str | None, expected: bool
) -> None:
    environ = {} if value is None else {variable: value}
    flag: dict[str, Any] = {member: argument}
    found = endpoint(changed(IRELAND, **flag), environ)

    assert found.url == (there if expected else ENDPOINT)


@pytest.mark.parametrize("value", ["yes", "1", "tru", " true"])
@pytest.mark.parametrize("variable", ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])
def test_the_error_of_a_wrong_flag_has_its_name(variable: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=variable):
        resolve(IRELAND, {variable: value})


@pytest.mark.parametrize("flag", ["use_fips", "use_dualstack"])
def test_a_custom_endpoint_excludes_flags(flag: str) -> None:
    on: dict[str, Any] = {flag: True}
    flagged = changed(IRELAND, **on)
    with pytest.raises(ConfigurationError, match="custom endpoint"):
        endpoint(changed(flagged, endpoint_url="http://arg"))
    with pytest.raises(ConfigurationError, match="custom endpoint"):
        endpoint(flagged, {"AWS_ENDPOINT_URL": "http://all"})


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://h", "h"),
        ("https://h/", "h"),
        ("https://h:443", "h"),
        ("https://h:80", "h:80"),
        ("http://h:80", "h"),
        ("http://h:443", "h:443"),
        ("http://localhost:4566/", "localhost:4566"),
        ("HTTPS://EXAMPLE.com:8443", "example.com:8443"),
        ("http://127.0.0.1:5000", "127.0.0.1:5000"),
        ("http://[::1]", "[::1]"),
        ("http://[::1]:80", "[::1]"),
        ("http://[::1]:5000", "[::1]:5000"),
    ],
)
def test_the_host_header(url: str, host: str) -> None:
    found = at(url)

    assert found.host == host
    assert found.url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "h",
        "h:5000",
        "//h",
        "ftp://h",
        "http://",
        "http:///",
        "https:h",
        "http://h/path",
        "http://h//",
        "http://h?a=b",
        "http://user@h",
        "http://user:pass@h",
    ],
)
def test_an_endpoint_must_have_a_valid_host(url: str) -> None:
    with pytest.raises(ConfigurationError, match="endpoint"):
        at(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://h:99999",
        "http://h:port",
        "http://[::1",
        "http://:pass@h",
        "http://h#fragment",
        "http://h?",
        "http://h\n",
        " http://h",
        "http://a b",
        "http://b\xfccher.example",
    ],
)
def test_an_endpoint_must_not_have_other_parts(url: str) -> None:
    with pytest.raises(ConfigurationError, match="endpoint"):
        at(url)


def test_a_refused_endpoint_does_not_show_its_password() -> None:
    with pytest.raises(ConfigurationError) as caught:
        at("ftp://user:s3cret@h")

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://h:\u0668\u0660", "http://[:::]", "http://[1.2]"])
def test_an_endpoint_that_httpx_refuses_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="endpoint"):
        at(url)


# -- the endpoint rules --------------------------------------------------------------------------

RULES = EndpointRules()
UNLISTED = ["us-east-99", "us-gov-south-9", "cn-east-9", "us-isob-north-9", "moon-base-1", "x"]


@pytest.mark.generator
@pytest.mark.parametrize("use_dualstack", [False, True])
@pytest.mark.parametrize("use_fips", [False, True])
@pytest.mark.parametrize("region", [*RULES.regions(), *UNLISTED])
def test_endpoints_are_those_of_botocores_rule_engine(
    region: str, use_fips: bool, use_dualstack: bool
) -> None:
    try:
        ours = resolve_endpoint(
            region=region, use_fips=use_fips, use_dualstack=use_dualstack, endpoint=None
        )
    except ConfigurationError:
        ours = None

    assert ours == RULES.resolve(region, use_fips=use_fips, use_dualstack=use_dualstack)


@pytest.mark.generator
def test_the_partitions_list_the_same_regions() -> None:
    listed = [region for partition in PARTITIONS for region in partition.regions]

    assert sorted(listed) == sorted(RULES.regions())


def test_without_partitions_there_is_no_partition() -> None:
    assert find_partition((), "eu-west-1") is None


# -- options -------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, -1, math.nan, -math.inf])
@pytest.mark.parametrize("name", ["timeout", "deadline"])
def test_options_refuse_bad_values(name: str, value: float) -> None:
    wrong: dict[str, Any] = {name: value}
    with pytest.raises(ConfigurationError, match=name):
        CallOptions(**wrong)


def test_options_may_have_no_limits() -> None:
    options = CallOptions(timeout=None, deadline=None)

    assert (options.timeout, options.deadline, options.retry) == (None, None, None)


@pytest.mark.parametrize("wrong", [0, -1])
def test_max_connections_is_at_least_one(wrong: int) -> None:
    with pytest.raises(ConfigurationError, match="max_connections"):
        ECRClient(max_connections=wrong)

"""Settings are those of botocore, over a table of arguments, environments and profiles."""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from ecrclient._awsjson.settings.resolution import ClientArguments, resolve_settings
from ecrclient.endpoints import resolve_endpoint

if TYPE_CHECKING:
    from tests.awsjson.settings.conftest import Aws


@dataclass(frozen=True)
class Case:
    name: str
    environ: Mapping[str, str] = field(default_factory=dict[str, str])
    config: str = ""
    credentials: str = ""
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    use_fips: bool | None = None
    use_dualstack: bool | None = None


@dataclass(frozen=True)
class Resolved:
    """The settings that are compared."""

    region: str
    url: str
    signed_for: str
    ca_bundle: str | None
    retry_mode: str
    max_attempts: int | None
    defaults_mode: str
    connect_timeout: float | None


IRELAND = {"AWS_DEFAULT_REGION": "eu-west-1"}
DEFAULT = """
    [default]
    region = eu-north-1
"""
PROFILES = """
    [default]
    region = eu-north-1

    [profile dev]
    region = us-west-2
    retry_mode = adaptive
    max_attempts = 7
    defaults_mode = in-region
    ca_bundle = {ca}

    [profile "two words"]
    region = sa-east-1

    [profile fips]
    region = us-east-1
    use_fips_endpoint = true

    [profile dual]
    region = us-east-1
    use_dualstack_endpoint = TRUE

    [profile both]
    region = us-gov-west-1
    use_fips_endpoint = true
    use_dualstack_endpoint = true

    [profile empty]

    [profile url]
    region = eu-west-1
    endpoint_url = http://profile.example:5000

    [profile services]
    region = eu-west-1
    services = local
    endpoint_url = http://profile.example

    [profile others]
    region = eu-west-1
    services = others
    endpoint_url = http://profile.example

    [profile ignoring]
    region = eu-west-1
    services = local
    ignore_configured_endpoint_urls = true

    [profile unignoring]
    region = eu-west-1
    services = local
    ignore_configured_endpoint_urls = false

    [services local]
    ecr =
      endpoint_url = http://services.example:4566
      max_attempts = 99
    s3 =
      endpoint_url = http://s3.example

    [services others]
    s3 =
      endpoint_url = http://s3.example
"""
KEYS = """
    [default]
    aws_access_key_id = AKID
    aws_secret_access_key = secret
    region = ca-central-1

    [dev]
    aws_access_key_id = AKID
    aws_secret_access_key = secret
    max_attempts = 4

    [only-keys]
    aws_access_key_id = AKID
    aws_secret_access_key = secret
"""

CASES = [
    # Region
    Case("region argument", region="eu-west-1"),
    Case("region variable", IRELAND),
    Case("region argument before variable", IRELAND, region="us-east-2"),
    Case("region of default profile", config=DEFAULT),
    Case("variable before default profile", IRELAND, DEFAULT),
    Case("AWS_REGION is not read before the profile", {"AWS_REGION": "us-east-1"}, DEFAULT),
    Case("AWS_REGION is not read beside the variable", {**IRELAND, "AWS_REGION": "us-east-1"}),
    Case("an unknown region", region="xx-north-9"),
    Case("China", region="cn-north-1"),
    Case("GovCloud", region="us-gov-east-1"),
    Case("isolated", region="us-iso-east-1"),
    Case("European sovereign", region="eusc-de-east-1"),
    # Profile
    Case("profile argument", config=PROFILES, profile="dev"),
    Case("profile argument before variable", {"AWS_PROFILE": "fips"}, PROFILES, profile="dev"),
    Case("AWS_PROFILE", {"AWS_PROFILE": "dev"}, PROFILES),
    Case(
        "AWS_DEFAULT_PROFILE goes before AWS_PROFILE",
        {"AWS_PROFILE": "fips", "AWS_DEFAULT_PROFILE": "dev"},
        PROFILES,
    ),
    Case("profile of two words", {"AWS_PROFILE": "two words"}, PROFILES),
    Case("default named", {"AWS_PROFILE": "default"}, PROFILES),
    Case("the empty profile takes nothing from default", IRELAND, PROFILES, profile="empty"),
    Case("credentials file has a region", credentials=KEYS),
    Case("credentials file goes before configuration", config=PROFILES, credentials=KEYS),
    Case("both files of one profile", {"AWS_PROFILE": "dev"}, PROFILES, KEYS),
    Case("profile in the credentials file alone", IRELAND, DEFAULT, KEYS, profile="only-keys"),
    Case(
        "other files",
        {"AWS_CONFIG_FILE": "$HOME/.aws/credentials", "AWS_SHARED_CREDENTIALS_FILE": "~/none"},
        credentials=DEFAULT,
    ),
    # Endpoint
    Case("endpoint argument", IRELAND, endpoint_url="http://localhost:4566"),
    Case("endpoint with a slash", IRELAND, endpoint_url="https://ecr.example/"),
    Case("endpoint IPv6", IRELAND, endpoint_url="http://[::1]:4566"),
    Case("AWS_ENDPOINT_URL", {**IRELAND, "AWS_ENDPOINT_URL": "http://all.example"}),
    Case(
        "AWS_ENDPOINT_URL_ECR goes first",
        {
            **IRELAND,
            "AWS_ENDPOINT_URL": "http://all.example",
            "AWS_ENDPOINT_URL_ECR": "http://ecr.example",
        },
    ),
    Case(
        "an empty one is none",
        {**IRELAND, "AWS_ENDPOINT_URL": "http://all.example", "AWS_ENDPOINT_URL_ECR": ""},
    ),
    Case("another service's", {**IRELAND, "AWS_ENDPOINT_URL_S3": "http://s3.example"}),
    Case("endpoint of the profile", config=PROFILES, profile="url"),
    Case("services section", config=PROFILES, profile="services"),
    Case("services section without the service", config=PROFILES, profile="others"),
    Case(
        "variable before services section",
        {"AWS_ENDPOINT_URL": "http://all.example"},
        PROFILES,
        profile="services",
    ),
    Case(
        "argument before services section",
        config=PROFILES,
        profile="services",
        endpoint_url="http://localhost:1",
    ),
    # Ignoring
    Case(
        "ignored in the environment",
        {**IRELAND, "AWS_ENDPOINT_URL": "http://x", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    ),
    Case(
        "the profile's are ignored too",
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "True"},
        PROFILES,
        profile="services",
    ),
    Case(
        "the argument is not ignored",
        {**IRELAND, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        endpoint_url="http://localhost:1",
    ),
    Case("ignored in the profile", config=PROFILES, profile="ignoring"),
    Case("not ignored in the profile", config=PROFILES, profile="unignoring"),
    Case(
        "the profile ignores the environment's",
        {"AWS_ENDPOINT_URL": "http://all.example"},
        PROFILES,
        profile="ignoring",
    ),
    Case(
        "the environment overrules the profile's ignoring",
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"},
        PROFILES,
        profile="ignoring",
    ),
    # FIPS and dual-stack
    Case("FIPS argument", region="us-east-1", use_fips=True),
    Case("FIPS variable", {**IRELAND, "AWS_USE_FIPS_ENDPOINT": "true"}),
    Case("FIPS variable in capitals", {**IRELAND, "AWS_USE_FIPS_ENDPOINT": "TRUE"}),
    Case("FIPS profile", config=PROFILES, profile="fips"),
    Case(
        "FIPS off in the environment", {"AWS_USE_FIPS_ENDPOINT": "false"}, PROFILES, profile="fips"
    ),
    Case("FIPS off as argument", config=PROFILES, profile="fips", use_fips=False),
    Case("dual-stack argument", region="eu-west-1", use_dualstack=True),
    Case("dual-stack variable", {**IRELAND, "AWS_USE_DUALSTACK_ENDPOINT": "true"}),
    Case("dual-stack profile", config=PROFILES, profile="dual"),
    Case("both in the profile", config=PROFILES, profile="both"),
    Case("both as arguments", region="us-west-1", use_fips=True, use_dualstack=True),
    Case("FIPS pseudo-region before", region="fips-us-east-1"),
    Case("FIPS pseudo-region after", region="us-east-1-fips"),
    Case("FIPS pseudo-region variable", {"AWS_DEFAULT_REGION": "us-gov-west-1-fips"}),
    Case("FIPS pseudo-region against the argument", region="fips-us-east-1", use_fips=False),
    Case("FIPS pseudo-region with dual-stack", region="fips-us-west-2", use_dualstack=True),
    Case(
        "an endpoint drops the environment's FIPS and dual-stack",
        {**IRELAND, "AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
        endpoint_url="http://localhost:1",
    ),
    Case(
        "a configured endpoint drops the profile's FIPS",
        {"AWS_ENDPOINT_URL": "http://all.example"},
        PROFILES,
        profile="fips",
    ),
    Case(
        "an endpoint drops the pseudo-region's FIPS",
        region="fips-us-east-1",
        endpoint_url="http://localhost:1",
    ),
    # The rest
    Case("retry variables", {**IRELAND, "AWS_RETRY_MODE": "adaptive", "AWS_MAX_ATTEMPTS": "9"}),
    Case(
        "retry variables before the profile",
        {"AWS_RETRY_MODE": "standard", "AWS_MAX_ATTEMPTS": "2"},
        PROFILES,
        profile="dev",
    ),
    Case("legacy retries", {**IRELAND, "AWS_RETRY_MODE": "legacy"}),
    Case("a number with blanks", {**IRELAND, "AWS_MAX_ATTEMPTS": " 5 "}),
    Case("no retries", {**IRELAND, "AWS_MAX_ATTEMPTS": "1"}),
    Case("CA bundle", {**IRELAND, "AWS_CA_BUNDLE": "{ca}"}),
    Case("CA bundle of requests", {**IRELAND, "REQUESTS_CA_BUNDLE": "{ca}"}),
    Case(
        "CA bundle of AWS goes first",
        {**IRELAND, "REQUESTS_CA_BUNDLE": "/nowhere", "AWS_CA_BUNDLE": "{ca}"},
    ),
    Case("defaults mode", {**IRELAND, "AWS_DEFAULTS_MODE": "standard"}),
    Case("defaults mode in capitals", {**IRELAND, "AWS_DEFAULTS_MODE": "Mobile"}),
    Case("defaults mode legacy", {**IRELAND, "AWS_DEFAULTS_MODE": "legacy"}),
    Case("defaults mode cross-region", {**IRELAND, "AWS_DEFAULTS_MODE": "cross-region"}),
    Case(
        "defaults mode auto at home",
        {
            "AWS_DEFAULTS_MODE": "auto",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_REGION": "eu-west-1",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        },
    ),
    Case(
        "defaults mode auto abroad",
        {
            "AWS_DEFAULTS_MODE": "auto",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_REGION": "us-east-1",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        },
    ),
]


def botocore(module: str) -> Any:
    return importlib.import_module(f"botocore.{module}")


@functools.cache
def loader() -> Any:
    return botocore("loaders").Loader()


class Body:
    """The part of urllib3's response that botocore uses."""

    def stream(self) -> Iterator[bytes]:
        yield b"{}"


def resolve_with_botocore(case: Case) -> Resolved:
    """The request of botocore, which is not sent, and the configuration of its client."""
    session = botocore("session").Session(profile=case.profile)
    session.register_component("data_loader", loader())
    flags = {"use_fips_endpoint": case.use_fips, "use_dualstack_endpoint": case.use_dualstack}
    given = {name: value for name, value in flags.items() if value is not None}
    client = session.create_client(
        "ecr",
        region_name=case.region,
        endpoint_url=case.endpoint_url,
        aws_access_key_id="AKID",
        aws_secret_access_key="secret",
        # A Config, even an empty one, would override the connect timeout of the defaults mode.
        config=botocore("config").Config(**given) if given else None,
    )
    sent: list[Any] = []

    def respond(request: Any, **_: object) -> Any:
        sent.append(request)
        return botocore("awsrequest").AWSResponse(request.url, 200, {}, Body())

    client.meta.events.register("before-send.ecr", respond)
    client.describe_registry()
    authorization = sent[0].headers["Authorization"].decode()
    scope = re.search(r"Credential=AKID/\d+/([^/]+)/ecr/aws4_request", authorization)
    assert scope
    config = client.meta.config
    verify = client._endpoint.http_session._verify
    timeout = config.connect_timeout
    return Resolved(
        region=client.meta.region_name,
        url=sent[0].url.rstrip("/"),
        signed_for=scope[1],
        ca_bundle=verify if isinstance(verify, str) else None,
        retry_mode=config.retries["mode"],
        max_attempts=config.retries.get("total_max_attempts"),
        defaults_mode=session.get_config_variable("defaults_mode").lower(),
        connect_timeout=None if timeout == 60 else timeout,
    )


def resolve(case: Case) -> Resolved:
    settings = resolve_settings(
        ClientArguments(
            case.region, case.profile, case.endpoint_url, case.use_fips, case.use_dualstack
        ),
        "ECR",
    )
    endpoint = settings.endpoint.resolve(resolve_endpoint)
    assert f"//{endpoint.host}" in endpoint.url
    return Resolved(
        region=settings.region,
        url=endpoint.url,
        signed_for=endpoint.signing_region,
        ca_bundle=settings.ca_bundle,
        retry_mode=settings.retry_mode or "standard",
        max_attempts=settings.max_attempts,
        defaults_mode=settings.defaults_mode,
        connect_timeout=settings.connect_timeout,
    )


@pytest.mark.generator
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_settings_are_those_of_botocore(case: Case, aws: Aws) -> None:
    aws.configure(case.environ, config=case.config, credentials=case.credentials)

    assert resolve(case) == resolve_with_botocore(case)


def test_the_table_has_enough_cases() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)

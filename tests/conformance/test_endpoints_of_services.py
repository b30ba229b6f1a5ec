"""The endpoint rules of every supported service resolve as botocore's."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore
import pytest

from codegen import aws_model
from codegen.aws_model import ModelError
from codegen.model_to_ir import Facts, build_service
from codegen.overlay import Overlay
from codegen.render import endpoints
from ecrclient import ConfigurationError
from tests.conformance.effort import FULL
from tests.conformance.generated import service_data
from tests.conformance.tally import Reference
from tests.tools.botocore_calls import EndpointRules

RULES = Reference("botocore's endpoint engine: every AWS JSON service")
DATA = Path(botocore.__file__).parent / "data"
SERVICES = (
    sorted({path.parent.parent.name for path in DATA.glob("*/*/service-2*")})
    if FULL
    else ["events", "kinesis", "memorydb", "organizations", "s3", "stepfunctions", "support"]
)
REGIONS = ["us-east-1", "us-west-2", "cn-north-1", "us-gov-west-1", "eu-west-99", "aws-global"]
ELSEWHERE = "an endpoint that is signed for another region must be requested with that region"
HOSTS = "has a host prefix, which is not supported"
REFUSED = {
    "acm": "a client cannot supply the parameter 'ServiceType'",
    "dynamodb": "the function 'parseURL' is not supported",
    "healthlake": HOSTS,
    "kinesis": "a client cannot supply the parameter 'ResourceType'",
    "logs": HOSTS,
    "opensearchmemory": "the function 'isValidHostLabel' is not supported",
    "servicediscovery": HOSTS,
    "stepfunctions": HOSTS,
}


def test_the_endpoints_of_a_service_are_botocores() -> None:
    for service in SERVICES:
        metadata = service_data(service)["metadata"]
        if "json" not in {metadata["protocol"], *metadata.get("protocols", ())}:
            continue
        if service in REFUSED:
            reason = f"the generator refuses a service: {REFUSED[service]}"
            with RULES.differs(reason), pytest.raises(ModelError, match=REFUSED[service]):
                resolver(service)
            continue
        resolve = resolver(service)
        rules = EndpointRules(service)
        for region, fips, dualstack in itertools.product(REGIONS, [False, True], [False, True]):
            settings = {"use_fips": fips, "use_dualstack": dualstack}
            url, signed_for = rules.resolve_signed(region, **settings)
            if signed_for == region:
                with RULES.case():
                    assert resolve(region, **settings) == url, service
            else:
                with RULES.differs(ELSEWHERE), pytest.raises(ConfigurationError) as refused:
                    resolve(region, **settings)
                assert str(refused.value).endswith(f"pass region={signed_for}"), service


def resolver(name: str) -> Callable[..., str | None]:
    """The generated function for a service's rules, which returns None where they refuse."""
    facts = Facts({}, frozenset(), {})
    service = build_service(aws_model.load(name), Overlay(), facts, package="any")
    module: dict[str, Any] = {}
    exec(endpoints.render(service), module)
    known = inspect.signature(module["resolve_endpoint"]).parameters

    def resolve(region: str, **flags: bool) -> str | None:
        settings = {"region": region, "endpoint": None, **flags}
        try:
            url: str = module["resolve_endpoint"](**{name: settings[name] for name in known})
        except ConfigurationError as error:
            if "signing region" in str(error):
                raise
            return None
        return url

    return resolve

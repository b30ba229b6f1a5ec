"""Signatures are those of botocore, and the key cache never returns the wrong key."""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecrclient import Credentials
from ecrclient._awsjson.attempts.signing import Signer
from ecrclient._awsjson.settings.resolution import ClientArguments, resolve_settings
from ecrclient.endpoints import resolve_endpoint
from tests.tools.botocore_calls import sigv4_headers

KEY = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
NOON = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
HOST = "api.ecr.eu-west-1.amazonaws.com"
TARGET = "AmazonEC2ContainerRegistry_V20150921.ListImages"
CONTENT_TYPE = "application/x-amz-json-1.1"

TOKENS = st.text("ABCXYZabcxyz0189+/=", min_size=1, max_size=400)
CREDENTIALS = st.builds(
    Credentials,
    st.from_regex(r"[A-Z0-9]{1,128}", fullmatch=True),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip),
    st.none() | TOKENS,
)
HOSTS = st.sampled_from([HOST, "localhost", "127.0.0.1", "[::1]", "a.b-c.example"])
PORTS = st.sampled_from(["", ":80", ":443"]) | st.integers(1, 65535).map(":{}".format)
TIMES = st.integers(0, 250 * 10**9).map(
    lambda seconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def sign(
    credentials: Credentials = KEY,
    *,
    signer: Signer | None = None,
    region: str = "eu-west-1",
    host: str = HOST,
    target: str = TARGET,
    body: bytes = b"{}",
    now: datetime = NOON,
) -> dict[str, str]:
    headers = (signer or Signer(region, "ecr")).sign(
        credentials,
        host=host.encode(),
        content_type=CONTENT_TYPE.encode(),
        target=target.encode(),
        body=body,
        now=now,
    )
    assert len(dict(headers)) == len(headers), "a header is repeated"
    return {name.decode(): value.decode() for name, value in headers}


@pytest.mark.generator
@settings(deadline=None)
@given(
    credentials=CREDENTIALS,
    scheme=st.sampled_from(["http", "https"]),
    host=HOSTS,
    port=PORTS,
    region=st.from_regex(r"[a-z]{2}-[a-z]{4,9}-[1-9]", fullmatch=True),
    target=st.from_regex(r"[A-Za-z0-9_]{1,40}\.[A-Za-z]{1,40}", fullmatch=True),
    body=st.binary(max_size=2000),
    now=TIMES,
)
def test_signatures_are_those_of_botocore(
    credentials: Credentials,
    scheme: str,
    host: str,
    port: str,
    region: str,
    target: str,
    body: bytes,
    now: datetime,
) -> None:
    url = f"{scheme}://{host}{port}"
    # The host header of the client, so that the rule for the port is compared with botocore's too.
    settings = resolve_settings(ClientArguments(region, None, url, None, None), "ECR", {})
    host = settings.endpoint.resolve(resolve_endpoint).host

    signed = sign(credentials, region=region, host=host, target=target, body=body, now=now)

    assert signed == sigv4_headers(
        credentials,
        url=f"{url}/",
        region=region,
        content_type=CONTENT_TYPE,
        target=target,
        body=body,
        now=now,
    )


@settings(deadline=None)
@given(
    secret=st.text("abcXYZ019/+", min_size=1), region=st.sampled_from(["eu-west-1", "cn-north-1"])
)
def test_signing_key_is_that_of_aws_requests_auth(secret: str, region: str) -> None:
    """AWSRequestsAuth signs fewer headers, so its key signs the client's string to sign."""
    theirs: Any = pytest.importorskip("aws_requests_auth.aws_auth")
    canonical_request = (
        f"POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{HOST}\nx-amz-date:20150830T123600Z\n"
        f"x-amz-target:{TARGET}\n\ncontent-type;host;x-amz-date;x-amz-target\n"
        f"{hashlib.sha256(b'{}').hexdigest()}"
    )
    string_to_sign = (
        f"AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/{region}/ecr/aws4_request\n"
        f"{hashlib.sha256(canonical_request.encode()).hexdigest()}"
    )
    key = theirs.getSignatureKey(secret, "20150830", region, "ecr")

    signed = sign(Credentials("AKID", secret), region=region)

    assert signature(signed) == theirs.sign(key, string_to_sign).hex()


def signature(headers: dict[str, str]) -> str:
    found = re.fullmatch(r"AWS4-HMAC-SHA256 .*, Signature=([0-9a-f]{64})", headers["authorization"])
    assert found
    return found[1]


TOMORROW = NOON + timedelta(days=1)
OTHER_SECRET = replace(KEY, secret_access_key="another")


@pytest.mark.parametrize(
    ("credentials", "now"),
    [
        pytest.param(KEY, TOMORROW, id="new day"),
        pytest.param(OTHER_SECRET, NOON, id="new secret"),
        pytest.param(OTHER_SECRET, TOMORROW, id="both"),
        pytest.param(replace(KEY, access_key_id="AKIDOTHER"), NOON, id="new key id"),
        pytest.param(replace(KEY, session_token="token"), NOON, id="new token"),
    ],
)
def test_a_used_signer_signs_like_a_new_one(credentials: Credentials, now: datetime) -> None:
    used = Signer("eu-west-1", "ecr")
    before = sign(signer=used)

    after = sign(credentials, signer=used, now=now)

    assert after == sign(credentials, now=now)
    assert after["authorization"] != before["authorization"]
    assert sign(signer=used) == before, "the first key is derived again"


def test_the_region_is_part_of_the_signature() -> None:
    assert signature(sign(region="eu-west-1")) != signature(sign(region="eu-west-2"))


def test_a_token_is_sent_and_signed() -> None:
    one, two = (sign(replace(KEY, session_token=token)) for token in ("one", "two"))

    assert one["x-amz-security-token"] == "one"
    assert "x-amz-date;x-amz-security-token;x-amz-target," in one["authorization"]
    assert signature(one) != signature(two)
    assert "x-amz-security-token" not in sign(KEY)


@pytest.mark.parametrize(
    "changed",
    [{"body": b"{ }"}, {"host": f"{HOST}:8443"}, {"target": "A.B"}, {"now": TOMORROW}],
    ids=lambda changed: next(iter(changed)),
)
def test_each_part_of_the_request_is_signed(changed: dict[str, Any]) -> None:
    assert signature(sign(**changed)) != signature(sign())


def test_a_time_in_another_zone_is_signed_as_utc() -> None:
    there = NOON.astimezone(timezone(timedelta(hours=9)))

    assert sign(now=there) == sign(now=NOON)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this platform cannot set the time zone")
def test_the_local_time_zone_does_not_affect_the_signature() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "JST-9")
        time.tzset()
        signed = sign(now=NOON)
    time.tzset()

    assert signed["x-amz-date"] == "20150830T123600Z"


def test_an_empty_token_is_not_sent() -> None:
    assert sign(replace(KEY, session_token="")) == sign(KEY)

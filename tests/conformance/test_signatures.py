"""Signatures match those of three other signers, which match AWS's test vectors."""

from __future__ import annotations

import importlib
import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecrclient import Credentials
from ecrclient._awsjson.attempts.signing import Signer
from tests.awsjson.attempts.test_signing import CONTENT_TYPE, CREDENTIALS, HOSTS, PORTS, TIMES
from tests.conformance.downloads import botocore_tests
from tests.conformance.effort import examples
from tests.conformance.tally import Reference
from tests.tools.botocore_calls import botocore, sigv4_headers

BOTOCORE = Reference("botocore's SigV4Auth")
CRT = Reference("awscrt's signer")
REQUESTS_AUTH = Reference("aws-requests-auth's key and signature")
VECTORS = Reference("AWS's SigV4 test vectors: key, scope, signature")


def sign(
    region: str,
    service: str,
    credentials: Credentials,
    *,
    host: str,
    target: str,
    body: bytes,
    now: datetime,
) -> dict[str, str]:
    """The headers that this project's signer adds, with names in lower case."""
    headers = Signer(region, service).sign(
        credentials,
        host=host.encode(),
        content_type=CONTENT_TYPE.encode(),
        target=target.encode(),
        body=body,
        now=now,
    )
    return {name.decode().lower(): value.decode() for name, value in headers}


def crt_headers(
    region: str, credentials: Credentials, *, host: str, target: str, body: bytes, now: datetime
) -> dict[str, str]:
    """The headers that AWS's C implementation adds."""
    auth: Any = importlib.import_module("awscrt.auth")
    http: Any = importlib.import_module("awscrt.http")
    given = [("host", host), ("content-type", CONTENT_TYPE), ("x-amz-target", target)]
    request = http.HttpRequest("POST", "/", http.HttpHeaders(given), io.BytesIO(body))
    config = auth.AwsSigningConfig(
        algorithm=auth.AwsSigningAlgorithm.V4,
        signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
        credentials_provider=auth.AwsCredentialsProvider.new_static(
            credentials.access_key_id, credentials.secret_access_key, credentials.session_token
        ),
        region=region,
        service="ecr",
        date=now,
        signed_body_header_type=auth.AwsSignedBodyHeaderType.NONE,
    )
    signed = auth.aws_sign_request(request, config).result(10)
    return {name.lower(): value for name, value in signed.headers if (name, value) not in given}


def string_to_sign(service: str, url: str, headers: dict[str, str], body: bytes) -> str:
    """botocore's string to sign for a request with these headers."""
    auth = botocore("auth")
    request = botocore("awsrequest").AWSRequest("POST", url, headers=headers, data=body)
    request.context["timestamp"] = headers["x-amz-date"]
    signer = auth.SigV4Auth(botocore("credentials").Credentials("-", "-"), service, "us-east-1")
    text: str = signer.string_to_sign(request, signer.canonical_request(request))
    return text


@examples(quick=60, full=3000)
@given(
    credentials=CREDENTIALS,
    host=HOSTS,
    port=PORTS,
    region=st.from_regex(r"[a-z]{2}-[a-z]{4,9}-[1-9]", fullmatch=True),
    target=st.from_regex(r"[A-Za-z0-9_]{1,40}\.[A-Za-z]{1,40}", fullmatch=True),
    body=st.binary(max_size=2000),
    now=TIMES,
)
def test_the_headers_match_botocore_and_awscrt(
    credentials: Credentials,
    host: str,
    port: str,
    region: str,
    target: str,
    body: bytes,
    now: datetime,
) -> None:
    # The header has the port only if it is not the scheme's default.
    header = host + ("" if port in {":80", ":443"} else port)
    scheme = "http" if port == ":80" else "https"

    ours = sign(region, "ecr", credentials, host=header, target=target, body=body, now=now)

    with CRT.case():
        assert ours == crt_headers(
            region, credentials, host=header, target=target, body=body, now=now
        )
    with BOTOCORE.case():
        assert ours == sigv4_headers(
            credentials,
            url=f"{scheme}://{host}{port}/",
            region=region,
            content_type=CONTENT_TYPE,
            target=target,
            body=body,
            now=now,
        )


def requests_auth_signature(secret: str, service: str, text: str) -> str:
    """aws-requests-auth's signature of a string to sign."""
    theirs: Any = importlib.import_module("aws_requests_auth.aws_auth")
    date, region = text.split("\n")[2].split("/")[:2]
    signature: bytes = theirs.sign(theirs.getSignatureKey(secret, date, region, service), text)
    return signature.hex()


@examples(quick=30, full=1000)
@given(credentials=CREDENTIALS, body=st.binary(max_size=200), now=TIMES)
def test_the_signature_matches_aws_requests_auth(
    credentials: Credentials, body: bytes, now: datetime
) -> None:
    """It signs fewer headers by default, so it is given botocore's string to sign."""
    given = {"host": "example.com", "content-type": CONTENT_TYPE, "x-amz-target": "A.B"}
    ours = sign(
        "us-east-1", "ecr", credentials, host="example.com", target="A.B", body=body, now=now
    )
    headers = {**given, **ours}
    authorization = headers.pop("authorization")

    text = string_to_sign("ecr", "https://example.com/", headers, body)

    with REQUESTS_AUTH.case():
        signature = requests_auth_signature(credentials.secret_access_key, "ecr", text)
        assert authorization.endswith(f", Signature={signature}")


SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
VECTOR_TIME = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)


def vector_names(folder: Path) -> list[Path]:
    return sorted(path.with_suffix("") for path in folder.rglob("*.sts"))


def test_the_vectors_match(pytestconfig: pytest.Config) -> None:
    """AWS's vectors have other requests than this client, which always sends a POST with a target.

    So the other signer is first checked against the vector; the request then has the vector's
    credentials, time, host, token and body.
    """
    vectors = vector_names(botocore_tests(pytestconfig) / "unit/auth/aws4_testsuite")
    assert len(vectors) >= 30
    for vector in vectors:
        text, authorization, raw = (
            vector.with_suffix(suffix).read_text(encoding="utf-8").replace("\r", "")
            for suffix in (".sts", ".authz", ".sreq")
        )
        assert authorization.endswith(
            f"Signature={requests_auth_signature(SECRET, 'service', text)}"
        )
        head, _, body = raw.partition("\n\n")
        token = re.search(r"^x-amz-security-token:(.*)$", head, re.MULTILINE | re.IGNORECASE)
        host = re.search(r"^host:(.*)$", head, re.MULTILINE | re.IGNORECASE)
        assert host
        credentials = Credentials("AKIDEXAMPLE", SECRET, token[1] if token else None)
        with VECTORS.case():
            _assert_signed_alike(authorization, credentials, host[1], body.encode())


def _assert_signed_alike(vector: str, credentials: Credentials, host: str, body: bytes) -> None:
    target = "A.B"
    ours = sign(
        "us-east-1",
        "service",
        credentials,
        host=host,
        target=target,
        body=body,
        now=VECTOR_TIME,
    )
    start, _, _ = vector.partition("SignedHeaders=")
    assert ours["authorization"].startswith(start)
    headers = {"host": host, "content-type": CONTENT_TYPE, "x-amz-target": target, **ours}
    authorization = headers.pop("authorization")
    text = string_to_sign("service", f"https://{host}/", headers, body)
    assert authorization.endswith(f"Signature={requests_auth_signature(SECRET, 'service', text)}")

"""Image references: parsing, formatting, validating."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ecrclient import ECRClientError
from ecrclient.endpoints import PARTITIONS
from ecrclient.models import ImageIdentifier
from ecrclient.references import ImageReference, ImageReferenceError, RegistryHost

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
SHA256 = "sha256:" + "0a" * 32
SHA512 = "sha512:" + "0a" * 64
REGIONS = sorted(region for partition in PARTITIONS for region in partition.regions)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HOST, RegistryHost("123456789012", "eu-west-1")),
        (f"https://{HOST}", RegistryHost("123456789012", "eu-west-1")),
        (f"https://{HOST}/", RegistryHost("123456789012", "eu-west-1")),
        (
            "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
            RegistryHost("123456789012", "us-east-1", fips=True),
        ),
        (
            "123456789012.dkr-ecr.eu-west-1.on.aws",
            RegistryHost("123456789012", "eu-west-1", dual_stack=True),
        ),
        (
            "123456789012.dkr-ecr-fips.us-gov-west-1.on.aws",
            RegistryHost("123456789012", "us-gov-west-1", fips=True, dual_stack=True),
        ),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
            RegistryHost("123456789012", "cn-north-1"),
        ),
        (
            "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn",
            RegistryHost("123456789012", "cn-north-1", dual_stack=True),
        ),
        (
            "123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov",
            RegistryHost("123456789012", "us-iso-east-1"),
        ),
        (
            "123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov",
            RegistryHost("123456789012", "us-isob-east-1"),
        ),
        (
            "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
            RegistryHost("123456789012", "eusc-de-east-1"),
        ),
        # A region newer than this version, found by its partition's pattern.
        (
            "123456789012.dkr.ecr.eu-north-7.amazonaws.com",
            RegistryHost("123456789012", "eu-north-7"),
        ),
    ],
)
def test_hosts(text: str, expected: RegistryHost) -> None:
    assert RegistryHost.parse(text) == expected
    assert str(expected) == text.removeprefix("https://").removesuffix("/")


def test_the_partition_of_a_host() -> None:
    assert RegistryHost("123456789012", "cn-north-1").partition == "aws-cn"
    assert RegistryHost("123456789012", "eu-north-7").partition == "aws"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a host of ECR"),
        ("docker.io", "not a host of ECR"),
        ("public.ecr.aws", "not a host of ECR"),
        (f"{HOST}:443", "end as in"),
        (f"http://{HOST}", "not a host|twelve digits"),
        (HOST.upper(), "not a host of ECR"),
        (f" {HOST}", "twelve digits"),
        (f"{HOST} ", "end as in"),
        (HOST[1:], "'23456789012': an account ID has twelve digits"),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com.cn", f"end as in {HOST}"),
        ("123456789012.dkr-ecr.eu-west-1.amazonaws.com", "end as in"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com", "end as in"),
        ("123456789012.dkr.ecr.atlantis.amazonaws.com", "'atlantis': no partition"),
        ("123456789012.dkr.ecr.eu-west-1\n.amazonaws.com", "no partition"),
    ],
)
def test_an_invalid_host_is_refused(text: str, message: str) -> None:
    with pytest.raises(ImageReferenceError, match=message) as refused:
        RegistryHost.parse(text)
    assert refused.value.text == text
    assert isinstance(refused.value, ECRClientError)


@pytest.mark.parametrize(
    ("rest", "name", "tag", "digest"),
    [
        ("ab", "ab", None, None),
        ("team/app", "team/app", None, None),
        ("team/app:v1", "team/app", "v1", None),
        (f"team/app@{SHA256}", "team/app", None, SHA256),
        (f"team/app:v1@{SHA256}", "team/app", "v1", SHA256),
        (f"a.b_c__d---e/f/g:_V.1-x@{SHA512}", "a.b_c__d---e/f/g", "_V.1-x", SHA512),
        (f"{'a' * 256}:{'b' * 128}", "a" * 256, "b" * 128, None),
    ],
)
def test_references(rest: str, name: str, tag: str | None, digest: str | None) -> None:
    found = ImageReference.parse(f"{HOST}/{rest}")
    assert found == ImageReference(RegistryHost.parse(HOST), name, tag, digest)
    assert str(found) == f"{HOST}/{rest}"
    assert ImageReference.parse(f"https://{HOST}/{rest}") == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ubuntu", "not a host of ECR"),
        ("docker.io/library/ubuntu:24.04", "'docker.io': not a host of ECR"),
        (HOST, "'': a repository name"),
        (f"{HOST}/", "'': a repository name"),
        (f"{HOST}/a", "'a': a repository name"),
        (f"{HOST}/Team/App", "'Team/App': a repository name"),
        (f"{HOST}/team//app", "repository name"),
        (f"{HOST}/team/app/", "repository name"),
        (f"{HOST}/a..b", "repository name"),
        (f"{HOST}/{'a' * 257}", "repository name"),
        (f"{HOST}/ab:", "'': a tag has"),
        (f"{HOST}/ab:.v1", "'.v1': a tag has"),
        (f"{HOST}/ab:v1:v2", "'v1:v2': a tag has"),
        (f"{HOST}/ab:{'b' * 129}", "a tag has"),
        (f"{HOST}/ab@", "'': a digest is"),
        (f"{HOST}/ab@md5:00", "'md5:00': a digest is"),
        (f"{HOST}/ab@{SHA256.upper()}", "a digest is"),
        (f"{HOST}/ab@{SHA256}:v1", "a digest is"),
        (f"{HOST}/ab ", "repository name"),
        (f"{HOST}/ab\n", "repository name"),
    ],
)
def test_an_invalid_reference_is_refused(text: str, message: str) -> None:
    with pytest.raises(ImageReferenceError, match=message) as refused:
        ImageReference.parse(text)
    assert refused.value.text == text


def test_an_image_id() -> None:
    reference = ImageReference.parse(f"{HOST}/ab:v1@{SHA256}")
    assert reference.image_id == ImageIdentifier(image_tag="v1", image_digest=SHA256)
    assert reference.with_tag("v2").image_id == ImageIdentifier(image_tag="v2")
    assert str(reference.with_tag("v2").with_digest(SHA512)) == f"{HOST}/ab:v2@{SHA512}"
    with pytest.raises(ImageReferenceError, match="neither"):
        _ = ImageReference.parse(f"{HOST}/ab").image_id


def test_the_constructors_check_their_arguments() -> None:
    registry = RegistryHost.parse(HOST)
    with pytest.raises(ImageReferenceError):
        ImageReference(registry, "ab", tag="not a tag")
    with pytest.raises(ImageReferenceError):
        ImageReference(registry, "ab").with_digest("v1")
    with pytest.raises(ImageReferenceError):
        RegistryHost("1234", "eu-west-1")


def test_the_error_pickles_and_copies() -> None:
    error = ImageReferenceError("x", "odd")
    for same in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (str(same), same.text, same.problem) == ("'x': odd", "x", "odd")


HOSTS = st.builds(
    RegistryHost,
    st.from_regex(r"\A[0-9]{12}\Z"),
    st.sampled_from(REGIONS),
    st.booleans(),
    st.booleans(),
)
NAMES = st.from_regex(r"\A[a-z0-9]{2,9}([._-][a-z0-9]{1,9}){0,3}(/[a-z0-9]{1,9}){0,3}\Z")
TAGS = st.none() | st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9._-]{0,30}\Z")
DIGESTS = st.none() | st.from_regex(r"\Asha256:[0-9a-f]{64}\Z")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # for a busy machine
@given(st.builds(ImageReference, HOSTS, NAMES, TAGS, DIGESTS))
def test_a_formatted_reference_parses_back(reference: ImageReference) -> None:
    assert ImageReference.parse(str(reference)) == reference
    assert RegistryHost.parse(str(reference.registry)) == reference.registry


@given(st.text() | st.text().map(lambda rest: f"{HOST}/{rest}"))
@example(f"{HOST}/ab:v1")
@example(":@")
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        found = ImageReference.parse(text)
    except ImageReferenceError as error:  # both outcomes are valid
        # What may be a password is not shown.
        assert error.text == text or "***@" in error.text  # noqa: PT017
    else:
        assert str(found) == text.removeprefix("https://")

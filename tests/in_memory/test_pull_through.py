"""Pull through cache rules."""

from __future__ import annotations

import pytest

from ecrclient import ECRClient, ServiceError
from ecrclient.errors import (
    InvalidParameterException,
    LimitExceededException,
    PullThroughCacheRuleAlreadyExistsException,
    PullThroughCacheRuleNotFoundException,
    SecretNotFoundException,
    UnableToAccessSecretException,
    UnsupportedUpstreamRegistryException,
)
from tests.in_memory.builders import HandClock

pytestmark = pytest.mark.anyio

ACCOUNT, OTHER_ACCOUNT = "123456789012", "999999999999"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pull"
ECR_URL = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"
OTHER_ECR_URL = f"{OTHER_ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"


def secret(region: str = "us-east-1", account: str = ACCOUNT, name: str = "hub-AbCdEf") -> str:
    return f"arn:aws:secretsmanager:{region}:{account}:secret:ecr-pullthroughcache/{name}"


async def prefixes(client: ECRClient) -> list[str]:
    rules = await client.describe_pull_through_cache_rules().collect()
    return [rule.ecr_repository_prefix for rule in rules]


async def test_create_update_and_delete(client: ECRClient, clock: HandClock) -> None:
    made = await client.create_pull_through_cache_rule(
        ecr_repository_prefix="hub",
        upstream_registry_url="registry-1.docker.io",
        credential_arn=secret(),
    )
    assert (made.ecr_repository_prefix, made.registry_id) == ("hub", ACCOUNT)
    assert (made.upstream_registry, made.upstream_repository_prefix) == ("docker-hub", "ROOT")
    assert (made.created_at, made.credential_arn) == (clock.now, secret())
    assert made.custom_role_arn is None

    created_at = clock.now
    clock.advance(minutes=5)
    changed = await client.update_pull_through_cache_rule(
        ecr_repository_prefix="hub", credential_arn=secret(name="other-AbCdEf")
    )
    assert changed.credential_arn == secret(name="other-AbCdEf")
    assert changed.updated_at == clock.now

    (described,) = await client.describe_pull_through_cache_rules().collect()
    assert described.upstream_registry_url == "registry-1.docker.io"
    assert described.credential_arn == secret(name="other-AbCdEf")
    assert (described.created_at, described.updated_at) == (created_at, clock.now)

    valid = await client.validate_pull_through_cache_rule(ecr_repository_prefix="hub")
    assert (valid.is_valid, valid.failure) == (True, None)
    assert valid.upstream_registry_url == "registry-1.docker.io"

    gone = await client.delete_pull_through_cache_rule(ecr_repository_prefix="hub")
    assert (gone.ecr_repository_prefix, gone.created_at) == ("hub", created_at)
    assert await prefixes(client) == []


@pytest.mark.parametrize(
    ("url", "name", "needs_secret"),
    [
        ("public.ecr.aws", "ecr-public", False),
        ("registry.k8s.io", "k8s", False),
        ("quay.io", "quay", False),
        ("registry-1.docker.io", "docker-hub", True),
        ("mine.azurecr.io", "azure-container-registry", True),
        ("ghcr.io", "github-container-registry", True),
        ("registry.gitlab.com", "gitlab-container-registry", True),
        ("cgr.dev", "chainguard", True),
    ],
)
async def test_upstream_registries(
    client: ECRClient, url: str, name: str, needs_secret: bool
) -> None:
    if needs_secret:
        with pytest.raises(UnsupportedUpstreamRegistryException, match="requires authentication"):
            await client.create_pull_through_cache_rule(
                ecr_repository_prefix="up", upstream_registry_url=url
            )
    made = await client.create_pull_through_cache_rule(
        ecr_repository_prefix="up",
        upstream_registry_url=url,
        upstream_registry=name,
        credential_arn=secret() if needs_secret else None,
    )
    assert made.upstream_registry == name


@pytest.mark.parametrize("url", ["harbor.example.com", "https://quay.io", "azurecr.io", ""])
async def test_unknown_upstream_registries(client: ECRClient, url: str) -> None:
    with pytest.raises(UnsupportedUpstreamRegistryException, match="invalid"):
        await client.create_pull_through_cache_rule(
            ecr_repository_prefix="up", upstream_registry_url=url
        )


async def test_the_name_and_the_url_of_an_upstream_agree(client: ECRClient) -> None:
    with pytest.raises(InvalidParameterException, match="upstreamRegistry"):
        await client.create_pull_through_cache_rule(
            ecr_repository_prefix="up", upstream_registry_url="quay.io", upstream_registry="k8s"
        )


async def test_a_secret_is_in_the_account_and_region_of_the_rule(client: ECRClient) -> None:
    with pytest.raises(SecretNotFoundException, match="us-east-1"):
        await client.create_pull_through_cache_rule(
            ecr_repository_prefix="gh",
            upstream_registry_url="ghcr.io",
            credential_arn=secret(region="eu-west-1"),
        )
    with pytest.raises(UnableToAccessSecretException, match=ACCOUNT):
        await client.create_pull_through_cache_rule(
            ecr_repository_prefix="gh",
            upstream_registry_url="ghcr.io",
            credential_arn=secret(account=OTHER_ACCOUNT),
        )
    assert await prefixes(client) == []
    await client.create_pull_through_cache_rule(
        ecr_repository_prefix="gh", upstream_registry_url="ghcr.io", credential_arn=secret()
    )
    with pytest.raises(SecretNotFoundException):
        await client.update_pull_through_cache_rule(
            ecr_repository_prefix="gh", credential_arn=secret(region="eu-west-1")
        )
    (rule,) = await client.describe_pull_through_cache_rules().collect()
    assert rule.credential_arn == secret()


async def test_an_upstream_of_ecr_requires_a_role(client: ECRClient) -> None:
    made = await client.create_pull_through_cache_rule(
        ecr_repository_prefix="team",
        upstream_registry_url=OTHER_ECR_URL,
        upstream_repository_prefix="their/team",
        custom_role_arn=ROLE,
    )
    assert (made.upstream_registry, made.custom_role_arn) == ("ecr", ROLE)
    assert made.upstream_repository_prefix == "their/team"
    changed = await client.update_pull_through_cache_rule(
        ecr_repository_prefix="team", custom_role_arn=f"{ROLE}-2"
    )
    assert changed.custom_role_arn == f"{ROLE}-2"


async def test_the_same_account_does_not_require_a_role(client: ECRClient) -> None:
    made = await client.create_pull_through_cache_rule(
        ecr_repository_prefix="team", upstream_registry_url=ECR_URL
    )
    assert made.custom_role_arn is None


@pytest.mark.parametrize(
    ("url", "credential_arn", "role", "member"),
    [
        pytest.param(OTHER_ECR_URL, None, None, "customRoleArn", id="without a role"),
        pytest.param(ECR_URL, secret(), None, "credentialArn", id="a secret for ECR"),
        pytest.param("quay.io", None, ROLE, "customRoleArn", id="a role for another registry"),
        pytest.param(
            ECR_URL, None, f"arn:aws:iam::{OTHER_ACCOUNT}:role/x", "own account", id="account"
        ),
        pytest.param(
            ECR_URL, None, f"arn:aws:iam::{ACCOUNT}:user/x", "IAM role", id="not a role ARN"
        ),
    ],
)
async def test_refused_credentials(
    client: ECRClient, url: str, credential_arn: str | None, role: str | None, member: str
) -> None:
    with pytest.raises(InvalidParameterException, match=member):
        await client.create_pull_through_cache_rule(
            ecr_repository_prefix="up",
            upstream_registry_url=url,
            credential_arn=credential_arn,
            custom_role_arn=role,
        )


async def test_an_update_requires_credentials(client: ECRClient) -> None:
    await client.create_pull_through_cache_rule(
        ecr_repository_prefix="quay", upstream_registry_url="quay.io"
    )
    with pytest.raises(InvalidParameterException, match="customRoleArn must be given"):
        await client.update_pull_through_cache_rule(ecr_repository_prefix="quay")


async def test_a_prefix_has_one_rule(client: ECRClient) -> None:
    await client.create_pull_through_cache_rule(
        ecr_repository_prefix="quay", upstream_registry_url="quay.io"
    )
    for same in ("quay", "quay/"):
        with pytest.raises(PullThroughCacheRuleAlreadyExistsException):
            await client.create_pull_through_cache_rule(
                ecr_repository_prefix=same, upstream_registry_url="quay.io"
            )
    for other in ("quay/team", "ROOT"):
        await client.create_pull_through_cache_rule(
            ecr_repository_prefix=other, upstream_registry_url="quay.io"
        )
    assert await prefixes(client) == ["ROOT", "quay", "quay/team"]
    await client.delete_pull_through_cache_rule(ecr_repository_prefix="quay/")
    assert await prefixes(client) == ["ROOT", "quay/team"]


async def test_the_root_maps_to_the_root(client: ECRClient) -> None:
    with pytest.raises(InvalidParameterException, match="upstreamRepositoryPrefix"):
        await client.create_pull_through_cache_rule(
            ecr_repository_prefix="ROOT",
            upstream_registry_url=ECR_URL,
            upstream_repository_prefix="team",
        )


async def test_at_most_50_rules(client: ECRClient) -> None:
    for number in range(50):
        await client.create_pull_through_cache_rule(
            ecr_repository_prefix=f"q{number:02}", upstream_registry_url="quay.io"
        )
    with pytest.raises(LimitExceededException):
        await client.create_pull_through_cache_rule(
            ecr_repository_prefix="more", upstream_registry_url="quay.io"
        )
    pages = client.describe_pull_through_cache_rules(max_results=20).pages()
    assert [len(page.pull_through_cache_rules) async for page in pages] == [20, 20, 10]
    named = await client.describe_pull_through_cache_rules(
        ecr_repository_prefixes=["q07", "q03", "q07/"]
    ).collect()
    assert [rule.ecr_repository_prefix for rule in named] == ["q03", "q07"]


async def test_unknown_rules(client: ECRClient) -> None:
    with pytest.raises(PullThroughCacheRuleNotFoundException):
        await client.update_pull_through_cache_rule(
            ecr_repository_prefix="none", credential_arn=secret()
        )
    with pytest.raises(PullThroughCacheRuleNotFoundException):
        await client.delete_pull_through_cache_rule(ecr_repository_prefix="none")
    with pytest.raises(PullThroughCacheRuleNotFoundException):
        await client.validate_pull_through_cache_rule(ecr_repository_prefix="none")
    with pytest.raises(PullThroughCacheRuleNotFoundException):
        await client.describe_pull_through_cache_rules(ecr_repository_prefixes=["none"])


async def test_other_accounts_are_refused(client: ECRClient) -> None:
    with pytest.raises(ServiceError) as caught:
        await client.describe_pull_through_cache_rules(registry_id=OTHER_ACCOUNT)
    assert caught.value.code == "AccessDeniedException"
    with pytest.raises(ServiceError, match="ecr:DeletePullThroughCacheRule"):
        await client.delete_pull_through_cache_rule(
            ecr_repository_prefix="hub", registry_id=OTHER_ACCOUNT
        )

"""Repository creation templates, and the repositories that a push creates from them."""

from __future__ import annotations

import json

import pytest

from ecrclient import ECRClient
from ecrclient.errors import (
    InvalidParameterException,
    RepositoryNotFoundException,
    TemplateAlreadyExistsException,
    TemplateNotFoundException,
)
from ecrclient.models import (
    CreateRepositoryCreationTemplateRequest,
    EncryptionConfigurationForRepositoryCreationTemplate,
    ImageTagMutabilityExclusionFilter,
    Repository,
    Tag,
)
from tests.in_memory.builders import CONFIG, LAYERS, HandClock, image_manifest, upload
from tests.in_memory.refused_policies import STATEMENT

pytestmark = pytest.mark.anyio

ROLE = "arn:aws:iam::123456789012:role/create"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
KMS = EncryptionConfigurationForRepositoryCreationTemplate(encryption_type="KMS", kms_key=KEY)
DEV = ImageTagMutabilityExclusionFilter(filter_type="WILDCARD", filter="dev-*")
TAG = Tag(key="env", value="prod")
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})
LIFECYCLE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {
                    "tagStatus": "any",
                    "countType": "imageCountMoreThan",
                    "countNumber": 5,
                },
                "action": {"type": "expire"},
            }
        ]
    }
)


def template(**settings: object) -> CreateRepositoryCreationTemplateRequest:
    """Return a template for pushes with the settings."""
    return CreateRepositoryCreationTemplateRequest.model_validate(
        {"prefix": "team", "applied_for": ["CREATE_ON_PUSH"], **settings}
    )


async def push(client: ECRClient, name: str) -> Repository:
    """Push to a repository that may not exist, and return the repository."""
    for blob in (CONFIG, *LAYERS):
        await upload(client, name, blob)
    await client.put_image(repository_name=name, image_manifest=image_manifest())
    (repository,) = await client.describe_repositories(repository_names=[name]).collect()
    return repository


async def test_create_update_and_delete(client: ECRClient, clock: HandClock) -> None:
    made = (
        await client.create_repository_creation_template(
            prefix="team",
            applied_for=["CREATE_ON_PUSH"],
            description="ours",
            resource_tags=[TAG],
            repository_policy=POLICY,
            lifecycle_policy=LIFECYCLE,
            custom_role_arn=ROLE,
        )
    ).repository_creation_template
    assert made is not None
    assert (made.prefix, made.applied_for) == ("team", ["CREATE_ON_PUSH"])
    assert (made.image_tag_mutability, made.resource_tags) == ("MUTABLE", [TAG])
    assert made.encryption_configuration is not None
    assert made.encryption_configuration.encryption_type == "AES256"
    assert made.created_at == made.updated_at == clock.now

    created_at = clock.now
    clock.advance(hours=1)
    changed = (
        await client.update_repository_creation_template(
            prefix="team", image_tag_mutability="IMMUTABLE", repository_policy="", resource_tags=[]
        )
    ).repository_creation_template
    assert changed is not None
    assert (changed.image_tag_mutability, changed.description) == ("IMMUTABLE", "ours")
    assert (changed.repository_policy, changed.lifecycle_policy) == (None, LIFECYCLE)
    assert changed.resource_tags == []
    assert (changed.created_at, changed.updated_at) == (created_at, clock.now)

    page = await client.describe_repository_creation_templates()
    assert (page.registry_id, page.repository_creation_templates) == ("123456789012", [changed])

    gone = await client.delete_repository_creation_template(prefix="team")
    assert gone.repository_creation_template == changed
    with pytest.raises(TemplateNotFoundException):
        await client.delete_repository_creation_template(prefix="team")


async def test_filters_are_removed_with_their_setting(client: ECRClient) -> None:
    await client.create_repository_creation_template(
        prefix="team",
        applied_for=["REPLICATION"],
        image_tag_mutability="IMMUTABLE_WITH_EXCLUSION",
        image_tag_mutability_exclusion_filters=[DEV],
    )
    with pytest.raises(InvalidParameterException, match="ExclusionFilters"):
        await client.update_repository_creation_template(
            prefix="team", image_tag_mutability="MUTABLE_WITH_EXCLUSION"
        )
    kept = await client.update_repository_creation_template(prefix="team", description="still")
    assert kept.repository_creation_template is not None
    assert kept.repository_creation_template.image_tag_mutability_exclusion_filters == [DEV]
    plain = await client.update_repository_creation_template(
        prefix="team", image_tag_mutability="MUTABLE"
    )
    assert plain.repository_creation_template is not None
    assert plain.repository_creation_template.image_tag_mutability_exclusion_filters == []


async def test_a_prefix_has_one_template(client: ECRClient) -> None:
    await client.create_repository_creation_template(prefix="team", applied_for=["REPLICATION"])
    for same in ("team", "team/"):
        with pytest.raises(TemplateAlreadyExistsException):
            await client.create_repository_creation_template(
                prefix=same, applied_for=["CREATE_ON_PUSH"]
            )


async def test_an_unknown_template(client: ECRClient) -> None:
    with pytest.raises(TemplateNotFoundException):
        await client.update_repository_creation_template(prefix="none", description="x")


async def test_templates_in_pages(client: ECRClient) -> None:
    for prefix in ("c", "a", "b/x", "ROOT"):
        await client.create_repository_creation_template(prefix=prefix, applied_for=["REPLICATION"])
    pages = [
        [one.prefix for one in page.repository_creation_templates]
        async for page in client.describe_repository_creation_templates(max_results=3).pages()
    ]
    assert pages == [["ROOT", "a", "b/x"], ["c"]]
    named = await client.describe_repository_creation_templates(
        prefixes=["c", "b/x/", "none"]
    ).collect()
    assert [one.prefix for one in named] == ["b/x", "c"]


@pytest.mark.parametrize(
    ("member", "request_"),
    [
        pytest.param("repositoryPolicy", template(repository_policy="{"), id="policy"),
        pytest.param("lifecyclePolicy", template(lifecycle_policy='{"rules": []}'), id="lifecycle"),
        pytest.param("customRoleArn", template(custom_role_arn="role"), id="role"),
        pytest.param(
            "own account",
            template(custom_role_arn="arn:aws:iam::999999999999:role/x"),
            id="account",
        ),
        pytest.param("resourceTags", template(resource_tags=[TAG, TAG]), id="tag twice"),
        pytest.param(
            "resourceTags",
            template(resource_tags=[Tag(key=f"k{number}", value="") for number in range(51)]),
            id="tags",
        ),
        pytest.param(
            "ExclusionFilters",
            template(image_tag_mutability_exclusion_filters=[DEV]),
            id="filters",
        ),
    ],
)
async def test_settings_that_a_repository_cannot_have(
    client: ECRClient, member: str, request_: CreateRepositoryCreationTemplateRequest
) -> None:
    with pytest.raises(InvalidParameterException, match=member):
        await client.invoke(request_)
    assert await client.describe_repository_creation_templates().collect() == []


async def test_a_push_creates_the_repository_of_the_template(
    client: ECRClient, clock: HandClock
) -> None:
    await client.create_repository_creation_template(
        prefix="team",
        applied_for=["CREATE_ON_PUSH", "REPLICATION"],
        encryption_configuration=KMS,
        resource_tags=[TAG],
        image_tag_mutability="IMMUTABLE_WITH_EXCLUSION",
        image_tag_mutability_exclusion_filters=[DEV],
        repository_policy=POLICY,
        lifecycle_policy=LIFECYCLE,
        custom_role_arn=ROLE,
    )
    made = await push(client, "team/app")
    assert made.created_at == clock.now
    assert made.image_tag_mutability == "IMMUTABLE_WITH_EXCLUSION"
    assert made.image_tag_mutability_exclusion_filters == [DEV]
    assert made.encryption_configuration is not None
    assert made.encryption_configuration.encryption_type == "KMS"
    assert made.encryption_configuration.kms_key == KEY
    policy = await client.get_repository_policy(repository_name="team/app")
    assert policy.policy_text == POLICY
    lifecycle = await client.get_lifecycle_policy(repository_name="team/app")
    assert lifecycle.lifecycle_policy_text == LIFECYCLE
    tags = await client.list_tags_for_resource(resource_arn=made.repository_arn)
    assert tags.tags == [TAG]


async def test_a_push_to_an_existing_repository(client: ECRClient) -> None:
    await client.create_repository(repository_name="team/app")
    await client.create_repository_creation_template(
        prefix="ROOT", applied_for=["CREATE_ON_PUSH"], image_tag_mutability="IMMUTABLE"
    )
    assert (await push(client, "team/app")).image_tag_mutability == "MUTABLE"


async def test_the_longest_prefix_applies(client: ECRClient) -> None:
    for prefix, mutability in (("ROOT", "MUTABLE"), ("team/a", "IMMUTABLE"), ("team", "MUTABLE")):
        await client.create_repository_creation_template(
            prefix=prefix, applied_for=["CREATE_ON_PUSH"], image_tag_mutability=mutability
        )
    assert (await push(client, "team/a/app")).image_tag_mutability == "IMMUTABLE"
    # A prefix must end at a slash of the name.
    assert (await push(client, "team/ab")).image_tag_mutability == "MUTABLE"
    assert (await push(client, "alone")).image_tag_mutability == "MUTABLE"


async def test_a_push_without_a_matching_template_fails(client: ECRClient) -> None:
    await client.create_repository_creation_template(
        prefix="ROOT", applied_for=["REPLICATION", "PULL_THROUGH_CACHE"]
    )
    await client.create_repository_creation_template(prefix="team", applied_for=["CREATE_ON_PUSH"])
    with pytest.raises(RepositoryNotFoundException):
        await push(client, "other/app")
    with pytest.raises(RepositoryNotFoundException):
        await client.put_image(
            repository_name="team/app",
            registry_id="999999999999",
            image_manifest=image_manifest(),
        )
    assert await client.describe_repositories().collect() == []


async def test_tags_and_keys_require_a_role(client: ECRClient) -> None:
    await client.create_repository_creation_template(
        prefix="tagged", applied_for=["CREATE_ON_PUSH"], resource_tags=[TAG]
    )
    await client.create_repository_creation_template(
        prefix="secret", applied_for=["CREATE_ON_PUSH"], encryption_configuration=KMS
    )
    for name in ("tagged/app", "secret/app"):
        with pytest.raises(RepositoryNotFoundException, match="customRoleArn"):
            await push(client, name)
    await client.update_repository_creation_template(prefix="tagged", custom_role_arn=ROLE)
    assert (await push(client, "tagged/app")).repository_name == "tagged/app"

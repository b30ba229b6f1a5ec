"""Denied operations: rules of a test, and repository policies."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence

import pytest

from ecrclient import Credentials, ECRClient, ServiceError
from ecrclient.operations import OPERATIONS
from ecrclient.testing import InMemoryECR
from ecrclient.testing.iam import denies
from tests.in_memory.builders import post
from tests.in_memory.stage import SERVICE
from tests.in_memory.through_botocore import botocore_client
from tests.wire.record import Maker

pytestmark = pytest.mark.anyio

ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/in-memory-ecr"
CI = Credentials("AKIACI", "ci-secret")
CI_ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/build-7"
CI_ROLE = f"arn:aws:iam::{ACCOUNT}:role/ci"
APP = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/team/app"


@pytest.fixture
def ecr() -> InMemoryECR:
    """A registry with an image, and a second access key that belongs to a role."""
    ecr = InMemoryECR()
    ecr.accept(CI, principal_arn=CI_ARN)
    ecr.add_image("team/app", [b"layer"], tags=["v1"])
    return ecr


async def is_denied(client: ECRClient, operation: str, **members: object) -> bool:
    """Return whether the call is denied; other errors do not count."""
    try:
        await getattr(client, operation)(**members)
    except ServiceError as error:
        return error.code == "AccessDeniedException"
    return False


async def delete(client: ECRClient, name: str = "team/app") -> None:
    await client.delete_repository(repository_name=name, force=True)


def policy(**elements: object) -> str:
    """Return a repository policy with one statement."""
    statement = {"Sid": "no", "Effect": "Deny", "Principal": "*", "Action": "ecr:*"}
    kept = {name: value for name, value in (statement | elements).items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [kept]})


class TestRules:
    async def test_error_is_that_of_iam(self, ecr: InMemoryECR, client: ECRClient) -> None:
        ecr.deny("ecr:DeleteRepository")
        with pytest.raises(ServiceError) as caught:
            await delete(client)
        assert (caught.value.code, caught.value.status) == ("AccessDeniedException", 400)
        assert caught.value.message == (
            f"User: {USER} is not authorized to perform: ecr:DeleteRepository on resource: {APP} "
            "with an explicit deny in an identity-based policy"
        )
        assert len(await client.describe_repositories().collect()) == 1
        assert ecr.calls[0].error == "AccessDeniedException"

    async def test_rule_can_be_removed(self, ecr: InMemoryECR, client: ECRClient) -> None:
        rule = ecr.deny("ecr:DescribeRegistry")
        assert repr(rule) == "<Denial of ecr:DescribeRegistry on * to every access key>"
        with ecr.deny("ecr:DescribeRegistry"):
            rule.remove()
            rule.remove()
            assert await is_denied(client, "describe_registry")
        assert not await is_denied(client, "describe_registry")

    @pytest.mark.parametrize(
        ("actions", "denied"),
        [
            (["*"], True),
            (["ecr:*"], True),
            (["ecr:Delete*"], True),
            (["ECR:deleterepository"], True),
            (["ecr:DeleteRepositor?"], True),
            (["ecr:PutImage", "ecr:*Repository"], True),
            (["ecr:DeleteRepositoryPolicy"], False),
            (["ecr:Describe*"], False),
        ],
    )
    async def test_actions_can_have_wildcards(
        self, ecr: InMemoryECR, client: ECRClient, actions: Sequence[str], denied: bool
    ) -> None:
        ecr.deny(*actions)
        assert denied == await is_denied(
            client, "delete_repository", repository_name="team/app", force=True
        )

    @pytest.mark.parametrize(
        ("resource", "denied"),
        [
            ("*", True),
            (APP, True),
            ("arn:aws:ecr:*", True),
            ("arn:aws:ecr:*:*:repository/team/*", True),
            ("arn:aws:ecr:us-east-1:123456789012:repository/team/ap?", True),
            (["arn:aws:ecr:*:*:repository/prod/*", APP], True),
            ("arn:aws:ecr:*:*:repository/prod/*", False),
            (f"{APP}/", False),
            (APP.upper(), False),
            (APP.replace("us-east-1", "us-east-2"), False),
        ],
    )
    async def test_resources_can_have_wildcards(
        self, ecr: InMemoryECR, client: ECRClient, resource: str | list[str], denied: bool
    ) -> None:
        ecr.deny("ecr:DeleteRepository", resource=resource)
        assert denied == await is_denied(
            client, "delete_repository", repository_name="team/app", force=True
        )

    async def test_rule_for_one_access_key(self, ecr: InMemoryECR, client: ECRClient) -> None:
        ecr.deny("ecr:*", access_key_id=CI.access_key_id)
        async with ecr.client(credentials=CI) as ci:
            assert await is_denied(ci, "describe_registry")
        assert not await is_denied(client, "describe_registry")

    async def test_message_names_the_principal_of_the_access_key(self, ecr: InMemoryECR) -> None:
        ecr.deny("ecr:GetAuthorizationToken")
        async with ecr.client(credentials=CI) as ci:
            with pytest.raises(ServiceError) as caught:
                await ci.get_authorization_token()
        assert caught.value.message.startswith(
            f"User: {CI_ARN} is not authorized to perform: ecr:GetAuthorizationToken on resource: *"
        )

    @pytest.mark.parametrize(
        ("operation", "members", "resource"),
        [
            ("DescribeRegistry", {}, "*"),
            ("DescribeRepositories", {}, APP.replace("team/app", "*")),
            ("DescribeRepositories", {"repositoryNames": ["team/app"]}, APP),
            ("CreateRepository", {"repositoryName": "team/app"}, APP),
            ("ListTagsForResource", {"resourceArn": APP}, APP),
            ("ListTagsForResource", {"resourceArn": "arn:aws:ecr:x"}, "arn:aws:ecr:x"),
        ],
    )
    async def test_resources_of_operations(
        self, ecr: InMemoryECR, operation: str, members: Mapping[str, object], resource: str
    ) -> None:
        ecr.deny("ecr:*")
        response = await post(ecr, operation, json.dumps(members).encode())
        assert response.json()["__type"] == "AccessDeniedException"
        assert (
            f"perform: ecr:{operation} on resource: {resource} with" in response.json()["message"]
        )

    async def test_denied_repository_denies_the_whole_call(
        self, ecr: InMemoryECR, client: ECRClient
    ) -> None:
        ecr.add_image("other", [b"layer"])
        ecr.deny("ecr:DescribeRepositories", resource=APP)
        assert await is_denied(
            client, "describe_repositories", repository_names=["other", "team/app"]
        )
        assert not await is_denied(client, "describe_repositories", repository_names=["other"])
        assert not await is_denied(client, "describe_repositories")

    @pytest.mark.generator
    async def test_every_operation_can_be_denied(self, ecr: InMemoryECR) -> None:
        ecr.deny("*")
        for operation in OPERATIONS.values():
            response = await post(ecr, operation.name, _body(operation.name))
            assert response.json()["__type"] == "AccessDeniedException", operation.name

    async def test_referrers_need_the_action_of_pulls(
        self, ecr: InMemoryECR, client: ECRClient
    ) -> None:
        subject = {"image_digest": "sha256:" + "0" * 64}
        members = {"repository_name": "team/app", "subject_id": subject}
        with pytest.raises(ValueError, match="is not an ECR action"):
            ecr.deny("ecr:ListImageReferrers")
        with ecr.deny("ecr:BatchGetImage"):
            assert await is_denied(client, "list_image_referrers", **members)
        assert not await is_denied(client, "list_image_referrers", **members)

    async def test_signature_and_body_are_checked_first(self, ecr: InMemoryECR) -> None:
        ecr.deny("*")
        guess = Credentials(ecr.credentials.access_key_id, "guess")
        response = await post(ecr, "DescribeRegistry", credentials=guess)
        assert response.json()["__type"] == "InvalidSignatureException"
        response = await post(ecr, "DescribeRegistry", b"{")
        assert response.json()["__type"] == "SerializationException"

    def test_invalid_rules_are_refused(self, ecr: InMemoryECR) -> None:
        for action in ("ecr:DeleteRepositry", "DeleteRepository", "s3:*", "ecr:ReplicateImage"):
            with pytest.raises(ValueError, match="is not an ECR action"):
                ecr.deny(action)
        with pytest.raises(ValueError, match="at least one action and one resource"):
            ecr.deny()
        with pytest.raises(ValueError, match="at least one action and one resource"):
            ecr.deny("*", resource=[])

    def test_principal_must_be_an_arn(self, ecr: InMemoryECR) -> None:
        with pytest.raises(
            ValueError, match="principal_arn must be an ARN such as 'arn:aws:iam::123456789"
        ):
            ecr.accept(CI, principal_arn="ci")


def _body(operation: str) -> bytes:
    """Return a body that is valid for the operation."""
    shape = SERVICE.operation_model(operation).input_shape
    members: dict[str, object] = Maker("minimal").make(shape)
    if "resourceArn" in members:
        members["resourceArn"] = APP
    return json.dumps(members, default=lambda blob: base64.b64encode(blob).decode()).encode()


class TestRepositoryPolicies:
    async def test_deny_statement_applies_to_its_repository(
        self, ecr: InMemoryECR, client: ECRClient
    ) -> None:
        ecr.add_image("other", [b"layer"], tags=["v1"])
        await client.set_repository_policy(
            repository_name="team/app", policy_text=policy(Action="ecr:BatchGetImage")
        )
        with pytest.raises(ServiceError) as caught:
            await client.batch_get_image(
                repository_name="team/app", image_ids=[{"image_tag": "v1"}]
            )
        assert caught.value.message == (
            f"User: {USER} is not authorized to perform: ecr:BatchGetImage on resource: {APP} "
            "with an explicit deny in a resource-based policy"
        )
        assert not await is_denied(client, "list_images", repository_name="team/app")
        assert not await is_denied(
            client, "batch_get_image", repository_name="other", image_ids=[{"image_tag": "v1"}]
        )
        await client.delete_repository_policy(repository_name="team/app")
        assert not await is_denied(
            client, "batch_get_image", repository_name="team/app", image_ids=[{"image_tag": "v1"}]
        )

    async def test_deny_statement_applies_to_its_principal(
        self, ecr: InMemoryECR, client: ECRClient
    ) -> None:
        principal = {"AWS": CI_ROLE}
        await client.set_repository_policy(
            repository_name="team/app", policy_text=policy(Principal=principal), force=True
        )
        async with ecr.client(credentials=CI) as ci:
            assert await is_denied(ci, "list_images", repository_name="team/app")
        assert not await is_denied(client, "list_images", repository_name="team/app")

    async def test_rule_takes_precedence_in_the_message(
        self, ecr: InMemoryECR, client: ECRClient
    ) -> None:
        await client.set_repository_policy(
            repository_name="team/app", policy_text=policy(), force=True
        )
        ecr.deny("ecr:ListImages")
        with pytest.raises(ServiceError, match="identity-based"):
            await client.list_images(repository_name="team/app")

    @pytest.mark.parametrize(
        ("elements", "denied"),
        [
            pytest.param({}, True, id="all"),
            pytest.param({"Effect": "Allow"}, False, id="allow"),
            pytest.param({"Principal": {"AWS": "*"}}, True, id="all of AWS"),
            pytest.param({"Principal": {"AWS": USER}}, True, id="the user"),
            pytest.param({"Principal": {"AWS": ["x", USER]}}, True, id="one of several"),
            pytest.param({"Principal": {"AWS": ACCOUNT}}, True, id="the account"),
            pytest.param(
                {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}, True, id="the root"
            ),
            pytest.param({"Principal": {"AWS": "999999999999"}}, False, id="another account"),
            pytest.param({"Principal": {"AWS": f"{USER}-2"}}, False, id="another user"),
            pytest.param({"Principal": {"Service": "*"}}, False, id="a service"),
            pytest.param({"Principal": None}, False, id="no principal"),
            pytest.param(
                {"Principal": None, "NotPrincipal": {"AWS": USER}}, False, id="but for the user"
            ),
            pytest.param(
                {"Principal": None, "NotPrincipal": {"AWS": f"{USER}-2"}}, True, id="but another"
            ),
            pytest.param(
                {"Principal": None, "NotPrincipal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
                True,
                id="but for the root",
            ),
            pytest.param({"Action": ["ecr:Put*", "ecr:listimages"]}, True, id="actions"),
            pytest.param({"Action": "ecr:Put*"}, False, id="another action"),
            pytest.param({"Action": None, "NotAction": "ecr:Put*"}, True, id="but for actions"),
            pytest.param({"Action": None, "NotAction": "ecr:List*"}, False, id="but for this"),
            pytest.param({"Action": None}, False, id="no action"),
            pytest.param(
                {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}, False, id="a condition"
            ),
        ],
    )
    def test_elements_of_a_deny_statement(
        self, elements: Mapping[str, object], denied: bool
    ) -> None:
        assert denies(policy(**elements), USER, "ecr:ListImages") is denied

    def test_any_statement_can_deny(self) -> None:
        allow = {"Effect": "Allow", "Principal": "*", "Action": "ecr:*"}
        deny = allow | {"Effect": "Deny"}
        for statements, denied in (([allow, deny], True), ([allow], False), (deny, True)):
            text = json.dumps({"Statement": statements})
            assert denies(text, USER, "ecr:ListImages") is denied
        for text in ("[]", "{}", '{"Statement": [1]}'):
            assert not denies(text, USER, "ecr:ListImages")


async def test_boto3_receives_access_denied(ecr: InMemoryECR) -> None:
    ecr.deny("ecr:DeleteRepository")
    boto = botocore_client(ecr)
    with pytest.raises(boto.exceptions.ClientError) as caught:
        boto.delete_repository(repositoryName="team/app")
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "with an explicit deny in an identity-based" in caught.value.response["Error"]["Message"]


async def test_pulls_of_an_excluded_principal_are_not_recorded(
    ecr: InMemoryECR, client: ECRClient
) -> None:
    await client.register_pull_time_update_exclusion(principal_arn=CI_ROLE)

    async def pulled_at() -> object:
        (image,) = await client.describe_images(repository_name="team/app").collect()
        return image.last_recorded_pull_time

    async with ecr.client(credentials=CI) as ci:
        await ci.batch_get_image(repository_name="team/app", image_ids=[{"image_tag": "v1"}])
    assert await pulled_at() is None
    await client.batch_get_image(repository_name="team/app", image_ids=[{"image_tag": "v1"}])
    assert await pulled_at() is not None

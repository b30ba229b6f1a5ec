"""Policies that ECR refuses, through boto3 over HTTP and through this client on both loops."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from ecrclient.lifecycle import LifecyclePolicy, LifecyclePolicyError
from tests.in_memory.refused_lifecycle_policies import (
    LIFECYCLE,
    LIFECYCLE_TEXTS,
    lifecycle_rule,
    without,
)
from tests.in_memory.refused_policies import LOCK_OUTS, REGISTRY, REPOSITORY, STATEMENT, text_of
from tests.in_memory.stage import RefusedError, Scene

WHERE = {"repositoryName": "team/app"}
INVALID = (
    "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid {} policy provided'"
)
FAILURE = (
    "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: "
    "'Lifecycle policy validation failure: "
)


def lifecycle_text(document: Any) -> str:
    """Return the text of a lifecycle policy, padded to the minimum length."""
    return text_of(document).ljust(100)


@pytest.fixture
def repository(scene: Scene) -> Scene:
    """A registry with an empty repository."""
    scene("CreateRepository", **WHERE)
    return scene


class TestLifecyclePolicies:
    @pytest.mark.parametrize("name", LIFECYCLE)
    def test_refused(self, repository: Scene, name: str) -> None:
        document, message = LIFECYCLE[name]
        text = lifecycle_text(document)
        with repository.refuses("PutLifecyclePolicy", "InvalidParameterException") as caught:
            repository("PutLifecyclePolicy", **WHERE, lifecyclePolicyText=text)
        assert caught.value.message.startswith(FAILURE)
        assert message in caught.value.message
        with repository.refuses("GetLifecyclePolicy", "LifecyclePolicyNotFoundException"):
            repository("GetLifecyclePolicy", **WHERE)

    @pytest.mark.parametrize("name", LIFECYCLE_TEXTS)
    def test_not_json(self, repository: Scene, name: str) -> None:
        text = lifecycle_text(LIFECYCLE_TEXTS[name])
        with repository.refuses("PutLifecyclePolicy", "InvalidParameterException") as caught:
            repository("PutLifecyclePolicy", **WHERE, lifecyclePolicyText=text)
        assert caught.value.message == f"{FAILURE}Could not map policyString into LifecyclePolicy.'"

    def test_refused_in_a_preview(self, repository: Scene) -> None:
        text = lifecycle_text(LIFECYCLE["empty-action"][0])
        with repository.refuses(
            "StartLifecyclePolicyPreview", "InvalidParameterException"
        ) as caught:
            repository("StartLifecyclePolicyPreview", **WHERE, lifecyclePolicyText=text)
        assert caught.value.message.startswith(FAILURE)

    @pytest.mark.generator
    def test_refused_in_a_creation_template(self, scene: Scene) -> None:
        operation = "CreateRepositoryCreationTemplate"
        text = lifecycle_text(LIFECYCLE["empty-action"][0])
        with scene.refuses(operation, "InvalidParameterException") as caught:
            scene(operation, prefix="a", appliedFor=["REPLICATION"], lifecyclePolicy=text)
        assert "'lifecyclePolicy'" in caught.value.message
        assert "Lifecycle policy validation failure: rule 1: action.type" in caught.value.message

    @pytest.mark.parametrize("name", LIFECYCLE)
    def test_the_client_refuses_the_same_policies(self, name: str) -> None:
        document, message = LIFECYCLE[name]
        with pytest.raises(LifecyclePolicyError) as caught:
            LifecyclePolicy.parse(json.dumps(document)).to_json()
        if name == "not-an-object":  # the server has the message of ECR
            message = "the policy must be an object, not []"
        assert message in str(caught.value)

    @pytest.mark.parametrize(
        "rules",
        [
            [lifecycle_rule(1), lifecycle_rule(7, tagStatus="any")],
            [
                lifecycle_rule(number, tagStatus="tagged", tagPrefixList=[f"tag-{number}"])
                for number in range(1, 51)
            ],
            [
                lifecycle_rule(
                    1,
                    tagStatus="any",
                    countType="sinceImagePulled",
                    countUnit="days",
                    action={"type": "transition", "targetStorageClass": "archive"},
                ),
                lifecycle_rule(
                    2,
                    tagStatus="any",
                    storageClass="archive",
                    countType="sinceImageTransitioned",
                    countUnit="days",
                    countNumber=90,
                ),
            ],
            [
                lifecycle_rule(1, tagStatus="tagged", tagPrefixList=["pro"]),
                lifecycle_rule(2, tagStatus="tagged", tagPrefixList=["prod"]),
                lifecycle_rule(3, tagStatus="tagged", tagPatternList=["*test*1*2*3"]),
                lifecycle_rule(4, tagStatus="tagged", tagPatternList=["*test*1*2*3"]),
            ],
        ],
        ids=["any-last", "fifty-rules", "any-of-each-storage-class", "patterns-and-other-prefixes"],
    )
    def test_accepted(self, repository: Scene, rules: list[dict[str, Any]]) -> None:
        text = json.dumps({"rules": rules})
        repository("PutLifecyclePolicy", **WHERE, lifecyclePolicyText=text)
        assert repository("GetLifecyclePolicy", **WHERE)["lifecyclePolicyText"] == text


class TestRepositoryPolicies:
    @pytest.mark.parametrize("name", REPOSITORY)
    def test_refused(self, repository: Scene, name: str) -> None:
        text = text_of(REPOSITORY[name])
        for force in (False, True):
            with repository.refuses("SetRepositoryPolicy", "InvalidParameterException") as caught:
                repository("SetRepositoryPolicy", **WHERE, policyText=text, force=force)
            assert caught.value.message == INVALID.format("repository")
        with repository.refuses("GetRepositoryPolicy", "RepositoryPolicyNotFoundException"):
            repository("GetRepositoryPolicy", **WHERE)

    @pytest.mark.parametrize("name", LOCK_OUTS)
    def test_a_lock_out_requires_force(self, repository: Scene, name: str) -> None:
        text = text_of(LOCK_OUTS[name])
        for members in ({}, {"force": False}):
            with repository.refuses("SetRepositoryPolicy", "InvalidParameterException") as caught:
                repository("SetRepositoryPolicy", **WHERE, policyText=text, **members)
            assert caught.value.message == INVALID.format("repository")
        made = repository("SetRepositoryPolicy", **WHERE, policyText=text, force=True)
        assert made["policyText"] == text
        with pytest.raises(RefusedError) as locked_out:
            repository("SetRepositoryPolicy", **WHERE, policyText=text, force=True)
        assert locked_out.value.code == "AccessDeniedException"

    @pytest.mark.parametrize(
        "changes",
        [
            {"Effect": "Allow"},
            {"Action": ["ecr:BatchGetImage", "ecr:Describe*"]},
            {"Principal": {"AWS": "210987654321"}},
            {"Principal": {"Service": "codebuild.amazonaws.com"}},
            {"Condition": {"StringNotEquals": {"aws:PrincipalAccount": "123456789012"}}},
        ],
        ids=["allowed", "other-actions", "other-account", "service", "with-a-condition"],
    )
    def test_no_lock_out(self, repository: Scene, changes: dict[str, Any]) -> None:
        denial = {"Effect": "Deny", "Principal": "*", "Action": "ecr:SetRepositoryPolicy"} | changes
        text = text_of({"Version": "2012-10-17", "Statement": [denial]})
        repository("SetRepositoryPolicy", **WHERE, policyText=text)

    def test_a_denial_that_excepts_the_caller_is_not_a_lock_out(self, repository: Scene) -> None:
        denial = {
            "Effect": "Deny",
            "NotPrincipal": {"AWS": ["123456789012", repository.ecr.caller_arn]},
            "NotAction": "ecr:BatchGetImage",
        }
        text = text_of({"Version": "2012-10-17", "Statement": [denial]})
        repository("SetRepositoryPolicy", **WHERE, policyText=text)

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"Principal": "*"},
            {"Principal": {"AWS": ["*", "210987654321"]}},
            {"Principal": {"AWS": "arn:aws-cn:iam::210987654321:role/team/ci"}},
            {"Principal": {"AWS": "arn:aws:sts::210987654321:assumed-role/ci/session"}},
            {"Principal": {"AWS": "AROAIIOSFODNN7EXAMPLE"}},
            {"Principal": {"Service": ["codebuild.amazonaws.com"]}},
            {"Action": "ecr:*"},
            {"Action": "ECR:batchget*"},
            {"Action": "ecr:ReplicateImage"},
            {"Sid": "new statement"},
            {"Condition": {"ForAnyValue:StringLikeIfExists": {"aws:PrincipalOrgPaths": ["o-1/*"]}}},
            {"Condition": {"Null": {"aws:SourceAccount": False}, "Bool": {"aws:x": "true"}}},
        ],
    )
    def test_accepted(self, repository: Scene, changes: dict[str, Any]) -> None:
        for statements in ([STATEMENT | changes], STATEMENT | changes):
            text = text_of({"Version": "2008-10-17", "Id": "mine", "Statement": statements})
            repository("SetRepositoryPolicy", **WHERE, policyText=text)
            assert repository("GetRepositoryPolicy", **WHERE)["policyText"] == text

    @pytest.mark.generator
    def test_refused_in_a_creation_template(self, scene: Scene) -> None:
        operation = "CreateRepositoryCreationTemplate"
        text = text_of(REPOSITORY["resource"])
        with scene.refuses(operation, "InvalidParameterException") as caught:
            scene(operation, prefix="a", appliedFor=["REPLICATION"], repositoryPolicy=text)
        message = INVALID.format("repository").replace("PolicyText", "repositoryPolicy")
        assert caught.value.message == message


class TestRegistryPolicies:
    @pytest.mark.parametrize("name", REGISTRY)
    def test_refused(self, scene: Scene, name: str) -> None:
        with scene.refuses("PutRegistryPolicy", "InvalidParameterException") as caught:
            scene("PutRegistryPolicy", policyText=text_of(REGISTRY[name]))
        assert caught.value.message == INVALID.format("registry")
        with scene.refuses("GetRegistryPolicy", "RegistryPolicyNotFoundException"):
            scene("GetRegistryPolicy")

    @pytest.mark.parametrize(
        "changes",
        [
            {"Resource": "*"},
            {"Resource": ["arn:aws:ecr:us-east-1:123456789012:repository/team/*"]},
            {"Resource": "arn:aws:us-east-1:123456789012:repository/*"},
            {"NotResource": "arn:aws:ecr:us-east-1:123456789012:repository/team/*"},
            {"Resource": "*", "Action": ["ecr:ReplicateImage", "ecr:GetAuthorizationToken"]},
        ],
    )
    def test_accepted(self, scene: Scene, changes: dict[str, Any]) -> None:
        text = text_of({"Version": "2012-10-17", "Statement": [STATEMENT | changes]})
        scene("PutRegistryPolicy", policyText=text)
        assert scene("GetRegistryPolicy")["policyText"] == text


def test_the_reason_is_logged(repository: Scene, caplog: pytest.LogCaptureFixture) -> None:
    text = text_of({"Version": "2012-10-17", "Statement": [without(STATEMENT, "Effect")]})
    with (
        caplog.at_level(logging.INFO, logger="ecrclient.testing"),
        repository.refuses("SetRepositoryPolicy", "InvalidParameterException"),
    ):
        repository("SetRepositoryPolicy", **WHERE, policyText=text)
    assert caplog.messages == [
        "PolicyText is not a repository policy: Statement.0.Effect: Field required"
    ]

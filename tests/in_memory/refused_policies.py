"""Repository and registry policies that ECR refuses, by the rule that each breaks."""

from __future__ import annotations

import json
from typing import Any, cast

from tests.in_memory.refused_lifecycle_policies import without

__all__ = ["LOCK_OUTS", "REGISTRY", "REPOSITORY", "STATEMENT", "text_of"]

Document = dict[str, Any]

STATEMENT: Document = {
    "Sid": "pull",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
    "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
}
"""A statement of a repository policy. A registry policy's statement has a resource too."""
_ACTION: Document = without(STATEMENT, "Action")
_NOBODY: Document = without(STATEMENT, "Principal")


def _policy(*statements: Any, **members: Any) -> Document:
    return {"Version": "2012-10-17", "Statement": [*statements], **members}


def _principal(principal: Any) -> Document:
    return STATEMENT | {"Principal": principal}


_SHARED: dict[str, Any] = {
    "not-json": "{",
    "empty": "",
    "not-an-object": [],
    "no-statement-member": {"Version": "2012-10-17"},
    "no-statements": _policy(),
    "statement-not-an-object": _policy("all"),
    "unknown-version": _policy(STATEMENT, Version="2020-01-01"),
    "version-null": _policy(STATEMENT, Version=None),
    "unknown-element": _policy(STATEMENT, Name="x"),
    "id-not-a-text": _policy(STATEMENT, Id=1),
    "unknown-element-of-statement": _policy(STATEMENT | {"Actions": ["ecr:*"]}),
    "sid-not-a-text": _policy(STATEMENT | {"Sid": 1}),
    "no-effect": _policy(without(STATEMENT, "Effect")),
    "unknown-effect": _policy(STATEMENT | {"Effect": "allow"}),
    "no-principal": _policy(_NOBODY),
    "principal-twice": _policy(STATEMENT | {"NotPrincipal": {"AWS": "210987654321"}}),
    "principal-empty": _policy(_principal({})),
    "principal-empty-list": _policy(_principal({"AWS": []})),
    "principal-without-kind": _policy(_principal("arn:aws:iam::210987654321:root")),
    "principal-of-unknown-kind": _policy(_principal({"Account": "210987654321"})),
    "principal-account-of-wrong-length": _policy(_principal({"AWS": "123"})),
    "principal-arn-of-wrong-account": _policy(_principal({"AWS": "arn:aws:iam::123:user/me"})),
    "principal-arn-of-all": _policy(_principal({"AWS": "arn:aws:iam::210987654321:*"})),
    "principal-with-wildcard": _policy(_principal({"AWS": "arn:aws:iam::210987654321:role/ci-*"})),
    "principal-of-other-service": _policy(_principal({"AWS": "arn:aws:s3:::bucket"})),
    "principal-service-without-domain": _policy(_principal({"Service": "codebuild"})),
    "no-action": _policy(_ACTION),
    "action-twice": _policy(STATEMENT | {"NotAction": "ecr:PutImage"}),
    "action-empty": _policy(STATEMENT | {"Action": []}),
    "action-not-a-text": _policy(STATEMENT | {"Action": [7]}),
    "action-without-service": _policy(STATEMENT | {"Action": "BatchGetImage"}),
    "action-of-other-service": _policy(STATEMENT | {"Action": "s3:GetObject"}),
    "action-unknown": _policy(STATEMENT | {"Action": "ecr:PullImage"}),
    "action-pattern-of-nothing": _policy(STATEMENT | {"Action": "ecr:Pull*"}),
    "condition-not-an-object": _policy(STATEMENT | {"Condition": "x"}),
    "condition-unknown-operator": _policy(
        STATEMENT | {"Condition": {"Equals": {"aws:SourceAccount": "210987654321"}}}
    ),
    "condition-null-if-exists": _policy(
        STATEMENT | {"Condition": {"NullIfExists": {"aws:SourceAccount": "true"}}}
    ),
    "condition-without-keys": _policy(STATEMENT | {"Condition": {"StringEquals": "x"}}),
    "condition-value-null": _policy(
        STATEMENT | {"Condition": {"StringEquals": {"aws:SourceAccount": None}}}
    ),
}

REPOSITORY: dict[str, Any] = {
    **_SHARED,
    "resource": _policy(STATEMENT | {"Resource": "*"}),
    "not-resource": _policy(STATEMENT | {"NotResource": "arn:aws:ecr:us-east-1:1:repository/x"}),
    "action-of-the-registry": _policy(STATEMENT | {"Action": "ecr:GetAuthorizationToken"}),
}
"""Repository policies."""


def _with_resource(document: Any) -> Any:
    """Return the policy with a resource in each of its statements, if it has any."""
    if not isinstance(document, dict) or "Statement" not in document:
        return cast("Any", document)
    policy = cast("Document", document)
    statements: list[Any] = policy["Statement"]
    return policy | {
        "Statement": [
            cast("Document", one) | {"Resource": "*"} if isinstance(one, dict) else one
            for one in statements
        ]
    }


REGISTRY: dict[str, Any] = {
    **{name: _with_resource(document) for name, document in _SHARED.items()},
    "no-resource": _policy(STATEMENT),
    "resource-empty": _policy(STATEMENT | {"Resource": []}),
    "resource-not-an-arn": _policy(STATEMENT | {"Resource": "repository/*"}),
    "resource-twice": _policy(STATEMENT | {"Resource": "*", "NotResource": "*"}),
}
"""Registry policies."""

_DENIAL: Document = {"Effect": "Deny", "Principal": "*", "Action": "ecr:SetRepositoryPolicy"}
_CALLER = "arn:aws:iam::123456789012:user/in-memory-ecr"

LOCK_OUTS: dict[str, Document] = {
    "everyone": _policy(_DENIAL),
    "all-actions": _policy(_DENIAL | {"Action": ["ecr:BatchGetImage", "ecr:*"]}),
    "every-action": _policy(_DENIAL | {"Action": "*"}),
    "other-case": _policy(_DENIAL | {"Action": "ECR:setrepository*"}),
    "all-but-one-action": _policy(without(_DENIAL, "Action") | {"NotAction": "ecr:BatchGetImage"}),
    "any-principal": _policy(_DENIAL | {"Principal": {"AWS": "*"}}),
    "own-account": _policy(_DENIAL | {"Principal": {"AWS": ["123456789012"]}}),
    "own-root": _policy(_DENIAL | {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}),
    "caller": _policy(STATEMENT, _DENIAL | {"Principal": {"AWS": _CALLER}}),
    "all-but-another": _policy(
        without(_DENIAL, "Principal") | {"NotPrincipal": {"AWS": "210987654321"}}
    ),
}
"""Valid repository policies that deny SetRepositoryPolicy to their caller."""


def text_of(document: Any) -> str:
    """Return the text of a policy; a text is returned unchanged."""
    return document if isinstance(document, str) else json.dumps(document)

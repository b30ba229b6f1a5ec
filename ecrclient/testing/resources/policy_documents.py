"""Validation of repository policies and registry policies.

Both are IAM resource policies. Sources: "Grammar of the IAM JSON policy language", "AWS JSON policy
elements: Principal" and "IAM JSON policy elements: Condition operators" in the IAM User Guide;
"Actions, resources, and condition keys for Amazon Elastic Container Registry" in the Service
Authorization Reference; "Private repository policies in Amazon ECR" and "Private registry
permissions in Amazon ECR"; SetRepositoryPolicy in the Amazon ECR API Reference for ``force``.

ECR returns the same message for every problem. The logger ``ecrclient.testing`` logs the reason at
the level INFO.

Reported by users of ECR rather than documented: a repository policy must not have ``Resource`` and
must not name ``ecr:GetAuthorizationToken``, and the ARN in a registry policy's ``Resource`` is not
checked beyond its first part. Not documented, and allowed here: the action ``*``, a missing
``Version``, equal ``Sid`` elements, and condition keys of any name. Whether a principal exists is
not checked: there is no IAM here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ecrclient.operations import OPERATIONS

from ..errors import invalid_parameter

__all__ = ["check_registry_policy", "check_repository_policy"]

_log = logging.getLogger("ecrclient.testing")

# Permissions without an operation.
_ACTIONS = {operation.name for operation in OPERATIONS.values()} | {
    *("BatchImportUpstreamImage", "GetImageCopyStatus", "ReplicateImage")
}
_AWS_PRINCIPAL = re.compile(
    r"\*|[0-9]{12}"
    r"|arn:aws[a-z-]*:iam::[0-9]{12}:(root|(user|role)/[^*?]+)"
    r"|arn:aws[a-z-]*:sts::[0-9]{12}:(assumed-role|federated-user)/[^*?]+"
    r"|A[A-Z0-9]{15,127}"
)
_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_COMPARISONS = {
    "String": ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike"),
    **dict.fromkeys(
        ("Numeric", "Date"),
        (
            *("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan"),
            "GreaterThanEquals",
        ),
    ),
    "Arn": ("Equals", "NotEquals", "Like", "NotLike"),
}
_OPERATORS = {
    *("Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "Null"),
    *(f"{kind}{name}" for kind, names in _COMPARISONS.items() for name in names),
}
_OPERATOR = re.compile(r"(?:For(?:AnyValue|AllValues):)?(\w+?)(IfExists)?")


def _listed(value: object) -> list[object]:
    """Return a single value as a list; the policy language accepts both."""
    return cast("list[object]", value) if isinstance(value, list) else [value]


_Text = Annotated[str, Field(min_length=1)]
_Texts = Annotated[list[_Text], BeforeValidator(_listed), Field(min_length=1)]
_Values = Annotated[list[str | bool | int | float], BeforeValidator(_listed)]
_PrincipalKind = Literal["AWS", "Service", "Federated", "CanonicalUser"]
_Principals: TypeAlias = Literal["*"] | Annotated[dict[_PrincipalKind, _Texts], Field(min_length=1)]
_PRINCIPALS: dict[_PrincipalKind, re.Pattern[str]] = {"AWS": _AWS_PRINCIPAL, "Service": _SERVICE}


def _no_principals() -> dict[_PrincipalKind, list[str]]:
    return {}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class _Statement(_Part):
    """A statement. The defaults represent absent elements; a null is refused."""

    sid: str = Field(default="", alias="Sid")
    effect: Literal["Allow", "Deny"] = Field(alias="Effect")
    principal: _Principals = Field(default_factory=_no_principals, alias="Principal")
    not_principal: _Principals = Field(default_factory=_no_principals, alias="NotPrincipal")
    action: _Texts = Field(default_factory=list[str], alias="Action")
    not_action: _Texts = Field(default_factory=list[str], alias="NotAction")
    resource: _Texts = Field(default_factory=list[str], alias="Resource")
    not_resource: _Texts = Field(default_factory=list[str], alias="NotResource")
    condition: dict[str, dict[_Text, _Values]] = Field(
        default_factory=dict[str, dict[str, list[str | bool | int | float]]], alias="Condition"
    )


class _Policy(_Part):
    version: Literal["2008-10-17", "2012-10-17"] = Field(default="2008-10-17", alias="Version")
    id: str = Field(default="", alias="Id")
    statement: Annotated[list[_Statement], BeforeValidator(_listed), Field(min_length=1)] = Field(
        alias="Statement"
    )


def check_repository_policy(text: str, member: str = "PolicyText") -> None:
    """Refuse a text that is not a repository policy.

    Raises:
        InvalidParameterException: It is not a valid policy.
    """
    _check(text, member, "repository")


def check_registry_policy(text: str) -> None:
    """Refuse a text that is not a registry policy.

    Raises:
        InvalidParameterException: It is not a valid policy.
    """
    _check(text, "PolicyText", "registry")


def _check(text: str, member: str, kind: Literal["repository", "registry"]) -> None:
    reason: str | None
    try:
        policy = _Policy.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        reason = f"{'.'.join(map(str, first['loc'])) or 'the text'}: {first['msg']}"
    else:
        reason = next(_problems(policy, kind), None)
    if reason is not None:
        _log.info("%s is not a %s policy: %s", member, kind, reason)
        raise invalid_parameter(member, f"Invalid {kind} policy provided")


def _problems(policy: _Policy, kind: str) -> Iterator[str]:
    for position, statement in enumerate(policy.statement):
        for problem in (
            *_in_elements(statement, has_resource=kind == "registry"),
            *_in_principals(statement),
            *_in_actions(statement, kind),
            *_in_conditions(statement),
        ):
            yield f"Statement.{position}: {problem}"


def _in_elements(statement: _Statement, *, has_resource: bool) -> Iterator[str]:
    given = statement.model_fields_set
    for name in ("principal", "action"):
        if (name in given) == (f"not_{name}" in given):
            yield f"needs either {name.title()} or Not{name.title()}"
    resources = given & {"resource", "not_resource"}
    if has_resource and len(resources) != 1:
        yield "needs either Resource or NotResource"
    if not has_resource and resources:
        yield "the policy of a repository is for that repository: no Resource is allowed"
    for resource in (*statement.resource, *statement.not_resource):
        if resource != "*" and not resource.startswith("arn:"):
            yield f"Resource must be * or an ARN, not {resource}"


def _in_principals(statement: _Statement) -> Iterator[str]:
    for principals in (statement.principal, statement.not_principal):
        if isinstance(principals, str):
            continue
        for kind, pattern in _PRINCIPALS.items():
            for one in principals.get(kind, []):
                if not pattern.fullmatch(one):
                    yield f"{one} is not a principal of the kind {kind}"


def _in_actions(statement: _Statement, kind: str) -> Iterator[str]:
    for action in (*statement.action, *statement.not_action):
        if action == "*":
            continue
        service, _, name = action.partition(":")
        if service.lower() != "ecr" or not any(_matches(name, one) for one in _ACTIONS):
            yield f"{action} is not an action of ECR"
        if kind == "repository" and name.lower() == "getauthorizationtoken":
            yield f"{action} is not an action on a repository"


def _in_conditions(statement: _Statement) -> Iterator[str]:
    for operator in statement.condition:
        match = _OPERATOR.fullmatch(operator)
        # Null checks whether a key exists, so it has no variant with IfExists.
        if match is None or match[1] not in _OPERATORS or (match[1] == "Null" and match[2]):
            yield f"{operator} is not a condition operator"


def _matches(pattern: str, name: str) -> bool:
    """Whether an action pattern with ``*`` and ``?`` matches *name*, regardless of case."""
    parts = ({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch("".join(parts), name, re.IGNORECASE) is not None

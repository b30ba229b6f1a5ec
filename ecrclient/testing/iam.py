"""Evaluation of explicit denials in resource-based IAM policies, and matching of IAM patterns.

Of a statement with the effect ``Deny``, the elements ``Principal`` or ``NotPrincipal`` and
``Action`` or ``NotAction`` are evaluated. A statement with a ``Condition`` does not deny anything,
because condition keys are not implemented. Statements that allow are ignored, and so is
``Resource``: a repository policy always applies to its repository.

Sources: "IAM JSON policy elements" in the IAM User Guide: Principal, NotPrincipal, Action,
NotAction, Resource (for wildcards).
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeGuard, cast

__all__ = ["any_matches", "denies", "identities_of", "matches"]

_ALL = "*"
_SESSION = re.compile(
    r"arn:(?P<partition>[^:]+):sts::(?P<account>[0-9]{12}):assumed-role/(?P<role>.+)/[^/]+"
)


def denies(policy_text: str, principal_arn: str, action: str) -> bool:
    """Return whether a resource-based policy explicitly denies a principal an action.

    Args:
        policy_text: The policy, as JSON.
        principal_arn: The ARN of a user, a role or a role session.
        action: The action, such as ``ecr:BatchGetImage``.
    """
    return any(_applies(statement, principal_arn, action) for statement in _denials_of(policy_text))


def identities_of(principal_arn: str) -> set[str]:
    """Return the ARNs that identify a principal: its ARN and, for a role session, the role's."""
    session = _SESSION.fullmatch(principal_arn)
    if session is None:
        return {principal_arn}
    partition, account, role = session.groups()
    return {principal_arn, f"arn:{partition}:iam::{account}:role/{role}"}


@functools.lru_cache(maxsize=256)
def _denials_of(policy_text: str) -> Sequence[Mapping[str, object]]:
    """Return the policy's statements that deny without a condition."""
    document: object = json.loads(policy_text)
    statements: Sequence[object] = (
        _listed(document.get("Statement")) if _is_object(document) else []
    )
    return [
        statement
        for statement in statements
        if _is_object(statement)
        and statement.get("Effect") == "Deny"
        and not statement.get("Condition")
    ]


def _applies(statement: Mapping[str, object], principal_arn: str, action: str) -> bool:
    if "Principal" in statement:
        applies = _is_named(statement["Principal"], principal_arn, with_account=True)
    else:
        # The account ARN in NotPrincipal excepts only the root user, not the account's principals.
        excepted = statement.get("NotPrincipal")
        applies = excepted is not None and not _is_named(
            excepted, principal_arn, with_account=False
        )
    if "Action" in statement:
        return applies and any_matches(_texts(statement["Action"]), action, ignore_case=True)
    other = statement.get("NotAction")
    return (
        applies and other is not None and not any_matches(_texts(other), action, ignore_case=True)
    )


def _is_named(principal: object, arn: str, *, with_account: bool) -> bool:
    """Return whether a ``Principal`` element names the principal, its role or its account."""
    named = _texts(principal.get("AWS")) if _is_object(principal) else _texts(principal)
    identities = {_ALL, *identities_of(arn)}
    if with_account:
        _, partition, _, _, account, _ = arn.split(":", 5)
        identities |= {account, f"arn:{partition}:iam::{account}:root"}
    return not identities.isdisjoint(named)


def _is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, dict)


def _listed(value: object) -> Sequence[object]:
    """Return a list: in IAM, a single element is equivalent to a list of one."""
    return cast("list[object]", value) if isinstance(value, list) else [value]


def _texts(value: object) -> list[str]:
    return [one for one in _listed(value) if isinstance(one, str)]


def any_matches(patterns: Iterable[str], text: str, *, ignore_case: bool = False) -> bool:
    """Return whether one of several IAM patterns matches the whole of *text*."""
    return any(matches(pattern, text, ignore_case=ignore_case) for pattern in patterns)


def matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Return whether an IAM pattern matches *text*; ``*`` is any text, ``?`` any character."""
    wildcards = {"*": ".*", "?": "."}
    expression = "".join(wildcards.get(char) or re.escape(char) for char in pattern)
    return re.fullmatch(expression, text, re.IGNORECASE if ignore_case else 0) is not None

"""IAM's language as far as it denies: statements of resource-based policies, and patterns.

Of a statement with the effect ``Deny``, ``Principal`` or ``NotPrincipal`` and ``Action`` or
``NotAction`` are evaluated. One with a ``Condition`` denies nothing, since no condition key is
known here. Statements that allow are not looked at, and neither is ``Resource``: a repository
policy is about its own repository.

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
    """Whether a resource-based policy explicitly denies a principal an action.

    Args:
        policy_text: The policy, as JSON.
        principal_arn: The ARN of a user, a role or the session of a role.
        action: The action, such as ``ecr:BatchGetImage``.
    """
    return any(
        _is_about(statement, principal_arn, action) for statement in _denials_of(policy_text)
    )


def identities_of(principal_arn: str) -> set[str]:
    """The ARNs that name a principal: its own and, of the session of a role, the role's."""
    session = _SESSION.fullmatch(principal_arn)
    if session is None:
        return {principal_arn}
    partition, account, role = session.groups()
    return {principal_arn, f"arn:{partition}:iam::{account}:role/{role}"}


@functools.lru_cache(maxsize=256)
def _denials_of(policy_text: str) -> Sequence[Mapping[str, object]]:
    """The statements of a policy that deny without a condition."""
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


def _is_about(statement: Mapping[str, object], principal_arn: str, action: str) -> bool:
    if "Principal" in statement:
        about = _is_named(statement["Principal"], principal_arn, with_account=True)
    else:
        # Naming the account excepts its root user only, not everybody in it.
        excepted = statement.get("NotPrincipal")
        about = excepted is not None and not _is_named(excepted, principal_arn, with_account=False)
    if "Action" in statement:
        return about and any_matches(_texts(statement["Action"]), action, ignore_case=True)
    other = statement.get("NotAction")
    return about and other is not None and not any_matches(_texts(other), action, ignore_case=True)


def _is_named(principal: object, arn: str, *, with_account: bool) -> bool:
    """Whether an element ``Principal`` names a principal, its role or, if asked, its account."""
    named = _texts(principal.get("AWS")) if _is_object(principal) else _texts(principal)
    identities = {_ALL, *identities_of(arn)}
    if with_account:
        _, partition, _, _, account, _ = arn.split(":", 5)
        identities |= {account, f"arn:{partition}:iam::{account}:root"}
    return not identities.isdisjoint(named)


def _is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, dict)


def _listed(value: object) -> Sequence[object]:
    """IAM takes one element for a list of one."""
    return cast("list[object]", value) if isinstance(value, list) else [value]


def _texts(value: object) -> list[str]:
    return [one for one in _listed(value) if isinstance(one, str)]


def any_matches(patterns: Iterable[str], text: str, *, ignore_case: bool = False) -> bool:
    """Whether one of several patterns of IAM matches the whole of *text*."""
    return any(matches(pattern, text, ignore_case=ignore_case) for pattern in patterns)


def matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Whether a pattern of IAM matches the whole of *text*: ``*`` any characters, ``?`` one."""
    wildcards = {"*": ".*", "?": "."}
    expression = "".join(wildcards.get(char) or re.escape(char) for char in pattern)
    return re.fullmatch(expression, text, re.IGNORECASE if ignore_case else 0) is not None

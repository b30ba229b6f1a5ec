"""Denied operations.

Every operation is allowed unless it is denied; ``Allow`` statements are neither needed nor
evaluated. An operation can be denied by:

- a rule of the test, `InMemoryECR.deny`, which acts as an identity-based policy;
- a repository policy statement with the effect ``Deny``, see ``iam``.

Other policies, such as registry policies and service control policies, are not evaluated.
GetDownloadUrlForLayer requires a permission; using the URL does not.

Sources: "Policy evaluation logic" and "Troubleshoot access denied error messages" in the IAM User
Guide; "Actions, resources, and condition keys for Amazon Elastic Container Registry" in the Service
Authorization Reference; "ListImageReferrers" in the Amazon ECR API Reference, for which the caller
needs the action ``ecr:BatchGetImage``. AWS does not document which policy the message names if
several deny; here it is the identity-based policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ecrclient.operations import OPERATIONS

from .errors import refuse_common
from .iam import any_matches, denies, matches

if TYPE_CHECKING:
    from ecrclient._awsjson.protocol.operation import Operation
    from ecrclient._awsjson.protocol.service_error import ServiceError
    from ecrclient._awsjson.protocol.shapes import Request

    from .auth import Caller
    from .store import Registry

__all__ = ["Denial", "Permissions"]

_PREFIX = "ecr:"
_ALL = "*"
# The actions that permit operations without an action of the same name.
_SHARED_ACTIONS = {"ListImageReferrers": "BatchGetImage"}
_ACTIONS = frozenset(
    f"{_PREFIX}{_SHARED_ACTIONS.get(operation.name, operation.name)}"
    for operation in OPERATIONS.values()
)
_IDENTITY, _RESOURCE = "an identity-based policy", "a resource-based policy"


class Denial:
    """A rule that denies operations until it is removed, or until its ``with`` block ends."""

    def __init__(
        self,
        permissions: Permissions,
        actions: Sequence[str],
        access_key_id: str | None,
        resources: Sequence[str],
    ) -> None:
        self._permissions = permissions
        self._actions = actions
        self._access_key_id = access_key_id
        self._resources = resources

    def __repr__(self) -> str:
        who = self._access_key_id or "every access key"
        what, where = ", ".join(self._actions), ", ".join(self._resources)
        return f"<Denial of {what} on {where} to {who}>"

    def remove(self) -> None:
        """Remove the rule. Idempotent."""
        self._permissions.remove(self)

    def covers(self, caller: Caller, action: str, resource: str) -> bool:
        """Return whether the rule denies the caller an action on a resource."""
        return (
            self._access_key_id in (None, caller.access_key_id)
            and any_matches(self._actions, action, ignore_case=True)
            and any_matches(self._resources, resource)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.remove()


class Permissions:
    """The rules of a test and the policies of repositories.

    Args:
        registry: The registry whose repositories have the policies.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._denials: list[Denial] = []

    def deny(
        self, actions: Sequence[str], access_key_id: str | None, resources: Sequence[str]
    ) -> Denial:
        """Add a rule, see `InMemoryECR.deny`.

        Raises:
            ValueError: there is no action or no resource, or an action is not an ECR action.
        """
        for action in actions:
            if not any(matches(action, known, ignore_case=True) for known in _ACTIONS):
                raise ValueError(
                    f"{action!r} is not an ECR action; use a name such as 'ecr:DeleteRepository' "
                    "or a pattern with wildcards"
                )
        if not actions or not resources:
            raise ValueError("a rule needs at least one action and one resource")
        denial = Denial(self, tuple(actions), access_key_id, tuple(resources))
        self._denials.append(denial)
        return denial

    def remove(self, denial: Denial) -> None:
        """Remove a rule. Idempotent."""
        if denial in self._denials:
            self._denials.remove(denial)

    def check(self, caller: Caller, operation: Operation[Any], request: Request[Any]) -> None:
        """Raise an error if the request is denied.

        Raises:
            ServiceError: ``AccessDeniedException``, with IAM's message.
        """
        for resource in _arns_of(request, self._registry.arn_prefix):
            self._check(caller, operation, resource)

    def check_repository(self, caller: Caller, operation: Operation[Any], name: str) -> None:
        """Raise an error if the operation is denied for the repository of this name.

        Raises:
            ServiceError: ``AccessDeniedException``, with IAM's message.
        """
        self._check(caller, operation, self._registry.arn(name))

    def _check(self, caller: Caller, operation: Operation[Any], resource: str) -> None:
        action = f"{_PREFIX}{_SHARED_ACTIONS.get(operation.name, operation.name)}"
        if any(denial.covers(caller, action, resource) for denial in self._denials):
            raise _denied(caller, action, resource, _IDENTITY)
        repository = self._registry.repositories.get(
            resource.removeprefix(self._registry.arn_prefix)
        )
        policy_text = repository.policy_text if repository else None
        if policy_text is not None and denies(policy_text, caller.arn, action):
            raise _denied(caller, action, resource, _RESOURCE)


def _arns_of(request: Request[Any], prefix: str) -> list[str]:
    """Return the ARNs of the request's resources, by the Service Authorization Reference."""
    members: dict[str, Any] = vars(request)
    if "resource_arn" in members:
        return [members["resource_arn"]]
    if "repository_name" in members:
        return [f"{prefix}{members['repository_name']}"]
    if "repository_names" in members:
        # DescribeRepositories without names: ECR's messages contain a wildcard.
        return [f"{prefix}{name}" for name in members["repository_names"] or [_ALL]]
    return [_ALL]


def _denied(caller: Caller, action: str, resource: str, policy: str) -> ServiceError:
    return refuse_common(
        "AccessDeniedException",
        f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource} "
        f"with an explicit deny in {policy}",
    )

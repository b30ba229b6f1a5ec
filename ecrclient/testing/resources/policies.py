"""Repository policies and lifecycle policies.

The texts are stored and returned unchanged. Both kinds are checked as ECR checks them. A lifecycle
policy is applied when a test requests it. A repository policy that would deny its caller
SetRepositoryPolicy requires ``force``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecrclient.errors import LifecyclePolicyNotFoundException, RepositoryPolicyNotFoundException
from ecrclient.lifecycle import LifecyclePolicy, LifecyclePolicyError
from ecrclient.lifecycle.shape import read_document
from ecrclient.models import (
    DeleteLifecyclePolicyRequest,
    DeleteLifecyclePolicyResponse,
    DeleteRepositoryPolicyRequest,
    DeleteRepositoryPolicyResponse,
    GetLifecyclePolicyRequest,
    GetLifecyclePolicyResponse,
    GetRepositoryPolicyRequest,
    GetRepositoryPolicyResponse,
    PutLifecyclePolicyRequest,
    PutLifecyclePolicyResponse,
    SetRepositoryPolicyRequest,
    SetRepositoryPolicyResponse,
)
from ecrclient.operations import (
    DELETE_LIFECYCLE_POLICY,
    DELETE_REPOSITORY_POLICY,
    GET_LIFECYCLE_POLICY,
    GET_REPOSITORY_POLICY,
    PUT_LIFECYCLE_POLICY,
    SET_REPOSITORY_POLICY,
)

from ..errors import invalid_parameter, refuse
from ..iam import denies
from .policy_documents import check_repository_policy

if TYPE_CHECKING:
    from ..dispatch import Handlers
    from ..store import Registry, RepositoryRecord

__all__ = ["Policies", "check_lifecycle_policy", "lifecycle_policy_of"]

_NOT_A_POLICY = "Could not map policyString into LifecyclePolicy."

_SET_POLICY = "ecr:SetRepositoryPolicy"


class Policies:
    """The repository policy and the lifecycle policy of a repository."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(SET_REPOSITORY_POLICY, self.set_policy)
        handlers.on(GET_REPOSITORY_POLICY, self.get_policy)
        handlers.on(DELETE_REPOSITORY_POLICY, self.delete_policy)
        handlers.on(PUT_LIFECYCLE_POLICY, self.put_lifecycle)
        handlers.on(GET_LIFECYCLE_POLICY, self.get_lifecycle)
        handlers.on(DELETE_LIFECYCLE_POLICY, self.delete_lifecycle)

    def set_policy(self, request: SetRepositoryPolicyRequest) -> SetRepositoryPolicyResponse:
        """Set the policy of a repository.

        Raises:
            InvalidParameterException: The policy is invalid, or requires ``force``.
        """
        record = self._registry.repository(request.repository_name, request.registry_id)
        check_repository_policy(request.policy_text)
        caller = self._registry.caller or self._registry.caller_arn
        if not request.force and denies(request.policy_text, caller, _SET_POLICY):
            # ECR documents neither how it detects that a policy locks its caller out, nor the
            # error. This is the error of an invalid policy text.
            raise invalid_parameter("PolicyText", "Invalid repository policy provided")
        record.policy_text = request.policy_text
        return SetRepositoryPolicyResponse(
            registry_id=self._registry.account_id,
            repository_name=record.name,
            policy_text=request.policy_text,
        )

    def get_policy(self, request: GetRepositoryPolicyRequest) -> GetRepositoryPolicyResponse:
        """Return the policy of a repository."""
        record = self._registry.repository(request.repository_name, request.registry_id)
        return GetRepositoryPolicyResponse(
            registry_id=self._registry.account_id,
            repository_name=record.name,
            policy_text=self._policy_of(record),
        )

    def delete_policy(
        self, request: DeleteRepositoryPolicyRequest
    ) -> DeleteRepositoryPolicyResponse:
        """Delete the policy of a repository."""
        record = self._registry.repository(request.repository_name, request.registry_id)
        text, record.policy_text = self._policy_of(record), None
        return DeleteRepositoryPolicyResponse(
            registry_id=self._registry.account_id, repository_name=record.name, policy_text=text
        )

    def put_lifecycle(self, request: PutLifecyclePolicyRequest) -> PutLifecyclePolicyResponse:
        """Set the lifecycle policy of a repository."""
        record = self._registry.repository(request.repository_name, request.registry_id)
        check_lifecycle_policy(request.lifecycle_policy_text)
        record.lifecycle_policy_text = request.lifecycle_policy_text
        record.lifecycle_evaluated_at = None
        return PutLifecyclePolicyResponse(
            registry_id=self._registry.account_id,
            repository_name=record.name,
            lifecycle_policy_text=request.lifecycle_policy_text,
        )

    def get_lifecycle(self, request: GetLifecyclePolicyRequest) -> GetLifecyclePolicyResponse:
        """Return the lifecycle policy of a repository."""
        record = self._registry.repository(request.repository_name, request.registry_id)
        return GetLifecyclePolicyResponse(
            registry_id=self._registry.account_id,
            repository_name=record.name,
            lifecycle_policy_text=lifecycle_policy_of(self._registry, record),
            last_evaluated_at=record.lifecycle_evaluated_at,
        )

    def delete_lifecycle(
        self, request: DeleteLifecyclePolicyRequest
    ) -> DeleteLifecyclePolicyResponse:
        """Delete the lifecycle policy of a repository."""
        record = self._registry.repository(request.repository_name, request.registry_id)
        text, evaluated_at = (
            lifecycle_policy_of(self._registry, record),
            record.lifecycle_evaluated_at,
        )
        record.lifecycle_policy_text = record.lifecycle_evaluated_at = None
        return DeleteLifecyclePolicyResponse(
            registry_id=self._registry.account_id,
            repository_name=record.name,
            lifecycle_policy_text=text,
            last_evaluated_at=evaluated_at,
        )

    def _policy_of(self, record: RepositoryRecord) -> str:
        if record.policy_text is None:
            raise refuse(
                RepositoryPolicyNotFoundException,
                f"Repository policy does not exist for the repository with name '{record.name}' "
                f"in the registry with id '{self._registry.account_id}'",
            )
        return record.policy_text


def lifecycle_policy_of(registry: Registry, record: RepositoryRecord) -> str:
    """Return the text of a repository's lifecycle policy.

    Raises:
        LifecyclePolicyNotFoundException: The repository does not have one.
    """
    if record.lifecycle_policy_text is None:
        raise refuse(
            LifecyclePolicyNotFoundException,
            f"Lifecycle policy does not exist for the repository with name '{record.name}' "
            f"in the registry with id '{registry.account_id}'",
        )
    return record.lifecycle_policy_text


def check_lifecycle_policy(text: str, member: str = "LifecyclePolicyText") -> None:
    """Refuse a text that is not a lifecycle policy, or whose rules ECR does not accept.

    The message begins like ECR's. ECR's continues with an error of its JSON schema or a sentence
    that does not name the rule; this one continues with the problems and their rules' numbers.

    Raises:
        InvalidParameterException: ECR would refuse the policy.
    """
    problem = _lifecycle_problem(text)
    if problem is not None:
        raise invalid_parameter(member, f"Lifecycle policy validation failure: {problem}")


def _lifecycle_problem(text: str) -> str | None:
    try:
        if not isinstance(read_document(text), dict):
            return _NOT_A_POLICY
        LifecyclePolicy.parse(text).to_json()
    except LifecyclePolicyError as error:
        return str(error)
    except ValueError:
        return _NOT_A_POLICY
    return None

"""Pull through cache rules: the upstream registry that is cached under a prefix.

The rules are checked and stored; nothing is fetched from an upstream registry. There is no Secrets
Manager here either, so every secret in the rule's account and Region is assumed to be readable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ecrclient._awsjson.protocol.shapes import Response
from ecrclient.errors import (
    LimitExceededException,
    PullThroughCacheRuleAlreadyExistsException,
    PullThroughCacheRuleNotFoundException,
    SecretNotFoundException,
    UnableToAccessSecretException,
    UnsupportedUpstreamRegistryException,
)
from ecrclient.models import (
    CreatePullThroughCacheRuleRequest,
    CreatePullThroughCacheRuleResponse,
    DeletePullThroughCacheRuleRequest,
    DeletePullThroughCacheRuleResponse,
    DescribePullThroughCacheRulesRequest,
    DescribePullThroughCacheRulesResponse,
    PullThroughCacheRule,
    UpdatePullThroughCacheRuleRequest,
    UpdatePullThroughCacheRuleResponse,
    ValidatePullThroughCacheRuleRequest,
    ValidatePullThroughCacheRuleResponse,
)
from ecrclient.operations import (
    CREATE_PULL_THROUGH_CACHE_RULE,
    DELETE_PULL_THROUGH_CACHE_RULE,
    DESCRIBE_PULL_THROUGH_CACHE_RULES,
    UPDATE_PULL_THROUGH_CACHE_RULE,
    VALIDATE_PULL_THROUGH_CACHE_RULE,
)

from ..errors import access_denied, invalid_parameter, refuse
from .prefixes import ROOT, prefix_key
from .roles import check_role

if TYPE_CHECKING:
    from ..dispatch import Handlers
    from ..store import Registry
    from .pages import Pages

__all__ = ["PullThroughCacheRules"]

ResponseT = TypeVar("ResponseT", bound=Response)

# "Pull through cache rules per registry" in "Amazon ECR service quotas".
_MOST_RULES = 50
# arn:<partition>:secretsmanager:<region>:<account>:secret:<name>
_ARN_REGION, _ARN_ACCOUNT = 3, 4


@dataclass(frozen=True, slots=True)
class _Upstream:
    name: str
    url: str
    """The pattern of the URL."""
    needs_secret: bool = False


_ECR = _Upstream("ecr", r"[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.[a-z]{2})?")
_UPSTREAMS = (
    _ECR,
    _Upstream("ecr-public", r"public\.ecr\.aws"),
    _Upstream("k8s", r"registry\.k8s\.io"),
    _Upstream("quay", r"quay\.io"),
    _Upstream("docker-hub", r"registry-1\.docker\.io", needs_secret=True),
    _Upstream("azure-container-registry", r"[a-zA-Z0-9-]+\.azurecr\.io", needs_secret=True),
    _Upstream("github-container-registry", r"ghcr\.io", needs_secret=True),
    _Upstream("gitlab-container-registry", r"registry\.gitlab\.com", needs_secret=True),
    _Upstream("chainguard", r"cgr\.dev", needs_secret=True),
)


class PullThroughCacheRules:
    """Create-, Update-, Delete-, Describe- and ValidatePullThroughCacheRule."""

    def __init__(self, registry: Registry, pages: Pages) -> None:
        self._registry = registry
        self._pages = pages

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(CREATE_PULL_THROUGH_CACHE_RULE, self.create)
        handlers.on(UPDATE_PULL_THROUGH_CACHE_RULE, self.update)
        handlers.on(DELETE_PULL_THROUGH_CACHE_RULE, self.delete)
        handlers.on(DESCRIBE_PULL_THROUGH_CACHE_RULES, self.describe)
        handlers.on(VALIDATE_PULL_THROUGH_CACHE_RULE, self.validate)

    def create(
        self, request: CreatePullThroughCacheRuleRequest
    ) -> CreatePullThroughCacheRuleResponse:
        """Create a rule."""
        registry, prefix = self._registry, request.ecr_repository_prefix
        self._check_own("CreatePullThroughCacheRule", request.registry_id)
        upstream = _find_upstream(request.upstream_registry_url)
        if request.upstream_registry not in (None, upstream.name):
            raise invalid_parameter(
                "upstreamRegistry",
                f"must be '{upstream.name}', which the upstream registry URL belongs to, "
                f"not '{request.upstream_registry}'",
            )
        if prefix == ROOT and request.upstream_repository_prefix not in (None, ROOT):
            raise invalid_parameter(
                "upstreamRepositoryPrefix", f"must be {ROOT} when ecrRepositoryPrefix is {ROOT}"
            )
        now = registry.clock()
        rule = PullThroughCacheRule(
            ecr_repository_prefix=prefix,
            upstream_registry_url=request.upstream_registry_url,
            upstream_registry=upstream.name,
            upstream_repository_prefix=request.upstream_repository_prefix or ROOT,
            credential_arn=request.credential_arn,
            custom_role_arn=request.custom_role_arn,
            registry_id=registry.account_id,
            created_at=now,
            updated_at=now,
        )
        self._check_access(rule)
        if prefix_key(prefix) in registry.pull_through_cache_rules:
            raise refuse(
                PullThroughCacheRuleAlreadyExistsException,
                f"A pull through cache rule with prefix '{prefix}' already exists in the registry "
                f"with id '{registry.account_id}'",
            )
        if len(registry.pull_through_cache_rules) >= _MOST_RULES:
            raise refuse(
                LimitExceededException,
                f"A registry has at most {_MOST_RULES} pull through cache rules",
            )
        registry.pull_through_cache_rules[prefix_key(prefix)] = rule
        return _respond(CreatePullThroughCacheRuleResponse, rule)

    def update(
        self, request: UpdatePullThroughCacheRuleRequest
    ) -> UpdatePullThroughCacheRuleResponse:
        """Change the secret or the role of a rule."""
        rule = self._rule(
            "UpdatePullThroughCacheRule", request.ecr_repository_prefix, request.registry_id
        )
        if request.credential_arn is None and request.custom_role_arn is None:
            raise invalid_parameter("credentialArn", "credentialArn or customRoleArn must be given")
        updated = rule.model_copy(
            update={
                "credential_arn": request.credential_arn or rule.credential_arn,
                "custom_role_arn": request.custom_role_arn or rule.custom_role_arn,
                "updated_at": self._registry.clock(),
            }
        )
        self._check_access(updated)
        self._registry.pull_through_cache_rules[prefix_key(rule.ecr_repository_prefix)] = updated
        return _respond(UpdatePullThroughCacheRuleResponse, updated)

    def delete(
        self, request: DeletePullThroughCacheRuleRequest
    ) -> DeletePullThroughCacheRuleResponse:
        """Delete a rule; the repositories under its prefix stay."""
        rule = self._rule(
            "DeletePullThroughCacheRule", request.ecr_repository_prefix, request.registry_id
        )
        del self._registry.pull_through_cache_rules[prefix_key(rule.ecr_repository_prefix)]
        return _respond(DeletePullThroughCacheRuleResponse, rule)

    def describe(
        self, request: DescribePullThroughCacheRulesRequest
    ) -> DescribePullThroughCacheRulesResponse:
        """Return the rules of the named prefixes, or all rules, in pages."""
        action = "DescribePullThroughCacheRules"
        self._check_own(action, request.registry_id)
        rules = self._registry.pull_through_cache_rules
        if request.ecr_repository_prefixes:
            rules = {
                prefix_key(prefix): self._rule(action, prefix)
                for prefix in request.ecr_repository_prefixes
            }
        page, next_token = self._pages.cut(
            request, rules.values(), key=lambda rule: prefix_key(rule.ecr_repository_prefix)
        )
        return DescribePullThroughCacheRulesResponse(
            pull_through_cache_rules=page, next_token=next_token
        )

    def validate(
        self, request: ValidatePullThroughCacheRuleRequest
    ) -> ValidatePullThroughCacheRuleResponse:
        """Return that a rule is valid: invalid rules are refused when they are created."""
        rule = self._rule(
            "ValidatePullThroughCacheRule", request.ecr_repository_prefix, request.registry_id
        )
        return _respond(ValidatePullThroughCacheRuleResponse, rule, is_valid=True)

    def _rule(
        self, action: str, prefix: str, registry_id: str | None = None
    ) -> PullThroughCacheRule:
        self._check_own(action, registry_id)
        rule = self._registry.pull_through_cache_rules.get(prefix_key(prefix))
        if rule is None:
            raise refuse(
                PullThroughCacheRuleNotFoundException,
                f"There is no pull through cache rule with prefix '{prefix}' in the registry with "
                f"id '{self._registry.account_id}'",
            )
        return rule

    def _check_own(self, action: str, registry_id: str | None) -> None:
        if registry_id is not None and not self._registry.owns(registry_id):
            raise access_denied(action, registry_id)

    def _check_access(self, rule: PullThroughCacheRule) -> None:
        """Refuse a rule without the credentials that its upstream registry requires."""
        upstream = _find_upstream(rule.upstream_registry_url)
        if upstream is _ECR:
            self._check_role_access(rule)
            return
        if rule.custom_role_arn is not None:
            raise invalid_parameter(
                "customRoleArn", "must only be given for an upstream registry of Amazon ECR"
            )
        if rule.credential_arn is not None:
            self._check_secret(rule.credential_arn)
        elif upstream.needs_secret:
            raise refuse(
                UnsupportedUpstreamRegistryException,
                "The specified upstream registry requires authentication: specify the ARN of a "
                "Secrets Manager secret",
            )

    def _check_role_access(self, rule: PullThroughCacheRule) -> None:
        if rule.credential_arn is not None:
            raise invalid_parameter(
                "credentialArn",
                "must not be given for an upstream registry of Amazon ECR, which requires a role",
            )
        if rule.custom_role_arn is not None:
            check_role(self._registry, rule.custom_role_arn)
        elif not rule.upstream_registry_url.startswith(f"{self._registry.account_id}."):
            raise invalid_parameter(
                "customRoleArn", "must be given for an upstream registry of another account"
            )

    def _check_secret(self, arn: str) -> None:
        """Refuse a secret of another account or Region ("Creating a pull through cache rule")."""
        parts = arn.split(":")
        if parts[_ARN_REGION] != self._registry.region:
            raise refuse(
                SecretNotFoundException, f"There is no secret {arn} in {self._registry.region}"
            )
        if parts[_ARN_ACCOUNT] != self._registry.account_id:
            raise refuse(
                UnableToAccessSecretException,
                f"The secret {arn} is not in the account {self._registry.account_id}",
            )


def _find_upstream(url: str) -> _Upstream:
    for upstream in _UPSTREAMS:
        if re.fullmatch(upstream.url, url):
            return upstream
    raise refuse(
        UnsupportedUpstreamRegistryException,
        f"The upstream registry URL {url} is invalid: specify one of a supported registry",
    )


def _respond(response: type[ResponseT], rule: PullThroughCacheRule, **more: object) -> ResponseT:
    """Return a response with the members of the rule that its model has."""
    members = rule.model_dump(include=set(response.model_fields), exclude_none=True)
    return response.model_validate(members | more)

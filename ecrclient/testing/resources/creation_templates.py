"""Repository creation templates: the settings of repositories that ECR creates."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ecrclient.errors import (
    InvalidTagParameterException,
    TemplateAlreadyExistsException,
    TemplateNotFoundException,
    TooManyTagsException,
)
from ecrclient.models import (
    CreateRepositoryCreationTemplateRequest,
    CreateRepositoryCreationTemplateResponse,
    DeleteRepositoryCreationTemplateRequest,
    DeleteRepositoryCreationTemplateResponse,
    DescribeRepositoryCreationTemplatesRequest,
    DescribeRepositoryCreationTemplatesResponse,
    EncryptionConfigurationForRepositoryCreationTemplate,
    RepositoryCreationTemplate,
    UpdateRepositoryCreationTemplateRequest,
    UpdateRepositoryCreationTemplateResponse,
)
from ecrclient.operations import (
    CREATE_REPOSITORY_CREATION_TEMPLATE,
    DELETE_REPOSITORY_CREATION_TEMPLATE,
    DESCRIBE_REPOSITORY_CREATION_TEMPLATES,
    UPDATE_REPOSITORY_CREATION_TEMPLATE,
)

from ..errors import invalid_parameter, refuse
from .encryption import check_encryption
from .mutability import check_mutability
from .policies import check_lifecycle_policy
from .policy_documents import check_repository_policy
from .prefixes import prefix_key
from .roles import check_role
from .tags import merge_tags

if TYPE_CHECKING:
    from ..dispatch import Handlers
    from ..store import Registry
    from .pages import Pages

__all__ = ["CreationTemplates"]

_Settings: TypeAlias = (
    "CreateRepositoryCreationTemplateRequest | UpdateRepositoryCreationTemplateRequest"
)


class CreationTemplates:
    """Create-, Update-, Delete- and DescribeRepositoryCreationTemplates."""

    def __init__(self, registry: Registry, pages: Pages) -> None:
        self._registry = registry
        self._pages = pages

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(CREATE_REPOSITORY_CREATION_TEMPLATE, self.create)
        handlers.on(UPDATE_REPOSITORY_CREATION_TEMPLATE, self.update)
        handlers.on(DELETE_REPOSITORY_CREATION_TEMPLATE, self.delete)
        handlers.on(DESCRIBE_REPOSITORY_CREATION_TEMPLATES, self.describe)

    def create(
        self, request: CreateRepositoryCreationTemplateRequest
    ) -> CreateRepositoryCreationTemplateResponse:
        """Create a template; settings that it does not name have the default of any repository."""
        registry, prefix = self._registry, request.prefix
        if prefix_key(prefix) in registry.creation_templates:
            raise refuse(
                TemplateAlreadyExistsException,
                f"A repository creation template with prefix '{prefix}' already exists in the "
                f"registry with id '{registry.account_id}'",
            )
        now = registry.clock()
        defaults = RepositoryCreationTemplate(
            prefix=prefix,
            image_tag_mutability="MUTABLE",
            encryption_configuration=EncryptionConfigurationForRepositoryCreationTemplate(
                encryption_type="AES256"
            ),
            created_at=now,
            updated_at=now,
        )
        return CreateRepositoryCreationTemplateResponse(
            registry_id=registry.account_id,
            repository_creation_template=self._put(defaults, request),
        )

    def update(
        self, request: UpdateRepositoryCreationTemplateRequest
    ) -> UpdateRepositoryCreationTemplateResponse:
        """Change the settings that the request names; the others stay as they are."""
        return UpdateRepositoryCreationTemplateResponse(
            registry_id=self._registry.account_id,
            repository_creation_template=self._put(self._template(request.prefix), request),
        )

    def delete(
        self, request: DeleteRepositoryCreationTemplateRequest
    ) -> DeleteRepositoryCreationTemplateResponse:
        """Delete a template; the repositories created from it stay as they are."""
        template = self._template(request.prefix)
        del self._registry.creation_templates[prefix_key(request.prefix)]
        return DeleteRepositoryCreationTemplateResponse(
            registry_id=self._registry.account_id, repository_creation_template=template
        )

    def describe(
        self, request: DescribeRepositoryCreationTemplatesRequest
    ) -> DescribeRepositoryCreationTemplatesResponse:
        """Return the templates in pages; if prefixes are given, those of them that exist."""
        wanted = {prefix_key(prefix) for prefix in request.prefixes or ()}
        found = [
            template
            for key, template in self._registry.creation_templates.items()
            if not wanted or key in wanted
        ]
        page, next_token = self._pages.cut(request, found, key=lambda one: prefix_key(one.prefix))
        return DescribeRepositoryCreationTemplatesResponse(
            registry_id=self._registry.account_id,
            repository_creation_templates=page,
            next_token=next_token,
        )

    def _template(self, prefix: str) -> RepositoryCreationTemplate:
        template = self._registry.creation_templates.get(prefix_key(prefix))
        if template is None:
            raise refuse(
                TemplateNotFoundException,
                f"There is no repository creation template with prefix '{prefix}' in the registry "
                f"with id '{self._registry.account_id}'",
            )
        return template

    def _put(
        self, template: RepositoryCreationTemplate, request: _Settings
    ) -> RepositoryCreationTemplate:
        """Store the template with the settings that the request names."""
        changes: dict[str, object] = {"updated_at": self._registry.clock()}
        if request.image_tag_mutability is not None:
            # The filters belong to the setting: another setting would change their meaning.
            changes["image_tag_mutability_exclusion_filters"] = []
        for name in request.model_fields_set - {"prefix"}:
            value: object = getattr(request, name)
            # The model allows empty texts, which are not policies.
            changes[name] = None if value == "" else value
        changed = template.model_copy(update=changes)
        self._check(changed)
        self._registry.creation_templates[prefix_key(template.prefix)] = changed
        return changed

    def _check(self, template: RepositoryCreationTemplate) -> None:
        """Refuse settings that a repository cannot have."""
        check_mutability(
            template.image_tag_mutability or "MUTABLE",
            template.image_tag_mutability_exclusion_filters,
        )
        encryption = template.encryption_configuration
        if encryption is not None:
            check_encryption(self._registry, encryption.encryption_type, encryption.kms_key)
        if template.repository_policy is not None:
            check_repository_policy(template.repository_policy, "repositoryPolicy")
        if template.lifecycle_policy is not None:
            check_lifecycle_policy(template.lifecycle_policy, "lifecyclePolicy")
        if template.custom_role_arn is not None:
            check_role(self._registry, template.custom_role_arn)
        try:
            merge_tags({}, template.resource_tags)
        except (InvalidTagParameterException, TooManyTagsException) as error:
            # The operations on templates do not model the errors of the operations on tags.
            raise invalid_parameter("resourceTags", error.message) from None

"""Creation of a repository on push, from a repository creation template.

A template can be for three scenarios. This is the only one supported here: nothing is replicated
into this registry, and nothing is pulled through it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecrclient.errors import RepositoryNotFoundException

from ..errors import refuse
from ..store import RepositoryRecord
from .encryption import encryption_of
from .prefixes import ROOT, covers
from .tags import merge_tags

if TYPE_CHECKING:
    from ecrclient.models import RepositoryCreationTemplate

    from ..store import Registry

__all__ = ["repository_for_push"]

_SCENARIO = "CREATE_ON_PUSH"
_NO_KEY = "AES256"


def repository_for_push(
    registry: Registry, name: str, registry_id: str | None = None
) -> RepositoryRecord:
    """Return the repository to push to, created from a template if it does not exist.

    Raises:
        RepositoryNotFoundException: It does not exist and cannot be created.
    """
    template = _find_template(registry, name)
    if not registry.owns(registry_id) or name in registry.repositories or template is None:
        return registry.repository(name, registry_id)
    return _create(registry, name, template)


def _find_template(registry: Registry, name: str) -> RepositoryCreationTemplate | None:
    """Return the template with the longest prefix of *name*; ROOT is a prefix of every name."""
    matching = {
        prefix: template
        for prefix, template in registry.creation_templates.items()
        if _SCENARIO in template.applied_for and covers(prefix, name)
    }
    longest = max(matching, key=lambda prefix: 0 if prefix == ROOT else len(prefix), default=None)
    return None if longest is None else matching[longest]


def _create(
    registry: Registry, name: str, template: RepositoryCreationTemplate
) -> RepositoryRecord:
    encryption = template.encryption_configuration
    encryption_type = encryption.encryption_type if encryption else _NO_KEY
    # "Creating a repository creation template in Amazon ECR": tags and KMS keys require a role.
    if template.custom_role_arn is None and (template.resource_tags or encryption_type != _NO_KEY):
        raise refuse(
            RepositoryNotFoundException,
            f"The repository with name '{name}' does not exist in the registry with id "
            f"'{registry.account_id}', and cannot be created from the template with prefix "
            f"'{template.prefix}': resource tags and KMS encryption need a customRoleArn",
        )
    record = RepositoryRecord(
        name=name,
        created_at=registry.clock(),
        mutability=template.image_tag_mutability or "MUTABLE",
        exclusion_filters=tuple(template.image_tag_mutability_exclusion_filters),
        scan_on_push=False,
        encryption=encryption_of(
            registry, encryption_type, encryption.kms_key if encryption else None
        ),
        resource_tags=merge_tags({}, template.resource_tags),
        policy_text=template.repository_policy,
        lifecycle_policy_text=template.lifecycle_policy,
    )
    registry.repositories[name] = record
    return record

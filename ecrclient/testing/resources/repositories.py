"""Repositories and their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ecrclient.errors import RepositoryAlreadyExistsException, RepositoryNotEmptyException
from ecrclient.models import (
    CreateRepositoryRequest,
    CreateRepositoryResponse,
    DeleteRepositoryRequest,
    DeleteRepositoryResponse,
    DescribeRepositoriesRequest,
    DescribeRepositoriesResponse,
    ImageScanningConfiguration,
    PutImageScanningConfigurationRequest,
    PutImageScanningConfigurationResponse,
    PutImageTagMutabilityRequest,
    PutImageTagMutabilityResponse,
    Repository,
)
from ecrclient.operations import (
    CREATE_REPOSITORY,
    DELETE_REPOSITORY,
    DESCRIBE_REPOSITORIES,
    PUT_IMAGE_SCANNING_CONFIGURATION,
    PUT_IMAGE_TAG_MUTABILITY,
)

from ..errors import access_denied, invalid_parameter, refuse
from ..store import RepositoryRecord
from .backfill_states import fail_repository
from .encryption import encryption_of
from .mutability import check_mutability
from .pages import refuse_paging
from .tags import merge_tags
from .unused_layers import remove_repository

if TYPE_CHECKING:
    from ..dispatch import Handlers
    from ..store import Registry
    from .pages import Pages

__all__ = ["Repositories"]

DescribedT = TypeVar("DescribedT", Repository, PutImageTagMutabilityResponse)

_SAME_ACCOUNT = "must be the ID of the caller's own account"


class Repositories:
    """CreateRepository, DescribeRepositories, DeleteRepository, and a repository's settings."""

    def __init__(self, registry: Registry, pages: Pages) -> None:
        self._registry = registry
        self._pages = pages

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(CREATE_REPOSITORY, self.create)
        handlers.on(DESCRIBE_REPOSITORIES, self.describe)
        handlers.on(DELETE_REPOSITORY, self.delete)
        handlers.on(PUT_IMAGE_TAG_MUTABILITY, self.put_tag_mutability)
        handlers.on(PUT_IMAGE_SCANNING_CONFIGURATION, self.put_scanning)

    def create(self, request: CreateRepositoryRequest) -> CreateRepositoryResponse:
        """Create an empty repository."""
        registry, name = self._registry, request.repository_name
        if not registry.owns(request.registry_id):
            raise invalid_parameter("registryId", _SAME_ACCOUNT)
        filters = request.image_tag_mutability_exclusion_filters
        mutability = request.image_tag_mutability or "MUTABLE"
        check_mutability(mutability, filters)
        resource_tags = merge_tags({}, request.tags or ())
        if name in registry.repositories:
            raise refuse(
                RepositoryAlreadyExistsException,
                f"The repository with name '{name}' already exists in the registry with id "
                f"'{registry.account_id}'",
            )
        scanning = request.image_scanning_configuration
        encryption = request.encryption_configuration
        record = RepositoryRecord(
            name=name,
            created_at=registry.clock(),
            mutability=mutability,
            exclusion_filters=tuple(filters or ()),
            scan_on_push=_scan_on_push(scanning),
            encryption=encryption_of(
                registry,
                encryption.encryption_type if encryption else None,
                encryption.kms_key if encryption else None,
            ),
            resource_tags=resource_tags,
        )
        registry.repositories[name] = record
        return CreateRepositoryResponse(repository=self._describe(record))

    def describe(self, request: DescribeRepositoriesRequest) -> DescribeRepositoriesResponse:
        """Return the named repositories, or all repositories in pages."""
        registry = self._registry
        if request.repository_names:
            refuse_paging(request, "repositoryNames")
            found = [
                registry.repository(name, request.registry_id)
                for name in dict.fromkeys(request.repository_names)
            ]
            return DescribeRepositoriesResponse(repositories=list(map(self._describe, found)))
        if not registry.owns(request.registry_id):
            raise access_denied("DescribeRepositories", request.registry_id)
        page, next_token = self._pages.cut(
            request, registry.repositories.values(), key=lambda record: record.name
        )
        return DescribeRepositoriesResponse(
            repositories=list(map(self._describe, page)), next_token=next_token
        )

    def delete(self, request: DeleteRepositoryRequest) -> DeleteRepositoryResponse:
        """Delete a repository; one with images requires ``force``."""
        registry = self._registry
        record = registry.repository(request.repository_name, request.registry_id)
        if record.images and not request.force:
            raise refuse(
                RepositoryNotEmptyException,
                f"The repository with name '{record.name}' in registry with id "
                f"'{registry.account_id}' cannot be deleted because it still contains images",
            )
        remove_repository(registry, record)
        fail_repository(registry, record.name)
        return DeleteRepositoryResponse(repository=self._describe(record))

    def put_tag_mutability(
        self, request: PutImageTagMutabilityRequest
    ) -> PutImageTagMutabilityResponse:
        """Set which tags may be moved."""
        record = self._registry.repository(request.repository_name, request.registry_id)
        filters = request.image_tag_mutability_exclusion_filters
        check_mutability(request.image_tag_mutability, filters)
        record.mutability = request.image_tag_mutability
        record.exclusion_filters = tuple(filters or ())
        response = PutImageTagMutabilityResponse(
            registry_id=self._registry.account_id,
            repository_name=record.name,
            image_tag_mutability=record.mutability,
        )
        return _with_filters(response, record)

    def put_scanning(
        self, request: PutImageScanningConfigurationRequest
    ) -> PutImageScanningConfigurationResponse:
        """Set whether images are scanned on push."""
        record = self._registry.repository(request.repository_name, request.registry_id)
        record.scan_on_push = _scan_on_push(request.image_scanning_configuration)
        return PutImageScanningConfigurationResponse(
            registry_id=self._registry.account_id,
            repository_name=record.name,
            image_scanning_configuration=ImageScanningConfiguration(
                scan_on_push=record.scan_on_push
            ),
        )

    def _describe(self, record: RepositoryRecord) -> Repository:
        registry = self._registry
        described = Repository(
            repository_arn=registry.arn(record.name),
            registry_id=registry.account_id,
            repository_name=record.name,
            repository_uri=f"{registry.endpoint().partition('://')[2]}/{record.name}",
            created_at=record.created_at,
            image_tag_mutability=record.mutability,
            image_scanning_configuration=ImageScanningConfiguration(
                scan_on_push=record.scan_on_push
            ),
            encryption_configuration=record.encryption,
        )
        return _with_filters(described, record)


def _scan_on_push(configuration: ImageScanningConfiguration | None) -> bool:
    return bool(configuration and configuration.scan_on_push)


def _with_filters(model: DescribedT, record: RepositoryRecord) -> DescribedT:
    """Return the model with the exclusion filters; ECR omits the member if there are none."""
    filters = list(record.exclusion_filters)
    if not filters:
        return model
    return model.model_copy(update={"image_tag_mutability_exclusion_filters": filters})

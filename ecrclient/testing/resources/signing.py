"""Managed signing: which images are signed on push, and the status of their signing.

There is no AWS Signer here. A signing is complete after a certain time by the clock; the signature,
which ECR stores as a separate image, is not created.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ecrclient._wildcards import matches
from ecrclient.errors import SigningConfigurationNotFoundException
from ecrclient.models import (
    DeleteSigningConfigurationRequest,
    DeleteSigningConfigurationResponse,
    DescribeImageSigningStatusRequest,
    DescribeImageSigningStatusResponse,
    GetSigningConfigurationRequest,
    GetSigningConfigurationResponse,
    ImageSigningStatus,
    PutSigningConfigurationRequest,
    PutSigningConfigurationResponse,
)
from ecrclient.operations import (
    DELETE_SIGNING_CONFIGURATION,
    DESCRIBE_IMAGE_SIGNING_STATUS,
    GET_SIGNING_CONFIGURATION,
    PUT_SIGNING_CONFIGURATION,
)

from ..errors import refuse
from .image_ids import identify, named_image

if TYPE_CHECKING:
    from ecrclient.models import SigningConfiguration, SigningRule

    from ..dispatch import Handlers
    from ..store import Registry

__all__ = ["Signing", "signing_profiles"]

_DURATION = timedelta(seconds=5)


def signing_profiles(registry: Registry, repository_name: str) -> list[str]:
    """Return the ARNs of the profiles that sign an image pushed now, without duplicates."""
    rules = registry.signing.rules if registry.signing else ()
    profiles = [rule.signing_profile_arn for rule in rules if _covers(rule, repository_name)]
    return list(dict.fromkeys(profiles))


class Signing:
    """Put-, Get- and DeleteSigningConfiguration, DescribeImageSigningStatus."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def register(self, handlers: Handlers) -> None:
        """Register the handlers of this resource's operations."""
        handlers.on(PUT_SIGNING_CONFIGURATION, self.put)
        handlers.on(GET_SIGNING_CONFIGURATION, self.get)
        handlers.on(DELETE_SIGNING_CONFIGURATION, self.delete)
        handlers.on(DESCRIBE_IMAGE_SIGNING_STATUS, self.describe_status)

    def put(self, request: PutSigningConfigurationRequest) -> PutSigningConfigurationResponse:
        """Set the signing configuration, which applies to later pushes."""
        self._registry.signing = request.signing_configuration
        return PutSigningConfigurationResponse(signing_configuration=request.signing_configuration)

    def get(self, _: GetSigningConfigurationRequest) -> GetSigningConfigurationResponse:
        """Return the signing configuration."""
        return GetSigningConfigurationResponse(
            registry_id=self._registry.account_id, signing_configuration=self._configuration()
        )

    def delete(self, _: DeleteSigningConfigurationRequest) -> DeleteSigningConfigurationResponse:
        """Delete the signing configuration; images that are signed stay signed."""
        configuration, self._registry.signing = self._configuration(), None
        return DeleteSigningConfigurationResponse(
            registry_id=self._registry.account_id, signing_configuration=configuration
        )

    def describe_status(
        self, request: DescribeImageSigningStatusRequest
    ) -> DescribeImageSigningStatusResponse:
        """Return the status of the signing of an image, for each profile that signs it."""
        registry = self._registry
        repository = registry.repository(request.repository_name, request.registry_id)
        image = named_image(registry, repository, request.image_id)
        is_done = registry.clock() - image.pushed_at >= _DURATION
        return DescribeImageSigningStatusResponse(
            registry_id=registry.account_id,
            repository_name=repository.name,
            image_id=identify(image.digest, request.image_id.image_tag),
            signing_statuses=[
                ImageSigningStatus(
                    signing_profile_arn=profile, status="COMPLETE" if is_done else "IN_PROGRESS"
                )
                for profile in image.signing_profiles
            ],
        )

    def _configuration(self) -> SigningConfiguration:
        if self._registry.signing is None:
            raise refuse(
                SigningConfigurationNotFoundException,
                "Signing configuration does not exist in the registry with id "
                f"'{self._registry.account_id}'",
            )
        return self._registry.signing


def _covers(rule: SigningRule, repository_name: str) -> bool:
    """Whether the rule applies to the repository; one without filters applies to all."""
    filters = rule.repository_filters
    return not filters or any(matches(one.filter, repository_name) for one in filters)

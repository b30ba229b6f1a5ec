"""Managed signing: which images are signed when they are pushed, and how far that is.

There is no AWS Signer here. A signing takes a while by the clock and then is complete; the
signature itself, which ECR stores as an image of its own, is not made.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

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
from .wildcards import matches

if TYPE_CHECKING:
    from ecrclient.models import SigningConfiguration, SigningRule

    from ..dispatch import Handlers
    from ..store import Registry

__all__ = ["Signing", "signing_profiles"]

_TAKES = timedelta(seconds=5)


def signing_profiles(registry: Registry, repository_name: str) -> list[str]:
    """The ARNs of the profiles that an image is signed with if it is pushed now, each once."""
    rules = registry.signing.rules if registry.signing else ()
    profiles = [rule.signing_profile_arn for rule in rules if _covers(rule, repository_name)]
    return list(dict.fromkeys(profiles))


class Signing:
    """Put-, Get- and DeleteSigningConfiguration, DescribeImageSigningStatus."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def register(self, handlers: Handlers) -> None:
        """Answer this resource's operations."""
        handlers.on(PUT_SIGNING_CONFIGURATION, self.put)
        handlers.on(GET_SIGNING_CONFIGURATION, self.get)
        handlers.on(DELETE_SIGNING_CONFIGURATION, self.delete)
        handlers.on(DESCRIBE_IMAGE_SIGNING_STATUS, self.describe_status)

    def put(self, request: PutSigningConfigurationRequest) -> PutSigningConfigurationResponse:
        """Set which images are signed from now on."""
        self._registry.signing = request.signing_configuration
        return PutSigningConfigurationResponse(signing_configuration=request.signing_configuration)

    def get(self, _: GetSigningConfigurationRequest) -> GetSigningConfigurationResponse:
        """Tell which images are signed."""
        return GetSigningConfigurationResponse(
            registry_id=self._registry.account_id, signing_configuration=self._configuration()
        )

    def delete(self, _: DeleteSigningConfigurationRequest) -> DeleteSigningConfigurationResponse:
        """Sign no more images; those that are signed stay so."""
        configuration, self._registry.signing = self._configuration(), None
        return DeleteSigningConfigurationResponse(
            registry_id=self._registry.account_id, signing_configuration=configuration
        )

    def describe_status(
        self, request: DescribeImageSigningStatusRequest
    ) -> DescribeImageSigningStatusResponse:
        """How far the signing of an image is, for each profile that signs it."""
        registry = self._registry
        repository = registry.repository(request.repository_name, request.registry_id)
        image = named_image(registry, repository, request.image_id)
        is_done = registry.clock() - image.pushed_at >= _TAKES
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
    """A rule without filters is for all repositories."""
    filters = rule.repository_filters
    return not filters or any(matches(one.filter, repository_name) for one in filters)

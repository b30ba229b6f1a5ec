"""Checks of a saved state beyond the types of its members.

A file may be written by hand or changed after it was saved. A state that would cause an error
during a request is refused when it is loaded.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, cast

from ecrclient._awsjson.protocol.service_error import ServiceError
from ecrclient._awsjson.protocol.shapes import Structure

from .resources.manifests import read_manifest
from .resources.policies import check_lifecycle_policy
from .resources.policy_documents import check_registry_policy, check_repository_policy
from .resources.prefixes import prefix_key

if TYPE_CHECKING:
    from ecrclient.models import RepositoryCreationTemplate

    from .store import ImageRecord, Registry, RepositoryRecord

__all__ = ["StateError", "check_state"]


class StateError(ValueError):
    """A saved state cannot be read; the message names the position in the state."""


def check_state(registry: Registry) -> None:
    """Refuse a state that is inconsistent or contains a document that ECR would refuse.

    Raises:
        StateError: the state is refused; the message names the position in the state.
    """
    if registry.policy_text is not None:
        with _at("policy_text"):
            check_registry_policy(registry.policy_text)
    for key, template in registry.creation_templates.items():
        _check_template(f"creation_templates.{key}", key, template)
    for name, repository in registry.repositories.items():
        _check_repository(f"repositories.{name}", name, repository)
    for place in _naive_times("", registry):
        raise StateError(f"{place}: must have a timezone")


@contextmanager
def _at(place: str) -> Generator[None]:
    """Turn an error of the service into an error of the state."""
    try:
        yield
    except ServiceError as error:
        raise StateError(f"{place}: {error.message}") from None


def _check_template(place: str, key: str, template: RepositoryCreationTemplate) -> None:
    if prefix_key(template.prefix) != key:
        raise StateError(f"{place}.prefix: is {template.prefix!r}, but its key is {key!r}")
    if template.repository_policy is not None:
        with _at(f"{place}.repository_policy"):
            check_repository_policy(template.repository_policy)
    if template.lifecycle_policy is not None:
        with _at(f"{place}.lifecycle_policy"):
            check_lifecycle_policy(template.lifecycle_policy)


def _check_repository(place: str, name: str, repository: RepositoryRecord) -> None:
    if repository.name != name:
        raise StateError(f"{place}.name: is {repository.name!r}, but its key is {name!r}")
    if repository.policy_text is not None:
        with _at(f"{place}.policy_text"):
            check_repository_policy(repository.policy_text)
    if repository.lifecycle_policy_text is not None:
        with _at(f"{place}.lifecycle_policy_text"):
            check_lifecycle_policy(repository.lifecycle_policy_text)
    if repository.lifecycle_preview is not None:
        with _at(f"{place}.lifecycle_preview.policy_text"):
            check_lifecycle_policy(repository.lifecycle_preview.policy_text)
    for digest, image in repository.images.items():
        _check_image(f"{place}.images.{digest}", digest, image, repository)
    _check_tags(place, repository)


def _check_image(place: str, digest: str, image: ImageRecord, repository: RepositoryRecord) -> None:
    if image.digest != digest:
        raise StateError(f"{place}.digest: is {image.digest!r}, but its key is {digest!r}")
    with _at(f"{place}.manifest"):
        manifest = read_manifest(image.manifest, image.media_type)
    if manifest.digest != digest:
        raise StateError(f"{place}.manifest: has the digest {manifest.digest}, not {digest}")
    facts = {
        "references": manifest.references,
        "layers": frozenset(manifest.blobs),
        "subject": manifest.subject,
        "artifact_media_type": manifest.artifact_media_type,
    }
    for member, value in facts.items():
        if getattr(image, member) != value:
            raise StateError(f"{place}.{member}: does not match the manifest")
    for member, present in (("references", repository.images), ("layers", repository.layers)):
        missing = sorted(cast("frozenset[str]", facts[member]).difference(present))
        if missing:
            raise StateError(f"{place}.{member}: {missing[0]} is not in the repository")


def _check_tags(place: str, repository: RepositoryRecord) -> None:
    """Compare the tags of the images with the repository's mapping from tags to digests."""
    pointing = {tag: digest for digest, image in repository.images.items() for tag in image.tags}
    for tag in repository.tags.keys() | pointing.keys():
        if repository.tags.get(tag) != pointing.get(tag):
            raise StateError(f"{place}.tags.{tag}: does not match the tags of the images")


def _naive_times(place: str, value: object) -> Iterator[str]:
    """Yield the positions of times without a timezone, which cannot be compared with the clock."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            yield place
        return
    if isinstance(value, Structure):
        members: Mapping[object, object] = {
            name: getattr(value, name) for name in value.model_fields_set
        }
    elif dataclasses.is_dataclass(value):
        members = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    elif isinstance(value, dict):
        members = cast("dict[object, object]", value)
    elif isinstance(value, list | tuple):
        members = dict(enumerate(cast("list[object]", value)))
    else:
        return
    for name, member in members.items():
        yield from _naive_times(f"{place}.{name}" if place else str(name), member)

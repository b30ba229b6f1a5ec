"""Replication rules: destinations, replications on push, and failures that a test has set.

There are no other registries here: a replication completes or fails after a certain time by the
registry's clock. ECR documents neither that time nor the failure codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from ..background import ReplicationRecord
from ..errors import invalid_parameter

if TYPE_CHECKING:
    from ecrclient.models import ReplicationRule

    from ..store import ImageRecord, Registry, RepositoryRecord

__all__ = ["check_destinations", "destinations_of", "failure_code", "replicate_pushed"]


def check_destinations(registry: Registry, rule: ReplicationRule) -> None:
    """Refuse a rule with an invalid destination.

    "Private image replication in Amazon ECR": a destination is another Region of the partition, or
    another account. ECR's message for an unknown Region and for a duplicate destination is not
    documented.

    Raises:
        InvalidParameterException: A destination is the registry itself, is in an unknown Region, or
            appears twice in the rule.
    """
    seen: set[tuple[str, str]] = set()
    for to in rule.destinations:
        destination = (to.region, to.registry_id)
        if destination == (registry.region, registry.account_id):
            problem = "Replication destination cannot be the same as the source registry"
        elif to.region not in registry.regions:
            problem = (
                f"Replication destination must be in a Region of the partition "
                f"{registry.partition}, not in '{to.region}'"
            )
        elif destination in seen:
            problem = (
                f"Replication destination '{to.registry_id}' in '{to.region}' must be in a rule "
                "only once"
            )
        else:
            seen.add(destination)
            continue
        raise invalid_parameter("replicationConfiguration", problem)


def destinations_of(registry: Registry, repository_name: str) -> list[tuple[str, str]]:
    """Return Region and registry of each destination of a repository, without duplicates."""
    return list(dict.fromkeys(_destinations(registry, repository_name)))


def failure_code(
    registry: Registry,
    repository: RepositoryRecord,
    image: ImageRecord,
    tag: str | None,
    destination: tuple[str, str],
) -> str | None:
    """Return the failure code that a test has set for a replication, or None."""
    region, registry_id = destination
    for failure in registry.script.replication_failures:
        if (
            failure.repository_name in (None, repository.name)
            and failure.image in (None, image.digest, tag)
            and failure.region in (None, region)
            and failure.registry_id in (None, registry_id)
        ):
            return failure.failure_code
    return None


def replicate_pushed(
    registry: Registry, repository: RepositoryRecord, image: ImageRecord, tag: str | None
) -> None:
    """Replicate an image that was just pushed, by the current rules.

    An image that was pushed before a rule existed is not replicated ("Private image replication in
    Amazon ECR"), except by a backfill.
    """
    now = registry.clock()
    for destination in destinations_of(registry, repository.name):
        region, registry_id = destination
        image.replications.append(
            ReplicationRecord(
                region=region,
                registry_id=registry_id,
                started_at=now,
                done_at=now + timedelta(seconds=registry.script.replication_seconds),
                failure_code=failure_code(registry, repository, image, tag, destination),
            )
        )


def _destinations(registry: Registry, repository_name: str) -> Iterator[tuple[str, str]]:
    """Yield the destinations by rule; a rule without filters applies to all repositories."""
    for rule in registry.replication.rules:
        filters = rule.repository_filters
        if not filters or any(repository_name.startswith(one.filter) for one in filters):
            for to in rule.destinations:
                yield to.region, to.registry_id

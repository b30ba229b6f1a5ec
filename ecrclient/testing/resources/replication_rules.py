"""Which images are replicated, where to, and which replications fail because a test says so.

There are no other registries here: a replication takes a while by the clock and then is complete,
or has failed. ECR documents neither how long that takes nor which failure codes there are.
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
    """Refuse a rule with a destination that cannot be one.

    "Private image replication in Amazon ECR": a destination is another Region of the partition, or
    another account. What ECR says of a Region that it does not know, and of a destination that a
    rule has twice, is documented nowhere.

    Raises:
        InvalidParameterException: A destination is the registry itself, is in an unknown Region, or
            is in the rule twice.
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
    """Region and registry of each destination of a repository, each once."""
    return list(dict.fromkeys(_destinations(registry, repository_name)))


def failure_code(
    registry: Registry,
    repository: RepositoryRecord,
    image: ImageRecord,
    tag: str | None,
    destination: tuple[str, str],
) -> str | None:
    """Why the replication of an image would fail; None if it would not."""
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
    """Replicate what was pushed just now, as the rules are now.

    What was pushed before there was a rule is not replicated ("Private image replication in Amazon
    ECR"), except by a backfill.
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
    """A rule without filters is for all repositories."""
    for rule in registry.replication.rules:
        filters = rule.repository_filters
        if not filters or any(repository_name.startswith(one.filter) for one in filters):
            for to in rule.destinations:
                yield to.region, to.registry_id

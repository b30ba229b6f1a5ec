"""Destinations and helpers of the replication tests."""

from __future__ import annotations

from ecrclient import ECRClient
from ecrclient.models import (
    ReplicationConfiguration,
    ReplicationDestination,
    ReplicationRule,
    RepositoryFilter,
)

ACCOUNT, OTHER = "123456789012", "999999999999"
IRELAND = ReplicationDestination(region="eu-west-1", registry_id=ACCOUNT)
REGIONS = (
    *("ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    *("ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3"),
)
"""One more than the number of backfills that can be in progress."""
OHIO = ReplicationDestination(region="us-east-2", registry_id=OTHER)


async def replicate(
    client: ECRClient, *destinations: ReplicationDestination, prefixes: tuple[str, ...] = ()
) -> None:
    """Configure replication to the destinations."""
    rule = ReplicationRule(destinations=[*destinations])
    if prefixes:
        filters = [RepositoryFilter(filter=one, filter_type="PREFIX_MATCH") for one in prefixes]
        rule = rule.model_copy(update={"repository_filters": filters})
    await client.put_replication_configuration(
        replication_configuration=ReplicationConfiguration(rules=[rule])
    )


async def statuses(
    client: ECRClient, repository: str, tag: str = "v1"
) -> dict[str, tuple[str, str | None]]:
    """Return the status and failure code by Region."""
    response = await client.describe_image_replication_status(
        repository_name=repository, image_id={"image_tag": tag}
    )
    return {one.region: (one.status, one.failure_code) for one in response.replication_statuses}

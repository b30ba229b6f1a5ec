"""AWS partitions, for the generated endpoint rules.

Source: the ``aws.partition`` function of Smithy's endpoint rules.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ecrclient._awsjson.support.record import Record

__all__ = ["Partition", "find_partition"]


class Partition(Record):
    """A group of regions that share a domain."""

    name: str
    dns_suffix: str
    dual_stack_dns_suffix: str
    implicit_global_region: str
    """The signing region of services that are not regional."""
    supports_fips: bool
    supports_dual_stack: bool
    region_regex: str
    regions: frozenset[str]


def find_partition(partitions: Sequence[Partition], region: str | None) -> Partition | None:
    """Return the partition that lists *region*, else one whose pattern matches, else the first."""
    for partition in partitions:
        if region in partition.regions:
            return partition
    for partition in partitions:
        if region is not None and re.match(partition.region_regex, region):
            return partition
    return partitions[0] if partitions else None

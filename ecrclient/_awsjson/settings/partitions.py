"""What the generated endpoint rules use: AWS's partitions.

Source: the ``aws.partition`` function of Smithy's endpoint rules.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Partition", "find_partition"]


class Partition(NamedTuple):
    """A group of regions with host names of their own."""

    name: str
    dns_suffix: str
    dual_stack_dns_suffix: str
    implicit_global_region: str
    """The region that its services without regions are in."""
    supports_fips: bool
    supports_dual_stack: bool
    region_regex: str
    regions: frozenset[str]


def find_partition(partitions: Sequence[Partition], region: str) -> Partition | None:
    """The partition that lists *region*, else the one whose pattern it has, else the first."""
    for partition in partitions:
        if region in partition.regions:
            return partition
    for partition in partitions:
        if re.match(partition.region_regex, region):
            return partition
    return partitions[0] if partitions else None

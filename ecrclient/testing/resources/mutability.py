"""Whether an image tag may be moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ecrclient._wildcards import matches

from ..errors import invalid_parameter

if TYPE_CHECKING:
    from ecrclient.models import ImageTagMutabilityExclusionFilter

    from ..store import RepositoryRecord

__all__ = ["check_mutability", "is_immutable"]

_WITH_EXCLUSION = "_WITH_EXCLUSION"
_MOST_WILDCARDS = 2
_FILTERS = "imageTagMutabilityExclusionFilters"


def is_immutable(repository: RepositoryRecord, tag: str) -> bool:
    """Whether *tag* cannot be moved to another image.

    The filters name the tags to which the opposite of the repository's setting applies.
    """
    excluded = any(matches(one.filter, tag) for one in repository.exclusion_filters)
    match repository.mutability:
        case "IMMUTABLE":
            return True
        case "IMMUTABLE_WITH_EXCLUSION":
            return not excluded
        case "MUTABLE_WITH_EXCLUSION":
            return excluded
        case _:
            return False


def check_mutability(
    mutability: str, filters: Sequence[ImageTagMutabilityExclusionFilter] | None
) -> None:
    """Refuse filters without a setting that has exclusions, and such a setting without filters.

    Raises:
        InvalidParameterException: The filters do not match the setting, or one is malformed.
    """
    if mutability.endswith(_WITH_EXCLUSION) and not filters:
        raise invalid_parameter(
            _FILTERS,
            "ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as "
            f"{mutability}",
        )
    if filters and not mutability.endswith(_WITH_EXCLUSION):
        raise invalid_parameter(
            _FILTERS, f"must not be given when imageTagMutability is {mutability}"
        )
    for one in filters or ():
        if one.filter.count("*") > _MOST_WILDCARDS:
            raise invalid_parameter(
                "filter", f"must not have more than {_MOST_WILDCARDS} wildcards"
            )

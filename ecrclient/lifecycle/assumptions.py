"""What a preview takes for granted, because AWS does not document it or ECR did not send it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

__all__ = ["ASSUMPTIONS", "Assumption"]

Assumption: TypeAlias = Literal[
    "archived_index",
    "children_later",
    "day_boundary",
    "equal_times",
    "indexes_unknown",
    "protected_counted",
    "protected_listed",
    "pulled_before_push",
    "recorded_pulls",
    "referrers_counted",
    "restored_age",
    "restoring",
    "status_not_sent",
]
"""The code of an assumption; `ASSUMPTIONS` describes them."""

ASSUMPTIONS: Mapping[Assumption, str] = MappingProxyType(
    {
        "archived_index": "An archived index still prevents the expiry of the images that it lists,"
        " but not their archival.",
        "children_later": "An image whose indexes all expire in this evaluation expires in a later"
        " one.",
        "day_boundary": "A day is 24 hours, counted to the second, and an image is older than N"
        " days once more than that has passed; the image is less than a day from the limit.",
        "equal_times": "Of two images with the same time, the one that was listed first counts as"
        " the older one; the limit of the rule falls between them.",
        "indexes_unknown": "No index lists the image; the manifests of some indexes were not read.",
        "protected_counted": "Images that an index protects count as images of the rule.",
        "protected_listed": "An image that an index protects is not in the results of ECR's"
        " preview.",
        "pulled_before_push": "A recorded pull counts although the image was pushed again later.",
        "recorded_pulls": "The image was not pulled since the last pull that ECR recorded, or"
        " never. ECR records pulls with a delay of up to 24 hours, and not those of excluded"
        " principals.",
        "referrers_counted": "Reference artifacts, such as signatures, are selected and counted as"
        " other images are.",
        "restored_age": "The age of an image that was restored from the archive counts from then,"
        " not only its order.",
        "restoring": "A rule does not select an image that is being restored from the archive.",
        "status_not_sent": "An image without a status that was never archived is in the standard"
        " storage class.",
    }
)
"""The description of each assumption."""
